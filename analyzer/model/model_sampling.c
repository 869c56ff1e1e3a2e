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
