/* model_gc.c -- what collections of the whole heap prove of what is live.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include "model_build.h"

void lr_build_whole_gcs(struct lr_build *build)
{
    struct lr_model_run *run = &build->model->run;
    struct lr_collection_view gc;
    uint64_t bound_ms = 0;

    for (uint64_t cursor = 0; lr_trace_each_collection(build->trace, &cursor, &gc);)
        if (gc.result == LR_COLLECT_DONE && gc.drained_ms && gc.bound_ms > bound_ms)
            bound_ms = gc.bound_ms;
    if (bound_ms)
        run->full_gc_ms = bound_ms;
}
