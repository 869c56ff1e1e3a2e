/* stack_totals.h -- what was allocated through each stack since the start.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc.
 */
#ifndef LEAKRING_STACK_TOTALS_H
#define LEAKRING_STACK_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

bool lr_totals_start(void); /* after lr_file_create; false: not enough memory */

/* One block at a stack (alloc_count, alloc_bytes), and one that found no room.
 * Cost: one atomic addition, about 5 ns; more where threads share a stack. */
void lr_stack_add(uint32_t stack, uint64_t bytes);
/* So many blocks (below 2^14), of so many bytes together. */
void lr_stack_add_blocks(uint32_t stack, uint64_t blocks, uint64_t bytes);
/* The same for a sampled block that stands for `weight` of its size. */
void lr_stack_add_sampled(uint32_t stack, uint64_t bytes, float weight);
void lr_stack_lost(uint32_t stack, uint64_t bytes);

/* How often something was added to a stack, modulo 2^32. */
uint32_t lr_stack_adds(uint32_t stack);

/* Helper thread, with the intern lock: the totals of a stack that is no more go to another one, or
 * (0) to the counters folded_*. */
void lr_totals_move(uint32_t from, uint32_t to);

/* Copies the totals into the file; the helper thread, and at exit. */
void lr_totals_flush(void);
/* From now on (true) totals are kept outside the file, for lr_totals_flush to copy. */
void lr_totals_defer(bool deferred);
bool lr_totals_are_deferred(void);

#endif
