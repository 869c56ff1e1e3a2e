/* emit_short.c -- the report in at most ten plain lines, for a message to somebody.
 *
 * Stage: EMIT.  Context: analyzer only.  Verdict, what to do, the first lines to fix, how complete
 * the recording is, and of what.  Nothing is coloured or wrapped: who reads it has another width.
 */
#include <inttypes.h>

#include "culprit.h"
#include "emit.h"
#include "emit_history.h"
#include "emit_phase.h"
#include "units.h"

enum { CULPRITS = 4, COMMAND = 80 };

struct list {
    struct lr_page page;
    const struct lr_emit_options *options;
    unsigned number;
};

/* Who decided to come there: two places in one function differ by that. */
static const struct lr_model_frame *caller_of(const struct lr_model_path *path)
{
    size_t i = path->count ? lr_culprit_key_end(path) : 0;

    while (i > path->culprit + 1 && !path->frames[i - 1].user)
        i--;
    return i > path->culprit + 1 ? &path->frames[i - 1] : NULL;
}

/* " 1. place (for place)" */
static const char *where(char *out, size_t size, const struct lr_model_path *path, unsigned number)
{
    const struct lr_model_frame *caller = caller_of(path);
    char place[600], by[600];
    int wanted = snprintf(out, size, " %u. %s%s%s%s", number,
                          lr_model_place_text(place, sizeof(place), path),
                          caller ? " (for " : "",
                          caller ? lr_model_frame_text(by, sizeof(by), caller) : "",
                          caller ? ")" : "");

    return lr_text_end_whole(out, size, wanted);
}

static const char *grows(char *out, size_t size, const struct lr_trend *trend, bool raw_bytes)
{
    char rate[LR_UNIT_SIZE];

    *out = '\0';
    if (trend->kind == LR_TREND_GROWING)
        snprintf(out, size, ", growing by %s an hour",
                 lr_unit_bytes(rate, lr_model_round(trend->slope), raw_bytes));
    return out;
}

static void put_pair_site(struct list *list, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site)
{
    bool raw_bytes = list->options->raw_bytes;
    char place[1300], never[LR_UNIT_SIZE], acquired[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE], rate[80];

    if (++list->number > CULPRITS)
        return;
    lr_page_line(&list->page, 0, LR_INK_PLAIN, "%s: %s of %s %s never ended, %s held%s",
                 where(place, sizeof(place), &site->path, list->number),
                 lr_unit_count(never, lr_pair_site_never_ended(site)),
                 lr_unit_count(acquired, site->acquired), pair->name,
                 lr_unit_bytes(bytes, site->bytes_at_creation + site->bytes_later, raw_bytes),
                 grows(rate, sizeof(rate), &site->bytes_trend, raw_bytes));
}

static void put_memory_site(struct list *list, const struct lr_model_memory_site *site)
{
    bool raw_bytes = list->options->raw_bytes;
    char place[1300], bytes[LR_UNIT_SIZE], rate[80];

    if (++list->number > CULPRITS)
        return;
    lr_page_line(&list->page, 0, LR_INK_PLAIN, "%s: %s, %s live%s",
                 where(place, sizeof(place), &site->path, list->number),
                 site->what ? site->what : lr_memory_kind_name(site->kind),
                 lr_unit_bytes(bytes, lr_model_round(site->live_bytes.value), raw_bytes),
                 grows(rate, sizeof(rate), &site->trend, raw_bytes));
}

static void put_culprits(struct list *list, const struct lr_model *model)
{
    const struct lr_emit_choice *choice = &list->options->choice;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == LR_CLASS_LEAK &&
                lr_choice_has_pair_site(choice, &model->pairs[i], &model->pairs[i].sites[s]))
                put_pair_site(list, &model->pairs[i], &model->pairs[i].sites[s]);
    for (size_t i = 0; i < model->site_count; i++)
        if (model->sites[i].leaks && lr_choice_has_memory(choice, &model->sites[i]))
            put_memory_site(list, &model->sites[i]);
    if (list->number > CULPRITS)
        lr_page_line(&list->page, 0, LR_INK_PLAIN, " and %u more places", list->number - CULPRITS);
}

static void put_verdict(struct lr_page *page, const struct lr_model *model, bool raw_bytes)
{
    char text[LR_PROJECTION_SIZE];

    lr_page_line(page, 0, LR_INK_PLAIN, "%s: %s", lr_verdict_heading(model->verdict.kind),
                 model->verdict.summary);
    if (*lr_projection_text(text, &model->projection, raw_bytes))
        lr_page_line(page, 0, LR_INK_PLAIN, "%s", text);
    if (model->verdict.next)
        lr_page_line(page, 0, LR_INK_PLAIN, "Next: %s", model->verdict.next);
}

static const char *recording(const struct lr_model_completeness *complete)
{
    return complete->verdict == LR_BLIND ? "" : complete->exact ? ", exact" : ", sampled";
}

static void put_run(struct lr_page *page, const struct lr_model *model)
{
    const struct lr_model_run *run = &model->run;
    char command[COMMAND + 1], duration[LR_UNIT_SIZE];
    int wanted = snprintf(command, sizeof(command), "%s",
                          run->cmdline[0] ? run->cmdline : run->exe);

    lr_text_end_whole(command, sizeof(command), wanted);
    lr_page_line(page, 0, LR_INK_PLAIN,
                 "Recorded: %s%s; pid %" PRIu32 " on %s for %s (%s): %s%s",
                 lr_completeness_name(model->completeness.verdict), recording(&model->completeness),
                 run->pid, run->host[0] ? run->host : "an unknown host",
                 lr_unit_duration(duration, run->duration_ms), lr_model_ended_name(run->ended),
                 command, wanted > COMMAND ? "..." : "");
}

enum lr_status lr_emit_short(FILE *out, const struct lr_model *model,
                             const struct lr_emit_options *options, struct lr_error *error)
{
    struct list list = {.page = {.out = out}, .options = options};
    enum lr_status status = lr_choice_check(&options->choice, model, error);

    if (status != LR_OK)
        return status;
    put_verdict(&list.page, model, options->raw_bytes);
    lr_emit_phase(&list.page, 0, "Counted: ", model);
    put_culprits(&list, model);
    put_run(&list.page, model);
    return list.page.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
