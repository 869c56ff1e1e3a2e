/* bundles.h -- the blocks that one acquiring call of a pair allocated, recorded together.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe: atomics only, bounded work.
 *
 * A zlib stream is up to six blocks, allocated inside its init and freed inside its end.  While
 * the init runs, the thread that is in it holds a bundle and writes them down there, by plain
 * stores; then the bundle waits, in memory of our own, for the young window (FORMAT.md, 7): either
 * the end claims it, and strikes out what it frees, or the helper thread moves its blocks to the
 * file, each as a record of its own.  What doesn't fit into a bundle, or finds none, goes to the
 * file at once.
 *
 * Who may do what: a held bundle is its thread's, which alone adds.  Whoever owns a block may
 * strike it out at any time, whatever state the bundle is in: who holds it by a store, as nobody
 * else may free that block, others by compare-and-exchange, since the blocks may just be moved.
 * A mover claims a block, copies its record to the file, then takes its address out of the bundle,
 * and undoes the copy if the owner had released it meanwhile: as young.h does.  A free bundle has
 * no address.
 */
#ifndef LEAKRING_BUNDLES_H
#define LEAKRING_BUNDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"
#include "table.h"

enum { LR_BUNDLES = 256, LR_BUNDLE_BLOCKS = 6 };

struct lr_bundle {
    uint32_t state; /* below; above its low bits how often it was free before */
    uint32_t stack;
    uint32_t birth_ms;
    uint16_t thread;
    uint16_t used; /* addresses written since it was opened */
    uint64_t addresses[LR_BUNDLE_BLOCKS]; /* 0: none, or not there any more */
    uint64_t infos[LR_BUNDLE_BLOCKS];     /* as lr_live.info */
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct lr_bundle, infos) == 64, "all addresses are one cache line");

/* One past the last bundle that may have a block; 0: nobody needs to look. */
extern uint32_t lr_bundles_top;

/* A free one, held from now on; NULL: none near *hint, which is where to look next, or blocks are
 * being sampled.  Cost: a compare-and-exchange. */
struct lr_bundle *lr_bundle_open(uint16_t *hint, uint32_t stack, uint32_t birth_ms,
                                 uint16_t thread);
/* Who holds it writes down a block.  False: it is full.  About 1 ns. */
static inline bool lr_bundle_add(struct lr_bundle *bundle, uintptr_t address, uint64_t info)
{
    if (bundle->used == LR_BUNDLE_BLOCKS)
        return false;
    unsigned at = bundle->used++;
    __atomic_store_n(&bundle->infos[at], info, __ATOMIC_RELAXED);
    __atomic_store_n(&bundle->addresses[at], address, __ATOMIC_RELEASE);
    return true;
}
/* Blocks and bytes written down by the acquiring call that ends; told once. */
static inline uint32_t lr_bundle_total(struct lr_bundle *bundle, uint64_t *bytes)
{
    uint32_t blocks = bundle->used;
    bundle->used = 0;
    *bytes = 0;
    for (unsigned at = 0; at < blocks; at++)
        *bytes += __atomic_load_n(&bundle->infos[at], __ATOMIC_RELAXED) & LR_LIVE_SIZE_MASK;
    return blocks;
}
/* Where to open the next one when this has been freed: it is in the cache. */
uint16_t lr_bundle_index(const struct lr_bundle *bundle);
/* Lets go of it with what it holds: the number to claim it by; 0: there is nothing in it. */
uint32_t lr_bundle_keep(struct lr_bundle *bundle);
/* Holds it again; NULL: its blocks have been moved, or are just being. */
struct lr_bundle *lr_bundle_claim(uint32_t number);
/* Who holds it frees it; what is still there goes to `file`, or `lost` if that has no room.
 * Returns how many records went there. */
uint64_t lr_bundle_free(struct lr_bundle *bundle, struct lr_table *file,
                        void (*lost)(const struct lr_live *record));

/* Strikes out a block that is being released, by who holds its bundle (NULL: none); *record is what
 * it was, unless that is NULL.  False: not there.  About 2 ns. */
static inline bool lr_bundle_strike(struct lr_bundle *bundle, uintptr_t address,
                                    struct lr_live *record);
/* The same by anybody else, who may hold no bundle at all.  Cost: a load while there are none; else
 * 2 ns for each below lr_bundles_top. */
bool lr_bundles_strike(uintptr_t address, struct lr_live *record);

/* Moves the blocks of all that wait since `before_ms` or longer (UINT32_MAX: all).  Returns how
 * many records. */
uint64_t lr_bundles_tenure(struct lr_table *file, uint32_t before_ms,
                           void (*lost)(const struct lr_live *record));
bool lr_bundles_are_moving(void); /* by another thread, right now */

struct lr_marks;
/* Helper thread: the stacks of all. */
void lr_bundles_mark(struct lr_marks *stacks);
/* Helper thread, for address_filter.h: does some thread hold one?  It may not have seen the filter
 * that is being built.  The address at place `at`, 0: none.  And: while there is a filter nobody
 * fills a bundle, so when all are free, say so. */
bool lr_bundles_are_held(void);
enum { LR_BUNDLE_PLACES = LR_BUNDLES * LR_BUNDLE_BLOCKS };
uintptr_t lr_bundles_address(unsigned at);
void lr_bundles_rest(void);

/* What follows is for the functions above. */
void lr_bundle_copy(const struct lr_bundle *bundle, unsigned at, uintptr_t address,
                    struct lr_live *record);

static inline bool lr_bundle_strike(struct lr_bundle *bundle, uintptr_t address,
                                    struct lr_live *record)
{
    for (unsigned at = 0; bundle && at < LR_BUNDLE_BLOCKS; at++) {
        if (__atomic_load_n(&bundle->addresses[at], __ATOMIC_RELAXED) != address)
            continue;
        if (record)
            lr_bundle_copy(bundle, at, address, record);
        __atomic_store_n(&bundle->addresses[at], 0, __ATOMIC_RELAXED);
        return true;
    }
    return false;
}

#endif
