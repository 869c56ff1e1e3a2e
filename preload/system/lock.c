/* lock.c -- lock.h. */
#include "lock.h"

#include "patience.h"

enum { WAIT_MS = 500 };

static bool try_take(struct lr_lock *lock)
{
    uint32_t free = 0;
    return __atomic_load_n(&lock->held, __ATOMIC_RELAXED) == 0 &&
           __atomic_compare_exchange_n(&lock->held, &free, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static bool wait(struct lr_lock *lock)
{
    struct lr_patience patience = {0};
    while (!try_take(lock))
        if ((patience.tries >= LR_PATIENCE_FIRST &&
             __atomic_load_n(&lock->stuck, __ATOMIC_RELAXED)) ||
            !lr_patience_wait(&patience, WAIT_MS))
            return false;
    return true;
}

bool lr_lock_take(struct lr_lock *lock)
{
    bool taken = try_take(lock) || wait(lock);
    if (__atomic_load_n(&lock->stuck, __ATOMIC_RELAXED) == taken)
        __atomic_store_n(&lock->stuck, !taken, __ATOMIC_RELAXED);
    return taken;
}
