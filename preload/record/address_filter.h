/* address_filter.h -- was this block recorded?  "No" for nearly all that weren't, without a look
 * at the tables.
 *
 * Stage: intercept -> RECORD.  Context: any thread, inside malloc, signal-safe; building: the
 * helper thread, or start-up.
 *
 * Two bits for each 32 bytes of 128 MiB of addresses, laid over the whole address space, so that
 * neighbouring blocks share cache lines.  They count the records there: none, one, or more, which
 * stays so.  A recorder adds after it inserted the record and before the block is handed out; who
 * takes a record out of a table subtracts.  Now and then the whole is built anew from the tables,
 * beside the one in use.  So "no" is always true; "perhaps" costs a look-up.  There is no filter
 * while everything is recorded.
 *
 * Why a new filter misses no record: the builder publishes it (filter_next), waits, and then
 * scans the slots; a recorder fills its slot, and then looks for filter_next.  One of the two
 * sees the other.  Filling a slot begins with a compare-and-exchange, and the mark of a part of the
 * table that was untouched is made by an exchange, which on x86 no later load overtakes, so that no
 * wait is needed; elsewhere milliseconds are enough for any store to be seen.
 *
 * Why none is subtracted that wasn't added: only from the filter that was in use before the
 * record was taken out of the table, for that one had it; and none while another is being built.
 * What is released just then leaves its cell as it is: so building should be short.  Who was held
 * up in the midst of it is waited for before that filter's memory is used again: its cell may be
 * another record's by then.
 */
#ifndef LEAKRING_ADDRESS_FILTER_H
#define LEAKRING_ADDRESS_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "sampler.h"
#include "table.h"
#include "young.h"

enum {
    LR_FILTER_CELLS = 1 << 22,
    LR_FILTER_BYTES = LR_FILTER_CELLS / 4,
#if defined(__x86_64__)
    LR_FILTER_WAIT_MS = 0,
#else
    LR_FILTER_WAIT_MS = 10,
#endif
    LR_FILTER_ROUND = 4095, /* low bits of lr_sampling.filter: which round of building */
};

/* Only the high part of the address is spread: each stretch of 128 MiB stays in one piece. */
static inline uint32_t lr_filter_cell(uintptr_t address)
{
    uint64_t cell = address >> 5;
    return (uint32_t)(cell + (cell >> 22) * 0x9e3779b1u) & (LR_FILTER_CELLS - 1);
}

/* True: no record of this address is in any table.  About 1 ns.  The second look at the pointer
 * tells that the filter wasn't taken away, to be cleared, before the cell was read. */
static inline bool lr_filter_excludes(uintptr_t address)
{
    uintptr_t filter = __atomic_load_n(&lr_sampling.filter, __ATOMIC_ACQUIRE);
    if (__builtin_expect(!filter, 1))
        return false;
    const uint8_t *bytes = (const uint8_t *)(filter & ~(uintptr_t)LR_FILTER_ROUND);
    uint32_t cell = lr_filter_cell(address);
    if (__atomic_load_n(&bytes[cell >> 2], __ATOMIC_ACQUIRE) >> (cell & 3) * 2 & 3)
        return false;
    return __atomic_load_n(&lr_sampling.filter, __ATOMIC_RELAXED) == filter;
}

void lr_filter_add(uintptr_t address);

/* After the insertion of a record, before its block is handed out. */
static inline void lr_filter_note(uintptr_t address)
{
    uintptr_t next = __atomic_load_n(&lr_sampling.filter_next, __ATOMIC_ACQUIRE);
    if (__builtin_expect((next | __atomic_load_n(&lr_sampling.filter, __ATOMIC_ACQUIRE)) != 0, 0))
        lr_filter_add(address);
}

/* A record was taken out by its block's owner; `filter` is lr_sampling.filter as it was before. */
void lr_filter_subtract(uintptr_t filter, uintptr_t address);

/* An empty filter, put into use at once: only before anything is recorded.  False: no memory. */
bool lr_filter_start(void);

/* Building a new one, in two steps with milliseconds between them; the helper thread.  The first
 * says whether there is something to do the second with; not while some thread is subtracting. */
bool lr_filter_prepare(void);
/* From all records there are; `young` may be NULL. */
void lr_filter_build(const struct lr_table *live, const struct lr_young *young);
/* "Perhaps" was wrong: a cell of which something stayed that is gone, or a neighbour's.  A few of
 * those on addresses that are handed out again and again make up for thousands elsewhere. */
void lr_filter_note_miss(void);
uint32_t lr_filter_missed(void); /* how often, near enough; wraps */
/* Worth building anew? */
void lr_filter_expire(void);
bool lr_filter_has_expired(void);
/* Everything is recorded again: frees look into the tables. */
void lr_filter_stop(void);

#endif
