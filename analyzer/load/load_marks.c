/* load_marks.c -- marks, and the window between two of them that a reader may look through.
 *
 * Stage: LOAD.  Context: analyzer only.
 */
#include "load_internal.h"

bool lr_trace_each_mark(const struct lr_trace *trace, uint64_t *cursor, struct lr_mark_view *out)
{
    struct lr_mark_entry mark;
    if (!lr_part_entry(trace, LR_SEC_MARKS, *cursor, &mark, sizeof(mark)))
        return false;
    ++*cursor;
    *out = (struct lr_mark_view){.name = lr_trace_string(trace, mark.name),
                                 .time_ms = lr_trace_time(trace, mark.time_ms),
                                 .source = mark.source,
                                 .tid = mark.tid};
    return true;
}

const char *lr_mark_source_name(uint32_t source)
{
    static const char *const names[] = {
        [LR_MARK_ASKED] = "asked", [LR_MARK_CALLED] = "called", [LR_MARK_JAVA] = "java"};
    bool known = source < sizeof(names) / sizeof(names[0]) && names[source] != NULL;
    return known ? names[source] : "unknown";
}

void lr_trace_set_window(struct lr_trace *trace, const struct lr_window *window)
{
    trace->window = *window;
}

const struct lr_window *lr_trace_window(const struct lr_trace *trace)
{
    return &trace->window;
}

bool lr_in_window(const struct lr_trace *trace, uint64_t time_ms)
{
    const struct lr_window *window = &trace->window;
    return !window->set || (time_ms >= window->from_ms && time_ms < window->to_ms);
}
