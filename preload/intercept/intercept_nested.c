/* intercept_nested.c -- events of a thread that is inside a hook already.
 *
 * Stage: INTERCEPT, cold.  Context: any thread, in signal handlers.
 *
 * Should the handler have jumped out of the hook (siglongjmp), that thread's events are counted as
 * lost from then on: nothing tells that from a handler that switches to another coroutine, whose
 * hook goes on later.
 */
#include "guard.h"
#include "intercept.h"
#include "trace.h"

__attribute__((noinline, cold)) void lr_count_nested(void)
{
    if (lr_is_armed() && lr_self.depth == 1)
        lr_count(LR_CNT_nested_allocs);
}
