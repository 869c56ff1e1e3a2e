/* lock.h -- a lock that nobody waits for without end.
 *
 * Stage: RECORD, cold paths.  Context: any thread, inside malloc.  Holders need microseconds, but
 * may be preempted while they hold it, so a taker is patient (patience.h): at most about 0.6 s in
 * all.  Then it gives up and its caller drops and counts the event.  While a lock seems stuck (its
 * holder never came back), takers only try.
 *
 * A holder never comes back if its thread was cancelled in the midst of it, which whoever waits
 * notices.  So what a lock guards must be sound at every step, or be mended (lr_lock_was_forsaken).
 */
#ifndef LEAKRING_LOCK_H
#define LEAKRING_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lr_lock {
    uint32_t holder; /* thread id; 0: free */
    uint32_t stuck;  /* the last taker gave up */
    uint32_t forsaken; /* a holder left in the midst of its work */
};

bool lr_lock_take(struct lr_lock *lock);

static inline void lr_lock_drop(struct lr_lock *lock)
{
    __atomic_store_n(&lock->holder, 0, __ATOMIC_RELEASE);
}

/* The holder asks: must what the lock guards be mended?  True once each time. */
static inline bool lr_lock_was_forsaken(struct lr_lock *lock)
{
    return __builtin_expect(__atomic_load_n(&lock->forsaken, __ATOMIC_RELAXED), 0) &&
           __atomic_exchange_n(&lock->forsaken, 0, __ATOMIC_RELAXED);
}

#endif
