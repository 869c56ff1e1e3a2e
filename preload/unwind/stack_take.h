/* stack_take.h -- from a call to the id of its stack: walk, look up; stacks.h stores new ones.
 *
 * Stage: STACK -> RECORD.  Context: any thread, inside malloc, under the guard.
 */
#ifndef LEAKRING_STACK_TAKE_H
#define LEAKRING_STACK_TAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind.h"

bool lr_stack_take_start(void); /* after lr_file_create; false: not enough memory */

/* Whose stack, and so how much room it may use. */
enum lr_stack_use {
    LR_STACK_OF_BLOCK, /* inside malloc or mmap, in any VM state */
    LR_STACK_OF_PAIR,  /* of a resource pair */
};

/* Id of the caller's stack, native and Java frames; 0 (no stack) when it can't be stored, which
 * is counted.  As the file fills, blocks' stacks are stored with fewer frames and at last not at
 * all; the last sixteenth belongs to pairs.
 * Cost: the walk, plus about 15 ns when the stack is known. */
uint32_t lr_stack_take(const struct lr_regs *caller, enum lr_stack_use use);
/* The same for a pair in a native method that Java called with `env`: JVMTI may help. */
uint32_t lr_stack_take_in_native(const struct lr_regs *caller, void *env);

/* Addresses or stack ids may mean something else now: no id from before is answered again by a
 * call that begins after this one. */
void lr_stacks_forget(void);

#endif
