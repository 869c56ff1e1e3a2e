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

/* An index from hashes to entries: open addressing in anonymous memory, under the intern lock.
 * It starts small and doubles, so that a small run touches little memory. */
struct lr_index {
    struct lr_index_slot *slots;
    uint32_t mask, used;
    struct lr_index *next;
};

/* False: not enough memory. */
bool lr_index_start(struct lr_index *index);
/* The entry for which `same` is true, plus 1; 0 when there is none. */
uint32_t lr_index_find(const struct lr_index *index, uint64_t hash,
                       bool (*same)(uint32_t entry, const void *key), const void *key);
/* Takes an entry out again; nothing happens if it isn't there. */
void lr_index_remove(struct lr_index *index, uint64_t hash, uint32_t entry);
/* Adds an entry that wasn't found.  Without memory to grow it may be forgotten; then an equal
 * entry is appended again later. */
void lr_index_add(struct lr_index *index, uint64_t hash, uint32_t entry);

/* Soon there will be no memory to be had: room for six times as many entries in each index. */
void lr_index_reserve_all(void);

/* Folds a word into a hash: one wide multiplication, about 1 ns. */
static inline uint64_t lr_hash_mix(uint64_t hash, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word ^ UINT64_C(0x9e3779b97f4a7c15)) *
                                (UINT64_C(0xbf58476d1ce4e5b9) ^ (hash << 1 | 1));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
