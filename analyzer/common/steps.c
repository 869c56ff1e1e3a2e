/* steps.c -- steps.h.  Stage: all.  Context: analyzer only. */
#include "steps.h"

#include <stdatomic.h>
#include <stddef.h>

/* What is read together need not fit together: it is for a glance. */
static _Atomic(const char *) current;
static _Atomic uint64_t steps_done, steps_total;

void lr_steps_begin(const char *what, uint64_t total)
{
    atomic_store_explicit(&steps_done, 0, memory_order_relaxed);
    atomic_store_explicit(&steps_total, total, memory_order_relaxed);
    atomic_store_explicit(&current, what, memory_order_relaxed);
}

void lr_steps_advance(void)
{
    uint64_t done = atomic_load_explicit(&steps_done, memory_order_relaxed);

    atomic_store_explicit(&steps_done, done + 1, memory_order_relaxed);
}

struct lr_steps lr_steps_read(void)
{
    return (struct lr_steps){atomic_load_explicit(&current, memory_order_relaxed),
                             atomic_load_explicit(&steps_done, memory_order_relaxed),
                             atomic_load_explicit(&steps_total, memory_order_relaxed)};
}
