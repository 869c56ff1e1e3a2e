/* meter.c -- meter.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe; reading: the helper thread.
 */
#include "meter.h"

#include "sampler.h"

enum { KEPT = 256, LONG = 16 };

static bool on;
static uint64_t events;
static double skipped;
static uint32_t times[KEPT]; /* ticks of the last timed events */
static uint32_t time_count;

void lr_meter_switch(bool now)
{
    __atomic_store_n(&on, now, __ATOMIC_RELAXED);
}

/* A thread's first turn comes at a random event of its first 256: a thread that lives for ten
 * events counts none of them or 256, and that is right on average. */
bool lr_meter_turn(void)
{
    bool begun = lr_self.meter == 0;
    if (!__atomic_load_n(&on, __ATOMIC_RELAXED)) {
        lr_self.meter = LR_METER_PERIOD;
        return false;
    }
    lr_self.meter =
        begun ? LR_METER_PERIOD : (uint16_t)(1 + lr_sampler_random() * LR_METER_PERIOD);
    return begun;
}

void lr_meter_add(uint64_t ticks)
{
    uint32_t at = __atomic_fetch_add(&time_count, 1, __ATOMIC_RELAXED) % KEPT;
    __atomic_store_n(&times[at], ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX,
                     __ATOMIC_RELAXED);
    __atomic_fetch_add(&events, LR_METER_PERIOD, __ATOMIC_RELAXED);
}

void lr_meter_skip(double blocks)
{
    double old, now;
    __atomic_load(&skipped, &old, __ATOMIC_RELAXED);
    do
        now = old + blocks;
    while (!__atomic_compare_exchange(&skipped, &old, &now, false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED));
}

/* The mean, with what is longer than sixteen medians counted as that: misses of the caches are our
 * cost, waiting for a processor isn't. */
static double mean(uint32_t *kept, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 1; i < count; i++) { /* insertion: a few microseconds, once a second */
        uint32_t value = kept[i], at = i;
        for (; at > 0 && kept[at - 1] > value; at--)
            kept[at] = kept[at - 1];
        kept[at] = value;
    }
    uint32_t middle = kept[count / 2];
    double limit = (double)middle * LONG;
    for (uint32_t i = 0; i < count; i++)
        sum += kept[i] < limit ? kept[i] : limit;
    return sum / count;
}

struct lr_meter_reading lr_meter_read(void)
{
    uint32_t kept[KEPT], count = __atomic_load_n(&time_count, __ATOMIC_RELAXED);
    struct lr_meter_reading reading = {.events = __atomic_load_n(&events, __ATOMIC_RELAXED)};
    __atomic_load(&skipped, &reading.skipped, __ATOMIC_RELAXED);
    count = count < KEPT ? count : KEPT;
    for (uint32_t i = 0; i < count; i++)
        kept[i] = __atomic_load_n(&times[i], __ATOMIC_RELAXED);
    if (count)
        reading.ticks = mean(kept, count);
    return reading;
}
