/* stacks.h -- from a call to the id of its stack: walk, look up, intern at first sight.
 *
 * Stage: STACK -> RECORD.  Context: any thread, inside malloc, under the guard.
 */
#ifndef LEAKRING_STACKS_H
#define LEAKRING_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind.h"

bool lr_stacks_start(void); /* after lr_intern_start */

/* Whose stack, and so how the Java frames may be had and how much room it may use. */
enum lr_stack_use {
    LR_STACK_OF_BLOCK,     /* inside malloc or mmap, in any VM state */
    LR_STACK_OF_PAIR,      /* of a resource pair */
    LR_STACK_OF_JAVA_PAIR, /* in a native method called from Java: JVMTI may help */
};

/* Id of the caller's stack, native and Java frames; 0 (no stack) when it can't be stored, which
 * is counted.  As the file fills, blocks' stacks are stored with fewer frames and at last not at
 * all; the last eighth belongs to pairs.
 * Cost: the walk, plus about 15 ns when the stack is known. */
uint32_t lr_stack_take(const struct lr_regs *caller, enum lr_stack_use use);

/* Totals of a stack (alloc_count, alloc_bytes), and what found no room. */
void lr_stack_add(uint32_t stack, uint64_t bytes);
void lr_stack_lost(uint32_t stack, uint64_t bytes);

/* Copies the totals into the file; the helper thread, and at exit. */
void lr_stacks_flush(void);
/* From now on (true) totals are kept outside the file, for lr_stacks_flush to copy. */
void lr_stacks_defer(bool deferred);

/* Addresses may mean something else now: known stacks must be looked at afresh. */
void lr_stacks_forget(void);

#endif
