/* lock.c -- lock.h. */
#include "lock.h"

#include "prim.h"

enum { SPINS = 64, YIELDS = 64, SLEEPS = 500 };

static bool try_take(struct lr_lock *lock)
{
    uint32_t free = 0;
    return __atomic_load_n(&lock->held, __ATOMIC_RELAXED) == 0 &&
           __atomic_compare_exchange_n(&lock->held, &free, 1, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static bool wait(struct lr_lock *lock)
{
    for (unsigned tries = 0; tries < SPINS + YIELDS + SLEEPS; tries++) {
        if (try_take(lock))
            return true;
        if (tries >= SPINS && __atomic_load_n(&lock->stuck, __ATOMIC_RELAXED))
            return false;
        if (tries >= SPINS + YIELDS)
            lr_prim_sleep_ms(1);
        else if (tries >= SPINS)
            lr_prim_yield();
    }
    return false;
}

bool lr_lock_take(struct lr_lock *lock)
{
    bool taken = try_take(lock) || wait(lock);
    if (__atomic_load_n(&lock->stuck, __ATOMIC_RELAXED) == taken)
        __atomic_store_n(&lock->stuck, !taken, __ATOMIC_RELAXED);
    return taken;
}
