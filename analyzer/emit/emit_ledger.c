/* emit_ledger.c -- emit_ledger.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_ledger.h"

#include <stdio.h>
#include <string.h>

#include "units.h"

/* What is next to nothing is left out, but what nobody can explain. */
static bool is_shown(const struct lr_model_ledger *ledger, int entry)
{
    uint64_t bytes = ledger->bytes[entry];

    return bytes > 0 && (bytes >= ledger->resident / 200 || entry == LR_LEDGER_UNKNOWN);
}

static void put_entry(struct lr_page *page, const struct lr_model_ledger *ledger, int entry,
                      bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE];
    double share = 100.0 * (double)ledger->bytes[entry] / (double)ledger->resident;

    lr_page_line(page, 2, LR_INK_PLAIN, "%12s %5.1f %%  %s",
                 lr_unit_bytes(bytes, ledger->bytes[entry], raw_bytes), share,
                 lr_ledger_name((enum lr_ledger_entry)entry));
}

static void put_heading(struct lr_page *page, const struct lr_model_ledger *ledger, bool raw_bytes)
{
    char resident[LR_UNIT_SIZE], when[LR_UNIT_SIZE], swapped[LR_UNIT_SIZE], pss[LR_UNIT_SIZE];
    bool shared = ledger->pss != LR_MODEL_UNKNOWN;

    lr_page_blank(page);
    lr_page_text(page, 0, 2, LR_INK_BOLD, "Resident memory: %s after %s%s%s%s%s%s",
                 lr_unit_bytes(resident, ledger->resident, raw_bytes),
                 lr_unit_duration(when, ledger->time_ms), shared ? "; " : "",
                 shared ? lr_unit_bytes(pss, ledger->pss, raw_bytes) : "",
                 shared ? " proportionally (Pss)" : "", ledger->swapped ? "; swapped out: " : "",
                 ledger->swapped ? lr_unit_bytes(swapped, ledger->swapped, raw_bytes) : "");
}

struct sentence {
    char *out;
    size_t length;
    bool raw_bytes;
};

static void put(struct sentence *sentence, const char *before, uint64_t bytes, const char *after)
{
    char text[LR_UNIT_SIZE];
    int length;

    if (bytes == LR_MODEL_UNKNOWN)
        return;
    length = snprintf(sentence->out + sentence->length, LR_ALLOCATOR_SIZE - sentence->length,
                      "%s%s%s", before, lr_unit_bytes(text, bytes, sentence->raw_bytes), after);
    if (length > 0 && (size_t)length < LR_ALLOCATOR_SIZE - sentence->length)
        sentence->length += (size_t)length;
}

/* What isn't live: rounded up, or between blocks in a page, or whole pages that are free. */
static void put_slack(struct sentence *sentence, const struct lr_model_allocator *allocator)
{
    uint64_t slack = lr_allocator_slack(allocator);
    bool split = allocator->active != LR_MODEL_UNKNOWN && allocator->active >= allocator->live &&
                 allocator->active <= allocator->resident;

    put(sentence, "; ", allocator->live, " are live");
    put(sentence, ", so it keeps ", slack, "");
    if (slack == LR_MODEL_UNKNOWN || !split)
        return;
    put(sentence, ": ", allocator->active - allocator->live, " beside the live blocks");
    put(sentence, ", ", allocator->resident - allocator->active, " in free pages and its tables");
}

const char *lr_allocator_text(char *out, const struct lr_model_allocator *allocator, bool raw_bytes)
{
    struct sentence sentence = {.out = out, .raw_bytes = raw_bytes};
    bool committed = allocator->allocated == LR_MODEL_UNKNOWN;
    char when[LR_UNIT_SIZE];

    *out = '\0';
    if (!allocator->name)
        return out;
    sentence.length = (size_t)snprintf(out, LR_ALLOCATOR_SIZE, "%s's own account (after %s):",
                                       allocator->name, lr_unit_duration(when, allocator->time_ms));
    put(&sentence, " ", allocator->allocated, " handed out");
    put(&sentence, ", ", allocator->active, " in pages of these");
    put(&sentence, ", ", allocator->resident, " resident");
    put(&sentence, committed ? " " : ", ", allocator->mapped, committed ? " committed" : " mapped");
    if (allocator->retained > 0)
        put(&sentence, ", ", allocator->retained, " retained as addresses");
    put_slack(&sentence, allocator);
    if (sentence.length < LR_ALLOCATOR_SIZE - 1)
        strcpy(out + sentence.length, ".");
    return out;
}

void lr_emit_ledger(struct lr_page *page, const struct lr_model *model, bool raw_bytes)
{
    const struct lr_model_ledger *ledger = &model->ledger;
    char account[LR_ALLOCATOR_SIZE];

    if (!ledger->known || ledger->resident == 0)
        return;
    put_heading(page, ledger, raw_bytes);
    for (int entry = 0; entry < LR_LEDGER_ENTRIES; entry++)
        if (is_shown(ledger, entry))
            put_entry(page, ledger, entry, raw_bytes);
    if (*lr_allocator_text(account, &model->allocator, raw_bytes))
        lr_page_text(page, 2, 4, LR_INK_PLAIN, "%s", account);
}
