/* unwind_calls.h -- is a call of ours still under way, which noted something for its thread?
 *
 * Stage: STACK.  Context: any thread, inside malloc.
 *
 * A program may leave our frames without returning through them: by longjmp, by an exception, by
 * switching to another stack for good.  Whether it did can be seen: the call's frames aren't on the
 * stack any more.
 */
#ifndef LEAKRING_UNWIND_CALLS_H
#define LEAKRING_UNWIND_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind.h"

/* Does no frame of ours that was called from `caller` (a return address) lie further out than
 * `from`?  False, too, when the stack can't be walked to its end.
 * Cost: 5 ns a frame, three to six when there is one, as there should be. */
bool lr_call_is_gone(const struct lr_regs *from, uintptr_t caller);

#endif
