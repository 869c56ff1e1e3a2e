/* pair_call.h -- the pair's call that a thread is inside.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, under the guard.
 *
 * What a thread allocates inside such a call belongs to the pair, and inner pair hooks stand aside
 * (pairs.h).  A program may leave the call without returning from it: by longjmp or an exception
 * out of a callback (zalloc), say.  So whoever asks says from where, and the call is looked for on
 * the stack.
 */
#ifndef LEAKRING_PAIR_CALL_H
#define LEAKRING_PAIR_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "guard.h"
#include "unwind.h"

/* From here on the thread is inside a call made by `caller`; what it allocates belongs to the pair
 * acquired at `stack`. */
void lr_pair_call_begin(const struct lr_regs *caller, uint32_t stack, bool later);

/* It is inside such a call: does that go on, seen from a hook called by `caller`?  If not, the
 * thread is in none any more.  Cost: 5 ns a frame up to that call. */
bool lr_pair_call_goes_on(const struct lr_regs *caller);

static inline bool lr_pair_call_is_inside(const struct lr_regs *caller)
{
    return lr_self.in_pair && lr_pair_call_goes_on(caller);
}

/* The code around the library function that was called last (target.h): it is at work. */
static inline bool lr_pair_call_is_near(const struct lr_regs *caller)
{
    const uintptr_t library = 96 << 10;
    return caller->pc - (lr_self.target - library) < 2 * library;
}

/* The stack that owns what `caller` allocates; 0: nobody's but its own. */
static inline uint32_t lr_pair_call_owner(const struct lr_regs *caller)
{
    if (__builtin_expect(!lr_self.in_pair, 1))
        return 0;
    return lr_pair_call_is_near(caller) || lr_pair_call_goes_on(caller) ? lr_self.pair_stack : 0;
}

#endif
