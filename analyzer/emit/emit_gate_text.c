/* emit_gate_text.c -- the answers of the gate for people: the worst first.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_gate.h"

#include <inttypes.h>

#include "emit_page.h"
#include "units.h"

static const struct {
    const char *word, *heading;
    enum lr_ink ink;
} words[] = {
    [LR_GATE_PASS] = {"pass", "PASS", LR_INK_GREEN},
    [LR_GATE_CANNOT_TELL] = {"cannot tell", "CANNOT TELL", LR_INK_YELLOW},
    [LR_GATE_FAIL] = {"FAIL", "FAIL", LR_INK_RED},
};

static void put_heading(struct lr_page *page, const struct lr_gate_report *report,
                        const char *prefix)
{
    const char *word = words[report->outcome].heading;
    enum lr_ink ink = words[report->outcome].ink;
    char duration[LR_UNIT_SIZE];

    if (report->model)
        lr_page_text(page, 0, 2, ink, "%s%s: %s (%s, pid %" PRIu32 ", %s)", prefix, word,
                     report->path, report->model->run.exe, report->model->run.pid,
                     lr_unit_duration(duration, report->model->run.duration_ms));
    else
        lr_page_text(page, 0, 2, ink, "%s%s: %s", prefix, word, report->path);
}

static void put_answer(struct lr_page *page, const struct lr_gate_result *result)
{
    lr_page_text(page, 2, 4, words[result->outcome].ink, "%s %s: %s", words[result->outcome].word,
                 lr_gate_rule_name(result->rule), result->message);
}

void lr_emit_gate_text(FILE *out, const struct lr_gate_report *report,
                       const struct lr_emit_gate_options *options)
{
    struct lr_page page = {.out = out, .width = options->width, .color = options->color};
    size_t shown = 0, hidden = 0;

    put_heading(&page, report, options->prefix ? options->prefix : "");
    for (int outcome = LR_GATE_FAIL; outcome >= LR_GATE_PASS; outcome--)
        for (size_t i = 0; i < report->count; i++) {
            if ((int)report->items[i].outcome != outcome ||
                (options->brief && outcome == LR_GATE_PASS))
                continue;
            if (options->lines && shown >= options->lines) {
                hidden++;
                continue;
            }
            put_answer(&page, &report->items[i]);
            shown++;
        }
    if (hidden)
        lr_page_text(&page, 2, 4, LR_INK_DIM, "and %zu more: leakring check %s", hidden,
                     report->path);
}
