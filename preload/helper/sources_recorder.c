/* sources_recorder.c -- figures of the recorder itself.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 */
#include "sources.h"

#include "file.h"
#include "followed.h"
#include "governor.h"
#include "prim.h"
#include "sampler.h"
#include "trace.h"

static uint64_t lost(void)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < LR_COUNTER_COUNT; i++)
        if (lr_counter_is_loss(i) && i != LR_CNT_live_full_bytes)
            total += __atomic_load_n(&lr_file.counters[i], __ATOMIC_RELAXED);
    return total;
}

bool lr_source_recorder(uint64_t *values)
{
    lr_followed_pair_totals(&values[LR_SERIES_pairs_live], &values[LR_SERIES_pairs_acquired],
                            &values[LR_SERIES_pairs_cleaned]);
    values[LR_SERIES_stacks] = lr_file.section[LR_SEC_STACKS]->used - 1;
    values[LR_SERIES_lost] = lost();
    values[LR_SERIES_interval] = lr_sampler_interval();
    values[LR_SERIES_recording_time] = lr_governor_cost_us();
    values[LR_SERIES_helper_time] = lr_prim_thread_cpu_ns() / 1000;
    return true;
}

bool lr_source_tracer(uint64_t *values)
{
    values[LR_SERIES_tracer_memory] = lr_prim_own_memory();
    return true;
}
