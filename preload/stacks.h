/* stacks.h -- the stacks in the file: stored once each.
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

/* How full the sections for stacks and nodes are, in sixteenths.  Needs no lock. */
unsigned lr_stacks_fullness(void);

/* For stack_fold.c, under the intern lock. */
bool lr_stack_is_foldable(uint32_t id);
void lr_stack_retire(uint32_t id);  /* no lr_stack_intern that begins now answers it */
void lr_stack_restore(uint32_t id); /* a retired one that turned out to be in use */
/* A retired one that nothing refers to: frees its entry and nodes.  Its totals are added to those
 * of the stack of its innermost frames, or to the counters folded_*. */
void lr_stack_fold(uint32_t id);

#endif
