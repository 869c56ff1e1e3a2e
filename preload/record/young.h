/* young.h -- records of new blocks, in memory of our own, until they are old enough for the file.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe: atomics only, bounded work.
 *
 * Most blocks die young, so this is where nearly every malloc and free ends.  Keys are kept apart
 * from the rest: eight of them are a cache line, the block's bucket, and a free reads and clears
 * one word there.  What doesn't fit goes to the neighbouring bucket; where that is full too, to
 * the file at once (table.h).  The states of a key and who may change it are those of table.h; the
 * helper thread, moving a record, marks it LR_KEY_CLAIMED, and an owner who releases the block
 * meanwhile adds DEAD and leaves the rest to it.
 */
#ifndef LEAKRING_YOUNG_H
#define LEAKRING_YOUNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"
#include "table.h"

struct lr_young_rest {
    uint64_t info;
    uint32_t stack;
    uint32_t birth_ms;
    float weight;
    uint16_t thread;
};

struct lr_young {
    uint64_t *keys; /* buckets of 8, aligned to cache lines */
    struct lr_young_rest *rest;
    uint8_t *fresh; /* by 128 slots: 1 where a record may wait */
    uint32_t slot_count;
    uint32_t home_shift; /* of a 64-bit hash, to a bucket */
};

/* Memory for `slots` records, a power of two from 16 on, and the table over it when it is zeroed.
 */
size_t lr_young_bytes(uint32_t slots);
struct lr_young lr_young_over(void *memory, uint32_t slots);

/* Has the place of the block at `address` fetched into the cache, for an insertion soon. */
void lr_young_prefetch(const struct lr_young *young, uintptr_t address);
/* False: no room.  Cost: about 8 ns when prefetched. */
bool lr_young_insert(struct lr_young *young, const struct lr_live *record);
/* Removes the record of the block at `address`.  False: not here.  Cost: about 8 ns and one cache
 * line, two where it isn't. */
bool lr_young_drop(struct lr_young *young, uintptr_t address);
/* The same, and stores it in *record. */
bool lr_young_remove(struct lr_young *young, uintptr_t address, struct lr_live *record);
/* Reads without removing. */
bool lr_young_find(struct lr_young *young, uintptr_t address, struct lr_live *record);

/* Helper thread: moves every record born before `before_ms` to `file`; one that finds no room there
 * goes to `lost`.  Returns how many were moved. */
uint64_t lr_young_tenure(struct lr_young *young, struct lr_table *file, uint32_t before_ms,
                         void (*lost)(const struct lr_live *record));
/* How many parts something was put into, or kept waiting in, since they were last looked through;
 * and: look through all of them next time.  A part may be missed, when the helper thread has done
 * with it in the very moment of an insertion: so freshen now and then. */
uint32_t lr_young_fresh(const struct lr_young *young);
void lr_young_freshen(struct lr_young *young);
/* Has the kernel find memory for all of it now, so that no malloc must wait while it does.  Any
 * thread, beside any other; about 0.1 ms the first time, 5 us later. */
void lr_young_touch(struct lr_young *young);
/* Is a record being moved by another thread right now? */
bool lr_young_is_moving(const struct lr_young *young);

/* Helper thread: the stacks of all records. */
void lr_young_mark(const struct lr_young *young, struct lr_marks *stacks);
/* The address in slot `at` (below slot_count); 0 when there is none. */
uintptr_t lr_young_address(const struct lr_young *young, uint32_t at);

#endif
