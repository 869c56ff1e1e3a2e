/* intercept.h -- the real functions behind the interposed ones.
 *
 * Stage: INTERCEPT.  Every exported wrapper calls the real function through LR_NEXT(name), which
 * finds it at the first call (before our constructor ran, too) and costs one load afterwards.
 */
#ifndef LEAKRING_INTERCEPT_H
#define LEAKRING_INTERCEPT_H

#include <stddef.h>
#include <stdint.h>

#include "next.h"
#include "record.h"

#define LR_EXPORT __attribute__((visibility("default")))

/* The next definition of `name`, of our wrapper's own type; NULL when there is none.  An optional
 * function that is missing is looked for again at each call. */
#define LR_NEXT(name)                                                                             \
    ({                                                                                            \
        static __typeof__(&name) next_;                                                           \
        __typeof__(&name) function_ = __atomic_load_n(&next_, __ATOMIC_RELAXED);                  \
        if (__builtin_expect(!function_, 0)) {                                                    \
            function_ = (__typeof__(&name))lr_next_symbol(#name);                                 \
            __atomic_store_n(&next_, function_, __ATOMIC_RELAXED);                                \
        }                                                                                         \
        function_;                                                                                \
    })

/* lr_enter() said no: a signal handler's event inside a hook is counted as lost. */
void lr_count_nested(void);

/* Starts the helper thread from inside an allocation that `caller` made, unless it may hold a lock
 * that creating a thread takes: then a later one does. */
void lr_helper_try(uintptr_t caller);
/* Under the guard, after the real call.  Cost: one load while it runs or isn't wanted. */
static inline void lr_helper_if_wanted(uintptr_t caller)
{
    if (__builtin_expect(__atomic_load_n(&lr_record_wants_helper, __ATOMIC_RELAXED), 0))
        lr_helper_try(caller);
}

/* The same from inside a mapping call with that stack, which an allocator may make under its own
 * lock. */
void lr_helper_try_mapped(uintptr_t caller, uint32_t stack);
static inline void lr_helper_if_wanted_mapped(uintptr_t caller, uint32_t stack)
{
    if (__builtin_expect(__atomic_load_n(&lr_record_wants_helper, __ATOMIC_RELAXED), 0))
        lr_helper_try_mapped(caller, stack);
}

/* Kernels without MADV_WIPEONFORK: a handler that disarms a fork's child. */
void lr_disarm_in_children(void);

#endif
