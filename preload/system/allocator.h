/* allocator.h -- what the allocator behind us says of itself.
 *
 * Stage: asked for only (asked.h).  Context: a thread of our own that may wait: glibc holds each
 * arena's lock while it counts (33 ms for a million free chunks), jemalloc merges its statistics.
 */
#ifndef LEAKRING_ALLOCATOR_H
#define LEAKRING_ALLOCATOR_H

#include <stdint.h>

/* Bytes in use, and bytes that it keeps although nobody uses them; LR_NO_VALUE where it doesn't
 * tell.  Knows mallinfo2 (glibc, and others that have it) and jemalloc's mallctl. */
void lr_allocator_figures(uint64_t *used, uint64_t *kept);

#endif
