/* unwind_calls.c -- unwind_calls.h.
 *
 * Stage: STACK.  Context: see unwind_calls.h.
 */
#include "unwind_calls.h"

#include <stddef.h>

#include "guard.h"
#include "next.h"

enum { NEAR = 16, FAR = LR_UNWIND_MAX };

/* `caller` 0: whoever called. */
static bool has_call(const uintptr_t *pcs, size_t count, uintptr_t caller)
{
    for (size_t i = 0; i < count; i++)
        if (lr_is_own_address(pcs[i] - 1) && (!caller || (i + 1 < count && pcs[i + 1] == caller)))
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

/* The signal may have come while the range was being changed: the walk finds one of its own. */
bool lr_hook_is_gone(const struct lr_regs *from)
{
    uintptr_t low = lr_self.stack_low, high = lr_self.stack_high;
    lr_self.stack_low = lr_self.stack_high = 0;
    if (is_gone(from, 0))
        return true;
    lr_self.stack_low = low;
    lr_self.stack_high = high;
    return false;
}
