/* model_sampling.c -- how densely blocks were sampled, and what that may have missed.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include <stdlib.h>

#include "model_build.h"
#include "units.h"

/* A place of B live bytes is missed with probability exp(-B / interval), however the bytes are
 * divided into blocks: 5 % at three intervals (docs/STATISTICS.md). */
static enum lr_status note_missed(struct lr_build *build, struct lr_error *error)
{
    struct lr_model_completeness *complete = &build->model->completeness;
    char bytes[LR_UNIT_SIZE];

    lr_unit_bytes(bytes, 3 * complete->max_interval, false);
    return lr_texts_add(&complete->notes, error,
                        "blocks were sampled: a place that holds %s or more is missed with less "
                        "than 5%% probability, a smaller one more easily (streams and mappings "
                        "are exact)",
                        bytes);
}

/* A table of changes that is full, or doesn't lead to what the header says, lacks some. */
enum { MOST_CHANGES = 255, LATE_NOTE_MS = 2000 /* a change is written down a moment later */ };

uint64_t lr_late_interval(const struct lr_build *build)
{
    const struct lr_trace_info *info = lr_trace_info(build->trace);
    uint64_t warm_ms = lr_model_warm_ms(build->model), cursor = 0, last = 0, largest = 0, most = 0;
    struct lr_interval_view change;
    size_t count = 0;

    for (; lr_trace_each_interval(build->trace, &cursor, &change); count++) {
        if (count > 0 && change.from != last)
            return info->max_interval;
        if (change.time_ms + LATE_NOTE_MS >= warm_ms)
            most = change.from > most ? change.from : most;
        last = change.to;
        if (change.time_ms + LATE_NOTE_MS >= warm_ms)
            most = last > most ? last : most;
        largest = last > largest ? last : largest;
    }
    if (count > MOST_CHANGES || last != info->interval || largest != info->max_interval)
        return info->max_interval;
    return last > most ? last : most;
}

enum lr_status lr_build_sampling(struct lr_build *build, struct lr_error *error)
{
    const struct lr_trace_info *info = lr_trace_info(build->trace);
    struct lr_model_completeness *complete = &build->model->completeness;
    struct lr_interval_view change;
    uint64_t cursor = 0;
    size_t count = 0;

    complete->exact = (info->compat & LR_COMPAT_EXACT) != 0;
    complete->interval = info->interval;
    complete->max_interval = info->max_interval;
    complete->late_interval = lr_late_interval(build);
    while (lr_trace_each_interval(build->trace, &cursor, &change))
        count++;
    complete->intervals = calloc(count + 1, sizeof(*complete->intervals));
    if (!complete->intervals)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (cursor = 0; lr_trace_each_interval(build->trace, &cursor, &change);)
        complete->intervals[complete->interval_count++] =
            (struct lr_model_interval){.time_ms = change.time_ms,
                                       .from = change.from,
                                       .to = change.to,
                                       .why = lr_interval_why_name(change.why),
                                       .cost_percent = change.cost / 100.0};
    return complete->max_interval ? note_missed(build, error) : LR_OK;
}
