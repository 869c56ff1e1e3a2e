/* emit_phase.c -- emit_phase.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_phase.h"

#include "units.h"

enum { MARKS_SHOWN = 12 };

/* "mark warm", or what stands for it at an end of the run. */
static const char *mark_or(char *out, size_t size, const char *name, const char *otherwise)
{
    if (name && *name)
        lr_text_end_whole(out, size, snprintf(out, size, "mark %s", name));
    else
        snprintf(out, size, "%s", otherwise);
    return out;
}

const char *lr_phase_text(char *out, const struct lr_model *model)
{
    const struct lr_model_phase *phase = &model->phase;
    char from[80], to[80], begin[LR_UNIT_SIZE], end[LR_UNIT_SIZE];

    *out = '\0';
    if (phase->set)
        snprintf(out, LR_PHASE_SIZE, "only what was acquired between %s (%s) and %s (%s)",
                 mark_or(from, sizeof(from), phase->from, "the start"),
                 lr_unit_duration(begin, phase->from_ms),
                 mark_or(to, sizeof(to), phase->to, "the end"),
                 lr_unit_duration(end, phase->to_ms));
    return out;
}

void lr_emit_phase(struct lr_page *page, unsigned indent, const char *prefix,
                   const struct lr_model *model)
{
    char text[LR_PHASE_SIZE];

    if (*lr_phase_text(text, model))
        lr_page_text(page, indent, indent + 2, LR_INK_PLAIN, "%s%s", prefix, text);
}

void lr_emit_marks(struct lr_page *page, const struct lr_model *model)
{
    size_t count = model->mark_count;

    if (count == 0)
        return;
    lr_page_blank(page);
    lr_page_text(page, 0, 2, LR_INK_BOLD, "Marks");
    for (size_t i = 0; i < count; i++) {
        char when[LR_UNIT_SIZE];

        if (count > MARKS_SHOWN && i == MARKS_SHOWN / 2) {
            lr_page_line(page, 2, LR_INK_DIM, "... %zu more ...", count - MARKS_SHOWN);
            i = count - MARKS_SHOWN / 2;
        }
        lr_page_line(page, 2, LR_INK_PLAIN, "%12s  %s",
                     lr_unit_duration(when, model->marks[i].time_ms), model->marks[i].name);
    }
}
