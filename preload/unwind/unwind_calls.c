/* unwind_calls.c -- unwind_calls.h.
 *
 * Stage: STACK.  Context: see unwind_calls.h.
 */
#include "unwind_calls.h"

#include <stddef.h>

#include "next.h"

enum { NEAR = 16, FAR = LR_UNWIND_MAX };

static bool has_call(const uintptr_t *pcs, size_t count, uintptr_t caller)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (lr_is_own_address(pcs[i] - 1) && pcs[i + 1] == caller)
            return true;
    return false;
}

static __attribute__((noinline, cold)) bool is_gone(const struct lr_regs *from, uintptr_t caller)
{
    uintptr_t pcs[FAR];
    enum lr_unwind_end end;
    size_t count = lr_unwinder_ehframe.walk(from, pcs, FAR, &end);
    return end == LR_UNWIND_OUTERMOST && !has_call(pcs, count, caller);
}

bool lr_call_is_gone(const struct lr_regs *from, uintptr_t caller)
{
    return !lr_unwind_meets_call(from, caller, NEAR) && is_gone(from, caller);
}
