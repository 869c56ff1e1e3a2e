/* stack_fold.h -- makes room for new stacks: gives back those that nothing refers to any more.
 *
 * Stage: RECORD -> FILE, in the background.  A program that loads classes all night, or whose
 * stacks differ by recursion, has ever new stacks; what is live has few.
 */
#ifndef LEAKRING_STACK_FOLD_H
#define LEAKRING_STACK_FOLD_H

#include <stdint.h>

/* Helper thread, about once a second.  Nothing until three eighths of the room are used; then,
 * within 10 to 15 s, all stacks go that nothing was allocated through meanwhile and that no live
 * block, region or pair refers to.
 * Cost: two passes over the live tables, 1 us a stack that is looked at, 3 us one that goes. */
void lr_stacks_make_room(uint32_t now_ms);

#endif
