/* model_phase.c -- the marks of a run, and what a report of one of its phases can and can't say.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "model_build.h"
#include "model_parts.h"
#include "units.h"

static bool add_mark(struct lr_model *model, const struct lr_mark_view *mark)
{
    struct lr_model_mark *marks = realloc(model->marks, (model->mark_count + 1) * sizeof(*marks));

    if (!marks)
        return false;
    model->marks = marks;
    marks[model->mark_count++] = (struct lr_model_mark){
        mark->name, lr_mark_source_name(mark->source), mark->time_ms, mark->tid};
    return true;
}

/* What the Cleaner released in the phase, as far as the ring of events goes back. */
static bool count_cleaned(struct lr_build *build)
{
    const struct lr_model_phase *phase = &build->model->phase;
    uint32_t sites = lr_trace_pairsite_entries(build->trace);
    struct lr_event_view event;
    bool first = true;

    build->cleaned = calloc((size_t)sites + 1, sizeof(*build->cleaned));
    for (uint64_t cursor = 0; build->cleaned && lr_trace_each_event(build->trace, &cursor, &event);
         first = false) {
        if (first && event.number > 0 && event.time_ms > phase->from_ms)
            build->cleaned_from_ms = event.time_ms;
        if (event.type == LR_EVENT_CLEANED && event.a < sites &&
            event.time_ms >= phase->from_ms && event.time_ms < phase->to_ms)
            build->cleaned[event.a]++;
    }
    return build->cleaned != NULL;
}

enum lr_status lr_build_phase(struct lr_build *build, struct lr_error *error)
{
    const struct lr_window *window = lr_trace_window(build->trace);
    struct lr_model *model = build->model;
    struct lr_mark_view mark;
    bool memory = true;

    for (uint64_t cursor = 0; memory && lr_trace_each_mark(build->trace, &cursor, &mark);)
        memory = add_mark(model, &mark);
    memory = memory && lr_parts_make(model);
    model->phase = (struct lr_model_phase){.set = window->set, .to_ms = model->run.duration_ms};
    if (memory && window->set) {
        model->phase.from = window->from;
        model->phase.to = window->to;
        model->phase.from_ms = window->from_ms;
        if (window->to[0])
            model->phase.to_ms = window->to_ms;
        memory = count_cleaned(build);
    }
    return memory ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

enum lr_status lr_note_phase(struct lr_build *build, struct lr_error *error)
{
    const struct lr_model_phase *phase = &build->model->phase;
    struct lr_model_texts *notes = &build->model->completeness.notes;
    enum lr_status status = LR_OK;
    char when[LR_UNIT_SIZE];

    if (!phase->set)
        return LR_OK;
    status = lr_texts_add(notes, error,
                          "what is live was acquired in the phase and not released until the end "
                          "of the recording; acquired and ended are of the whole run");
    if (status == LR_OK && build->cleaned_from_ms)
        status = lr_texts_add(notes, error,
                              "what only the Cleaner closed is known from %s on; there may be more",
                              lr_unit_duration(when, build->cleaned_from_ms));
    return status;
}

uint64_t lr_model_span_ms(const struct lr_model *model)
{
    return model->phase.to_ms > model->phase.from_ms ? model->phase.to_ms - model->phase.from_ms
                                                     : 0;
}

uint64_t lr_model_warm_ms(const struct lr_model *model)
{
    const struct lr_model_phase *phase = &model->phase;
    const uint64_t LEAST_MS = 1000;
    uint64_t third_ms = lr_model_span_ms(model) / 3;
    bool marked = phase->set && phase->from && phase->from[0];

    return phase->from_ms + (marked || third_ms < LEAST_MS ? 0 : third_ms);
}
