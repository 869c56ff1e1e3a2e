/* lock.c -- lock.h. */
#include "lock.h"

#include "patience.h"
#include "prim.h"
#include "threads.h"

enum { WAIT_MS = 500 };

static bool change_hands(struct lr_lock *lock, uint32_t from)
{
    return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == from &&
           __atomic_compare_exchange_n(&lock->holder, &from, lr_thread_id(), false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool try_take(struct lr_lock *lock)
{
    return change_hands(lock, 0);
}

/* The holder died: it was cancelled, or killed as a vfork's child (unless that went by its parent's
 * number, who lives).  Another thread may have its number now; then the lock is free when that one
 * is gone, too. */
static bool take_from_dead(struct lr_lock *lock)
{
    uint32_t holder = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
    if (!holder || holder & LR_THREAD_NAMELESS || lr_prim_is_task((int)holder) ||
        !change_hands(lock, holder))
        return false;
    __atomic_store_n(&lock->forsaken, true, __ATOMIC_RELAXED);
    return true;
}

static bool wait(struct lr_lock *lock)
{
    struct lr_patience patience = {0};
    while (!try_take(lock)) {
        if (patience.tries == LR_PATIENCE_FIRST && take_from_dead(lock))
            return true;
        if ((patience.tries >= LR_PATIENCE_FIRST &&
             __atomic_load_n(&lock->stuck, __ATOMIC_RELAXED)) ||
            !lr_patience_wait(&patience, WAIT_MS))
            return take_from_dead(lock);
    }
    return true;
}

bool lr_lock_take(struct lr_lock *lock)
{
    bool taken = try_take(lock) || wait(lock);
    if (__atomic_load_n(&lock->stuck, __ATOMIC_RELAXED) == taken)
        __atomic_store_n(&lock->stuck, !taken, __ATOMIC_RELAXED);
    return taken;
}
