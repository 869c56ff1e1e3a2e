/* intercept_nested.c -- events of a thread that seems to be inside a hook already.
 *
 * Stage: INTERCEPT, cold.  Context: any thread, in signal handlers.
 */
#include "guard.h"
#include "intercept.h"
#include "regions.h"
#include "trace.h"
#include "unwind_calls.h"

/* What the hook was about may not have been recorded. */
static bool leave_abandoned_hook(void)
{
    lr_intern_forsake();
    lr_regions_forsake();
    lr_leave();
    lr_count(LR_CNT_nested_allocs);
    return lr_enter();
}

__attribute__((noinline, cold)) bool lr_enter_nested(const struct lr_regs *caller)
{
    if (!lr_is_armed() || lr_self.depth != 1)
        return false;
    if (lr_hook_is_gone(caller))
        return leave_abandoned_hook();
    lr_count(LR_CNT_nested_allocs);
    return false;
}
