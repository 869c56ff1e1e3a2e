/* meter.h -- what recording costs: every so often an event is timed.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.
 *
 * An event is a block that is recorded or a record that is looked for; not a pair's memory, which
 * is exact whatever it costs.  Each thread times one event of 256, so that a counter shared by all
 * threads is written as seldom.  Times that are far above the others count as less: a thread that
 * had to wait for a processor between its two looks at the clock wasn't at work for us.
 */
#ifndef LEAKRING_METER_H
#define LEAKRING_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "guard.h"

enum { LR_METER_PERIOD = 256 };

struct lr_meter_reading {
    uint64_t events;  /* since start; an estimate, right on average */
    double skipped;   /* blocks that weren't recorded, since start; the sampler's estimate */
    double ticks;     /* of one event, a mean of the last ones; 0: none was timed yet */
};

/* Is this event one to be timed?  About 1 ns. */
bool lr_meter_turn(void);
static inline bool lr_meter_is_due(void)
{
    uint16_t left = lr_self.meter;
    lr_self.meter = (uint16_t)(left - 1);
    return __builtin_expect(left <= 1, 0) && lr_meter_turn();
}
/* It took so many ticks (ticks.h). */
void lr_meter_add(uint64_t ticks);
/* A sampled block stands for so many others. */
void lr_meter_skip(double blocks);

void lr_meter_switch(bool on); /* off at first */
struct lr_meter_reading lr_meter_read(void); /* one thread: the helper */

#endif
