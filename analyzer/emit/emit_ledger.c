/* emit_ledger.c -- emit_ledger.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_ledger.h"

#include <inttypes.h>

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

void lr_emit_ledger(struct lr_page *page, const struct lr_model *model, bool raw_bytes)
{
    const struct lr_model_ledger *ledger = &model->ledger;

    if (!ledger->known || ledger->resident == 0)
        return;
    put_heading(page, ledger, raw_bytes);
    for (int entry = 0; entry < LR_LEDGER_ENTRIES; entry++)
        if (is_shown(ledger, entry))
            put_entry(page, ledger, entry, raw_bytes);
}
