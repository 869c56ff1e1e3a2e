/* stacks.h -- the stacks in the file: stored once each.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc, under the guard.
 */
#ifndef LEAKRING_STACKS_H
#define LEAKRING_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fold.h"
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

/* How full the sections for stacks and nodes are, in sixteenths.  Needs no lock. */
unsigned lr_stacks_fullness(void);

/* A stack may be in the hands of a pair's call that waits: it must not go meanwhile.  Cost: a load
 * when it is pinned already.  A site that goes unpins its stack. */
void lr_stack_pin(uint32_t id);
void lr_stack_unpin(uint32_t id);

/* The stack of its innermost frames, which has LR_STACK_FOLDED, stored at first sight; 0 when it
 * has no more frames than those, or there are enough such stacks.  Under the intern lock. */
uint32_t lr_stack_target(uint32_t id);
bool lr_stack_has_target(uint32_t id); /* has it more frames? */

/* Stacks that nothing refers to: their totals are added to those of lr_stack_target, else to the
 * counters folded_*. */
extern const struct lr_foldable lr_foldable_stacks;

#endif
