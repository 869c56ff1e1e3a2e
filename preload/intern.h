/* intern.h -- memory of the interning code that lives outside the file.
 *
 * Stage: start-up.  The look-up functions are in trace.h; stacks are in stacks.h.
 */
#ifndef LEAKRING_INTERN_H
#define LEAKRING_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Maps the indexes; after lr_file_create.  False: not enough memory. */
bool lr_intern_start(void);

/* An index from 64-bit hashes to 32-bit ids: open addressing in anonymous memory, under the
 * intern lock.  `same` tells whether entry `id` is the one looked for. */
struct lr_index {
    uint32_t *slots; /* id + 1; 0: free */
    uint32_t mask;
};
bool lr_index_start(struct lr_index *index, uint64_t entries);
/* Slot of the matching entry, or the free slot where it belongs (then *slot == 0). */
uint32_t *lr_index_find(struct lr_index *index, uint64_t hash,
                        bool (*same)(uint32_t id, const void *key), const void *key);

/* Folds a word into a hash: one wide multiplication, about 1 ns. */
static inline uint64_t lr_hash_mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word ^ UINT64_C(0x9e3779b97f4a7c15)) *
                                (UINT64_C(0xbf58476d1ce4e5b9) ^ (hash << 1 | 1));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
