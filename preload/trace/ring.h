/* ring.h -- records of a ring section, begun and ended so that a death between loses one record.
 *
 * Stage: RECORD -> FILE.  Context: one writer, the helper thread.
 */
#ifndef LEAKRING_RING_H
#define LEAKRING_RING_H

#include <stddef.h>
#include <stdint.h>

#include "file.h"

/* Clears the sequence, the first field, of the slot that comes next; NULL where there is no room
 * at all. */
static inline void *lr_ring_begin(struct lr_section *ring)
{
    if (ring->capacity == 0)
        return NULL;
    unsigned char *base = (unsigned char *)lr_file.header + ring->offset;
    uint32_t *sequence = (uint32_t *)(base + ring->used % ring->capacity * ring->entry_size);
    __atomic_store_n(sequence, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return sequence;
}

static inline void lr_ring_end(struct lr_section *ring, void *record)
{
    __atomic_store_n((uint32_t *)record, (uint32_t)(ring->used + 1), __ATOMIC_RELEASE);
    __atomic_store_n(&ring->used, ring->used + 1, __ATOMIC_RELEASE);
}

#endif
