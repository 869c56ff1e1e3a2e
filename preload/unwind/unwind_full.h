/* unwind_full.h -- the walk that follows every preserved register.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.  Internal to unwind_*.c.
 */
#ifndef LEAKRING_UNWIND_FULL_H
#define LEAKRING_UNWIND_FULL_H

#include "modules.h"
#include "unwind.h"
#include "unwind_stack.h"

/* As lr_unwinder.walk, at 0.3-1 us a frame: taken when a frame on the stack needs more than sp
 * and fp (signal frames, realigned assembly).  Starts from this function's own frame, since the
 * caller's other registers are known only there.  Fills trail->end, ->at and ->is_exact. */
size_t lr_unwind_full(const struct lr_regs *regs, struct lr_stack_range *range, uintptr_t *pcs,
                      size_t max, struct lr_trail *trail);

/* A signal handler's return code that has no unwind data. */
bool lr_unwind_is_sigreturn(uintptr_t pc);

/* Given no unwind data at pc - 1: is pc a made-up return address?  Coroutines "return" to the start
 * of a function (makecontext's __start_context), which no call precedes. */
bool lr_unwind_starts_stack(const struct lr_module_info *module, uintptr_t pc);

#endif
