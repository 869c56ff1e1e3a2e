/* nodes.h -- the frames of all stacks in the file, as a tree that grows from the outermost frames.
 *
 * Stage: RECORD -> FILE.  Context: cold path (first sights and the end of stacks), under the intern
 * lock.  Stacks share their outer frames, so a new one adds about seven nodes of 16 bytes whatever
 * its depth.
 */
#ifndef LEAKRING_NODES_H
#define LEAKRING_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After lr_file_create.  False: not enough memory. */
bool lr_nodes_start(void);

/* The node of the innermost frame of such a stack, which now has one user more; 0 when there is no
 * room, or no frame.  `frames` as format.h has them, innermost first.
 * Cost: two cache misses a frame, about 100 ns each in a large tree. */
uint32_t lr_nodes_add(const uint64_t *frames, size_t count);

/* The stack that ended at `leaf` is no more; gives back the nodes that no other one needs. */
void lr_nodes_drop(uint32_t leaf);

/* Are these the frames from `leaf` to the root?  Cost: a cache miss a frame. */
bool lr_nodes_equal(uint32_t leaf, const uint64_t *frames, size_t count);

/* Nodes that stacks lead through now.  Needs no lock. */
uint64_t lr_nodes_used(void);

#endif
