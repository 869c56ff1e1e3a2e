/* load_time.c -- times of the file, which begin anew after 49.7 days (2^32 ms), in 64 bits.
 *
 * Stage: LOAD.  Context: analyzer only.  A point of a ring was never written sooner than a period
 * behind the one before, so its number says how much time had gone by at least; so it does of the
 * last sign of life, before which everything else lies.
 */
#include "load_internal.h"

static const uint64_t WRAP = UINT64_C(1) << 32, HOUR_MS = 3600000, DAY_MS = 86400000;

/* The first time at `least_ms` or later that the file would write so. */
static uint64_t first_from(uint32_t time_ms, uint64_t least_ms)
{
    return time_ms < least_ms ? time_ms + (least_ms - time_ms + WRAP - 1) / WRAP * WRAP : time_ms;
}

/* Less a day, for a clock that isn't exact. */
static uint64_t less_a_day(uint64_t time_ms)
{
    return time_ms > DAY_MS ? time_ms - DAY_MS : 0;
}

uint64_t lr_point_time(uint64_t number, uint64_t period_ms, uint32_t time_ms)
{
    const uint64_t MOST = UINT64_C(1) << 30; /* damaged */

    return first_from(time_ms, less_a_day(number < MOST ? number * period_ms : 0));
}

uint64_t lr_last_sign_of_life(const struct lr_trace *trace)
{
    static const struct {
        enum lr_section_id id;
        uint64_t period_ms;
    } rings[] = {{LR_SEC_SERIES_1S, 1000}, {LR_SEC_SERIES_1M, 60000}};
    uint32_t heartbeat_ms = trace->header.heartbeat_ms;
    uint64_t last = heartbeat_ms;

    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        uint64_t used = trace->parts[rings[i].id].used;
        uint64_t time_ms = used ? lr_point_time(used - 1, rings[i].period_ms, heartbeat_ms) : 0;

        if (time_ms > last)
            last = time_ms;
    }
    return last;
}

uint64_t lr_trace_time(const struct lr_trace *trace, uint32_t time_ms)
{
    uint64_t latest = trace->info.heartbeat_ms + HOUR_MS;

    return time_ms > latest ? time_ms : time_ms + (latest - time_ms) / WRAP * WRAP;
}
