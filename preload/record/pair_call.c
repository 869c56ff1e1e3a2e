/* pair_call.c -- pair_call.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, under the guard.
 */
#include "pair_call.h"

#include "record.h"
#include "threads.h"
#include "unwind_calls.h"

void lr_pair_call_begin(const struct lr_regs *caller, uint32_t stack, bool later)
{
    struct lr_thread_slot *slot = lr_thread_slot();
    if (slot != &lr_thread_nobody)
        slot->pair_caller = caller->pc;
    lr_self.pair_stack = stack;
    lr_self.pair_later = later;
    lr_self.in_pair = 1;
}

static __attribute__((noinline, cold)) void abandon(void)
{
    lr_self.pair_stack = 0;
    lr_self.pair_later = 0;
    lr_self.in_pair = 0;
    lr_record_call_ended();
}

bool lr_pair_call_goes_on(const struct lr_regs *caller)
{
    const struct lr_thread_slot *slot = lr_self.slot;
    if (!slot || slot == &lr_thread_nobody || !lr_call_is_gone(caller, slot->pair_caller))
        return true;
    abandon();
    return false;
}
