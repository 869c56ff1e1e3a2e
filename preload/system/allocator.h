/* allocator.h -- what the allocator behind us says of itself.
 *
 * Stage: asked for (asked.h), and of the series (sources_allocator.c).  Context: a thread of ours
 * that may wait, never in a hook, a signal or a sandbox.
 */
#ifndef LEAKRING_ALLOCATOR_H
#define LEAKRING_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes; LR_NO_VALUE where it doesn't tell. */
struct lr_allocator_account {
    uint64_t allocated; /* handed out, as it rounds them up */
    uint64_t active;    /* of pages that hold some of that */
    uint64_t resident;  /* of these, of free pages that it keeps, and of its own tables */
    uint64_t mapped;    /* that it may use, in memory or not */
    uint64_t retained;  /* addresses that it keeps, whose memory it gave back */
};

/* Of jemalloc (mallctl), tcmalloc (MallocExtension) and mimalloc (mi_process_info); false for any
 * other.  No lock is held for longer than a bin or a list takes.  Cost: 2 us (mimalloc), 4 us
 * (tcmalloc), 13 to 60 us (jemalloc, of 1 to 8 arenas; 4 ms of 256). */
bool lr_allocator_account(struct lr_allocator_account *account);

/* Bytes in use, and bytes that it keeps although nobody uses them; LR_NO_VALUE where it doesn't
 * tell.  As above, and mallinfo2 (glibc, and others that have it): glibc holds each arena's lock
 * while it counts, 33 ms for a million free chunks. */
void lr_allocator_figures(uint64_t *used, uint64_t *kept);

#endif
