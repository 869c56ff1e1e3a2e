/* clock.h -- the trace's time base.  Stage: RECORD.  lr_trace_ms() (trace.h) reads it. */
#ifndef LEAKRING_CLOCK_H
#define LEAKRING_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void lr_clock_start(void);     /* now is 0 ms */
uint32_t lr_clock_tick(void);  /* helper thread: look at the clock for everybody; returns ms */
uint32_t lr_clock_beat(void);  /* helper thread: a sign of life only; returns ms */
/* Of two times less than 24 days apart; they wrap after 49.7. */
static inline bool lr_is_later(uint32_t ms, uint32_t than_ms)
{
    return (int32_t)(ms - than_ms) > 0;
}

/* Any thread, not in a hook: makes the clock show a later time than before, for everybody, which
 * takes some milliseconds; what this thread did before was before that time.  Returns it, or 0 when
 * the clock stands still. */
uint32_t lr_clock_step(void);

void lr_clock_stop(void);      /* no helper any more: everybody looks for himself */

#endif
