/* emit_choice.c -- emit_choice.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_choice.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "units.h"
#include "words.h"

bool lr_choice_has_pair(const struct lr_emit_choice *choice, const struct lr_model_pair *pair)
{
    const char *last = strrchr(pair->name, '.');

    return !choice->pair || strcasecmp(choice->pair, pair->name) == 0 ||
           (last && strcasecmp(choice->pair, last + 1) == 0);
}

/* Without a wildcard: any part. */
static bool matches(const char *filter, const char *text)
{
    return *text && (strpbrk(filter, "*?[") ? fnmatch(filter, text, 0) == 0
                                            : strstr(text, filter) != NULL);
}

static bool passes(const struct lr_emit_choice *choice, const struct lr_model_path *path)
{
    for (size_t i = 0; choice->filter && i < path->count; i++) {
        const struct lr_model_frame *frame = &path->frames[i];

        if (matches(choice->filter, frame->function) ||
            matches(choice->filter, lr_base_name(frame->file)) ||
            matches(choice->filter, lr_base_name(frame->module)))
            return true;
    }
    return !choice->filter;
}

bool lr_choice_has_pair_site(const struct lr_emit_choice *choice, const struct lr_model_pair *pair,
                             const struct lr_model_pair_site *site)
{
    return lr_choice_has_pair(choice, pair) && passes(choice, &site->path);
}

bool lr_choice_has_memory(const struct lr_emit_choice *choice,
                          const struct lr_model_memory_site *site)
{
    return !choice->pair && passes(choice, &site->path);
}

enum lr_status lr_choice_check(const struct lr_emit_choice *choice, const struct lr_model *model,
                               struct lr_error *error)
{
    char names[400] = "";
    size_t length = 0;

    for (size_t i = 0; i < model->pair_count; i++) {
        if (lr_choice_has_pair(choice, &model->pairs[i]))
            return LR_OK;
        length += (size_t)snprintf(names + length, sizeof(names) - length, "%s%s", i ? ", " : "",
                                   model->pairs[i].name);
        if (length >= sizeof(names))
            break;
    }
    if (!choice->pair)
        return LR_OK;
    lr_fail(error, LR_USAGE, "nothing called %s was acquired in it", choice->pair);
    if (*names)
        lr_hint(error, "there are %s", names);
    return LR_USAGE;
}

struct shown {
    uint64_t findings, all_findings, places, all_places;
    double bytes; /* left out */
};

static void count_place(struct shown *shown, bool is_shown, bool finding, double bytes)
{
    shown->all_places++;
    shown->places += is_shown;
    shown->all_findings += finding;
    shown->findings += finding && is_shown;
    shown->bytes += is_shown ? 0 : bytes;
}

static struct shown count_shown(const struct lr_model *model, const struct lr_emit_choice *choice)
{
    struct shown shown = {0};

    for (size_t i = 0; i < model->pair_count; i++) {
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            count_place(&shown, lr_choice_has_pair_site(choice, &model->pairs[i], site),
                        site->class == LR_CLASS_LEAK,
                        (double)(site->bytes_at_creation + site->bytes_later));
        }
    }
    for (size_t i = 0; i < model->site_count; i++)
        count_place(&shown, lr_choice_has_memory(choice, &model->sites[i]), model->sites[i].leaks,
                    model->sites[i].kind == LR_MEMORY_MMAP ? 0 : model->sites[i].live_bytes.value);
    return shown;
}

void lr_emit_choice(struct lr_page *page, const struct lr_model *model,
                    const struct lr_emit_choice *choice, bool raw_bytes)
{
    struct shown shown = count_shown(model, choice);
    char counts[4][LR_UNIT_SIZE], bytes[LR_UNIT_SIZE];

    if (!choice->pair && !choice->filter)
        return;
    lr_page_text(page, 0, 2, LR_INK_YELLOW,
                 "Shown: places %s%s%s%s%s: %s of %s findings, %s of %s places; those left out "
                 "hold %s of live memory. What is above is said of the whole process.",
                 choice->pair ? "of " : "", choice->pair ? choice->pair : "",
                 !choice->filter ? ""
                 : choice->pair  ? ", with "
                                 : "with ",
                 choice->filter ? choice->filter : "", choice->filter ? " in their stack" : "",
                 lr_unit_count(counts[0], shown.findings),
                 lr_unit_count(counts[1], shown.all_findings),
                 lr_unit_count(counts[2], shown.places),
                 lr_unit_count(counts[3], shown.all_places),
                 lr_unit_bytes(bytes, lr_model_round(shown.bytes), raw_bytes));
}
