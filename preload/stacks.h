/* stacks.h -- the stacks in the file: stored once each, and what was allocated through them.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc, under the guard.
 */
#ifndef LEAKRING_STACKS_H
#define LEAKRING_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm.h"
#include "stack_take.h"

bool lr_stacks_start(void); /* after lr_intern_start */

/* A stack as it was found, before names.  The arrays are on the stack of the hook, which may be
 * that of a signal handler with little room: no larger than asked for, none for Java without it. */
struct lr_raw_stack {
    size_t native_count, java_count;
    uint32_t flags;             /* LR_STACK_* */
    uintptr_t *native;          /* return addresses, innermost first */
    struct lr_java_frame *java; /* room for lr_config.java_depth; NULL where there is no JVM */
};

/* Id of the equal stack in the file, stored at first sight; 0 when it finds no room or the table
 * is busy, which is counted.  Takes the intern lock; about 2 us. */
uint32_t lr_stack_intern(const struct lr_raw_stack *raw, enum lr_stack_use use);

/* Totals of a stack (alloc_count, alloc_bytes), and what found no room. */
void lr_stack_add(uint32_t stack, uint64_t bytes);
/* The same for a sampled block that stands for `weight` of its size. */
void lr_stack_add_sampled(uint32_t stack, uint64_t bytes, float weight);
void lr_stack_lost(uint32_t stack, uint64_t bytes);

/* Copies the totals into the file; the helper thread, and at exit. */
void lr_stacks_flush(void);
/* From now on (true) totals are kept outside the file, for lr_stacks_flush to copy. */
void lr_stacks_defer(bool deferred);

#endif
