/* table.h -- the live set: one record per block that was acquired and not released.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe: atomics only, bounded work.
 *
 * Open addressing within a window of slots behind the block's home, no tombstones: an insertion
 * takes the first free slot, a look-up scans the windows.  Each block has three homes.  Two near
 * ones keep neighbours together (32 KiB of the program's heap share 1024 slots, one for each 32
 * bytes), so that a small heap touches few pages of a large table; where dense stretches meet,
 * the far one takes what overflows, anywhere in the last quarter of the table.  When that is full
 * too, four last homes lie anywhere.  Full windows at all homes are a full table; that is met at
 * 75 % of the slots or later, most often at 95 %.
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

struct lr_table {
    struct lr_live *slots;
    struct lr_live *far;   /* the part of the slots for far homes */
    uint64_t slot_count;
    uint32_t far_homes;
    uint32_t window;       /* slots behind a far home */
    uint32_t near_blocks;  /* of 1024 near homes; 0: too small, far homes only */
    bool spilled;          /* some records are at their last homes */
    uint8_t *touched;      /* by 2048 slots: 1 where a record ever was; NULL: not kept */
};

struct lr_table lr_table_over(struct lr_live *slots, uint64_t capacity, uint32_t window);
/* Bytes for lr_table.touched. */
uint64_t lr_table_parts(uint64_t capacity);

/* False: no room at any home.
 * Cost: about 10 ns and a cache miss, in a crowded table up to seven. */
bool lr_table_insert(struct lr_table *table, const struct lr_live *record);
/* Removes the record of the block at `address` and stores it in *record.  False: not there.
 * Cost: as an insertion; for a block that isn't there, a miss for each home. */
bool lr_table_remove(struct lr_table *table, uintptr_t address, struct lr_live *record);
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
struct lr_marks;
/* Helper thread: the stacks of all records. */
void lr_table_mark(const struct lr_table *table, struct lr_marks *stacks);

#endif
