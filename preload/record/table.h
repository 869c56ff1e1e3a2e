/* table.h -- the live set: one record per block that was acquired and not released.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe: atomics only, bounded work.
 *
 * The slots are divided into levels, each twice as large as the one before.  A new record goes to
 * the smallest level that has room for all there are, so that they lie close together however large
 * the table is: few pages of the file are touched, and few written again and again.  Within a level
 * it is open addressing in a window of slots behind the block's home there, no tombstones: an
 * insertion takes the first free slot, a look-up goes through the window as far as slots were ever
 * used.  What finds no room there goes to a smaller level, then to a larger one; so a block may be
 * at any of them, most likely at the one that new records go to.  When all are full, there are four
 * last homes anywhere in the table, with larger windows.  Full windows at all homes are a full
 * table; that is met at 90 % of the slots or later.
 *
 * Only the owner of a block may insert or remove its record (the allocator hands an address to
 * one owner at a time, and a release is recorded before the real free).  The single exception is
 * the helper thread, which copies young records here (young.h) and, should the owner have released
 * the block meanwhile, takes the copy out again: it marks it LR_KEY_CLAIMED for that.
 */
#ifndef LEAKRING_TABLE_H
#define LEAKRING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

enum { LR_TABLE_LEVELS = 24, LR_TABLE_LARGE = 3 };

struct lr_table {
    struct lr_live *slots;
    uint64_t slot_count;
    uint32_t window;      /* slots behind a home */
    uint32_t level_count;
    uint32_t level;       /* where new records go */
    uint32_t used_levels; /* bits: some record was there */
    uint32_t overflows;   /* records that found no room there; near enough */
    bool spilled;         /* some records are at their last homes */
    uint8_t *touched;     /* by 2048 slots: 1 where a record ever was; NULL: not kept */
    struct lr_level {
        struct lr_live *first;
        uint64_t homes;
    } levels[LR_TABLE_LEVELS];
};

struct lr_table lr_table_over(struct lr_live *slots, uint64_t capacity, uint32_t window);
/* May there have been a record at that slot?  True where nobody keeps account. */
bool lr_table_is_touched(const struct lr_table *table, uint64_t slot);
/* Bytes for lr_table.touched. */
uint64_t lr_table_parts(uint64_t capacity);

/* Now and then, by one thread: how many records there are decides which level new ones go to. */
void lr_table_fit(struct lr_table *table, uint64_t count);

/* False: no room at any home.
 * Cost: about 10 ns and a cache miss, in a crowded table one for each level. */
bool lr_table_insert(struct lr_table *table, const struct lr_live *record);
/* Removes the record of the block at `address` and stores it in *record, unless that is NULL.
 * False: not there.
 * Cost: as an insertion; for a block that isn't there, a miss for each home. */
bool lr_table_remove(struct lr_table *table, uintptr_t address, struct lr_live *record);
/* Has the likeliest place of the block at `address` fetched into the cache, if the table is large
 * enough for it not to be there. */
static inline void lr_table_prefetch(const struct lr_table *table, uintptr_t address);
/* Reads without removing. */
bool lr_table_find(struct lr_table *table, uintptr_t address, struct lr_live *record);

/* Helper thread, moving a young record (young.h): a copy goes in, and out again should the owner
 * have released the block meanwhile.  False: no room. */
struct lr_copied {
    struct lr_live *slot;
    uintptr_t address;
    uint16_t gen;
};
bool lr_table_copy_in(struct lr_table *file, const struct lr_live *record,
                      struct lr_copied *copied);
void lr_table_undo(struct lr_table *file, const struct lr_copied *copied);
/* Helper thread: removes the record of `address`, if *word is `value` while nobody else can. */
void lr_table_drop_while(struct lr_table *file, uintptr_t address, const uint64_t *word,
                         uint64_t value);

/* Helper thread: takes a valid record, whose key was seen as *key, out of its owner's hands for a
 * moment; should he release it meanwhile, he leaves the rest to us.  False: it has changed; *key is
 * what it is now. */
bool lr_table_claim(struct lr_live *slot, uint64_t *key);
/* Gives it back, or has it go: `keep` is false, or its owner released it.  True: it stays. */
bool lr_table_unclaim(struct lr_live *slot, uint64_t key, bool keep);

/* Index of the first slot at or behind `at` that isn't free; slot_count when there is none.  Parts
 * that were never written are left alone. */
uint64_t lr_table_next(const struct lr_table *table, uint64_t at);
/* The block's home at a level. */
static inline struct lr_live *lr_table_home(const struct lr_table *table, uintptr_t address,
                                            uint32_t level)
{
    const struct lr_level *at = &table->levels[level];
    uint64_t spread = UINT64_C(0x9e3779b97f4a7c15) + level * UINT64_C(0xd1b54a32d192ed02);
    return at->first + (((address >> 4) * spread >> 32) * at->homes >> 32);
}

static inline void lr_table_prefetch(const struct lr_table *table, uintptr_t address)
{
    uint32_t level = __atomic_load_n(&table->level, __ATOMIC_RELAXED);
    if (__builtin_expect(level >= LR_TABLE_LARGE, 0))
        __builtin_prefetch(lr_table_home(table, address, level), 1);
}

/* The same for the places at all levels, before lr_table_drop_while looks there: half of each
 * window, since the processor fetches what follows by itself. */
static inline void lr_table_prefetch_all(const struct lr_table *table, uintptr_t address)
{
    uint32_t used = __atomic_load_n(&table->used_levels, __ATOMIC_RELAXED) >> LR_TABLE_LARGE;
    for (uint32_t level = LR_TABLE_LARGE; used; used >>= 1, level++) {
        if (!(used & 1))
            continue;
        const char *home = (const char *)lr_table_home(table, address, level);
        for (unsigned line = 0; line < 4; line++)
            __builtin_prefetch(home + line * 64);
    }
}

struct lr_marks;
/* Helper thread: the stacks of all records. */
void lr_table_mark(const struct lr_table *table, struct lr_marks *stacks);

#endif
