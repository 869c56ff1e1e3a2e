/* patience.h -- waiting for another thread that needs microseconds, unless it was preempted.
 *
 * Stage: below RECORD.  Context: any thread, inside malloc.  Whoever waits looks a few times at
 * once, then lets others run, then sleeps a millisecond at a time.  In silence (prim.h), where it
 * can do neither, it spins: as long by the clock, for the other thread needs its time all the same.
 *
 *     struct lr_patience patience = {0};
 *     while (!is_over())
 *         if (!lr_patience_wait(&patience, 100))
 *             return false;
 */
#ifndef LEAKRING_PATIENCE_H
#define LEAKRING_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct lr_patience {
    uint32_t tries; /* waits so far */
    uint32_t spins; /* of them, in silence */
    uint64_t begun_ns; /* the first of those */
};

/* So many tries at once come first. */
enum { LR_PATIENCE_FIRST = 64 };

/* Waits a moment.  False, and doesn't: about `milliseconds` were waited in all. */
bool lr_patience_wait(struct lr_patience *patience, unsigned milliseconds);

#endif
