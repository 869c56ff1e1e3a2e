/* lock.h -- a lock that nobody waits for without end.
 *
 * Stage: RECORD, cold paths.  Context: any thread, inside malloc.  Holders need microseconds, but
 * may be preempted while they hold it, so a taker is patient (patience.h): at most about 0.6 s in
 * all.  Then it gives up and its caller drops and counts the event.  While a lock seems stuck (its
 * holder never came back), takers only try.
 */
#ifndef LEAKRING_LOCK_H
#define LEAKRING_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lr_lock {
    uint32_t held;
    uint32_t stuck; /* the last taker gave up */
};

bool lr_lock_take(struct lr_lock *lock);

static inline void lr_lock_drop(struct lr_lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif
