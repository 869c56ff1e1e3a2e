/* regions.h -- what was mapped by mmap and mremap and not unmapped yet.
 *
 * Stage: intercept -> RECORD.  Context: any thread, around the interposed call, under the guard.
 * Ranges may overlap what is known in any way: the last mapping of an address counts, partial
 * unmapping shrinks or splits.  Under a lock held for microseconds; whoever can't get it in a
 * bounded time drops the event and counts it.
 */
#ifndef LEAKRING_REGIONS_H
#define LEAKRING_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

bool lr_regions_start(void); /* after lr_file_create */

/* [start, start + length) is mapped now, by `stack`; page multiples. */
void lr_regions_map(uintptr_t start, size_t length, uint32_t prot_flags, uint32_t stack);
void lr_regions_unmap(uintptr_t start, size_t length);
/* Copies the region that holds `address`; false when none does. */
bool lr_regions_find(uintptr_t address, struct lr_region *region);

struct lr_marks;
/* Helper thread: the stacks of all regions.  False: the table is busy. */
bool lr_regions_mark(struct lr_marks *stacks);


#endif
