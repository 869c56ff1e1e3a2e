/* pair_sites.c -- pair_sites.h.
 *
 * Stage: RECORD -> FILE.  Context: any thread; what changes the sites, under the intern lock.
 */
#include "pair_sites.h"

#include "file.h"
#include "intern.h"
#include "pairs.h"
#include "stacks.h"
#include "trace.h"

static struct lr_index index_;
static uint32_t free_head; /* free entries, linked */
static uint32_t free_count;

enum { CROWDED = 8 }; /* sixteenths of the stacks' room: sites hold too many of them */

bool lr_pair_sites_start(void)
{
    return lr_index_start(&index_);
}

static bool same_site(uint32_t id, const void *key)
{
    const struct lr_pairsite *site = key;
    return lr_file.pairsites[id].pair == site->pair && lr_file.pairsites[id].stack == site->stack;
}

/* Known sites, lock-free: one word each, stack in bits 32..63, pair in 24..31, index + 1 below. */
enum { KNOWN_SITES = 4096, SITE_BITS = 24 };
static uint64_t known_sites[KNOWN_SITES];

static uint64_t *known_slot(uint32_t pair, uint32_t stack)
{
    return &known_sites[lr_hash_mix(pair, stack) % KNOWN_SITES];
}

/* A free entry, else the next one; false when there is none. */
static bool new_entry(uint32_t *id)
{
    const struct lr_section *section = lr_file.section[LR_SEC_PAIRSITES];
    if (!free_count) {
        *id = (uint32_t)section->used;
        return section->used < section->capacity;
    }
    *id = free_head;
    free_head = lr_file.pairsites[free_head].link;
    __atomic_store_n(&free_count, free_count - 1, __ATOMIC_RELAXED);
    return true;
}

/* Index + 1; 0: no room. */
static uint32_t find_or_append(uint32_t pair, uint32_t stack)
{
    struct lr_pairsite key = {.pair = pair, .stack = stack, .first_ms = lr_trace_ms()};
    struct lr_section *section = lr_file.section[LR_SEC_PAIRSITES];
    uint64_t hash = lr_hash_mix(pair, stack);
    uint32_t found = lr_index_find(&index_, hash, same_site, &key), id;
    if (found || !new_entry(&id))
        return found;
    struct lr_pairsite *entry = &lr_file.pairsites[id];
    key.pair = LR_PAIRSITE_FREE;
    *entry = key;
    __atomic_store_n(&entry->pair, pair, __ATOMIC_RELEASE);
    if (id == section->used)
        __atomic_store_n(&section->used, section->used + 1, __ATOMIC_RELEASE);
    lr_index_add(&index_, hash, id);
    return id + 1;
}

static __attribute__((noinline, cold)) uint32_t intern_site(uint32_t pair, uint32_t stack)
{
    if (!lr_intern_lock()) {
        lr_count(LR_CNT_intern_busy);
        return 0;
    }
    uint32_t found = find_or_append(pair, stack);
    lr_intern_unlock();
    if (!found)
        lr_count(LR_CNT_pairsites_full);
    else if (found < 1u << SITE_BITS)
        __atomic_store_n(known_slot(pair, stack),
                         (uint64_t)stack << 32 | (uint64_t)pair << SITE_BITS | found,
                         __ATOMIC_RELAXED);
    return found;
}

/* Index + 1 of the site, 0 when it can't be stored. */
uint32_t lr_pair_site(uint32_t pair, uint32_t stack)
{
    uint64_t known = __atomic_load_n(known_slot(pair, stack), __ATOMIC_RELAXED);
    uint32_t found = (uint32_t)known & ((1u << SITE_BITS) - 1);
    if (found && known >> SITE_BITS == ((uint64_t)stack << 8 | pair))
        return found;
    return intern_site(pair, stack);
}

void lr_pair_sites_mark(struct lr_marks *stacks)
{
    uint64_t used = __atomic_load_n(&lr_file.section[LR_SEC_PAIRSITES]->used, __ATOMIC_ACQUIRE);
    for (uint64_t i = 0; i < used; i++)
        if (__atomic_load_n(&lr_file.pairsites[i].pair, __ATOMIC_ACQUIRE) != LR_PAIRSITE_FREE)
            lr_mark(stacks, lr_file.pairsites[i].stack);
}

uint32_t lr_pair_sites_live(uint32_t pair)
{
    uint64_t used = __atomic_load_n(&lr_file.section[LR_SEC_PAIRSITES]->used, __ATOMIC_ACQUIRE);
    int64_t live = 0;
    if (!lr_intern_lock()) /* a site may be just moving its numbers to another */
        return UINT32_MAX;
    for (uint64_t i = 0; i < used; i++) {
        const struct lr_pairsite *site = &lr_file.pairsites[i];
        if (__atomic_load_n(&site->pair, __ATOMIC_ACQUIRE) == pair)
            live += (int64_t)(__atomic_load_n(&site->acquired, __ATOMIC_RELAXED) -
                              __atomic_load_n(&site->released, __ATOMIC_RELAXED) -
                              __atomic_load_n(&site->lost, __ATOMIC_RELAXED));
    }
    lr_intern_unlock();
    /* Others go on counting between the three. */
    return live < 0 ? 0 : live < UINT32_MAX ? (uint32_t)live : UINT32_MAX - 1;
}

static uint32_t count(void)
{
    return (uint32_t)__atomic_load_n(&lr_file.section[LR_SEC_PAIRSITES]->used, __ATOMIC_ACQUIRE);
}

static unsigned fullness(void)
{
    uint64_t used = count() - __atomic_load_n(&free_count, __ATOMIC_RELAXED);
    unsigned sites = (unsigned)(used * 16 / lr_file_capacity(LR_SEC_PAIRSITES));
    unsigned stacks = lr_stacks_fullness();
    return stacks >= CROWDED && stacks > sites ? stacks : sites;
}

static uint32_t uses(uint32_t id)
{
    const struct lr_pairsite *site = &lr_file.pairsites[id];
    return (uint32_t)(__atomic_load_n(&site->acquired, __ATOMIC_RELAXED) +
                      __atomic_load_n(&site->released, __ATOMIC_RELAXED));
}

static bool mark(struct lr_marks *referred)
{
    lr_pairs_mark_sites(referred);
    return true;
}

static bool may_go(uint32_t id)
{
    const struct lr_pairsite *site = &lr_file.pairsites[id];
    return site->pair != LR_PAIRSITE_FREE && lr_stack_has_target(site->stack);
}

static void retire(uint32_t id)
{
    const struct lr_pairsite *site = &lr_file.pairsites[id];
    uint64_t *known = known_slot(site->pair, site->stack);
    lr_index_remove(&index_, lr_hash_mix(site->pair, site->stack), id);
    if (__atomic_load_n(known, __ATOMIC_RELAXED) >> SITE_BITS ==
        ((uint64_t)site->stack << 8 | site->pair))
        __atomic_store_n(known, 0, __ATOMIC_RELAXED);
}

static void retired(void)
{
}

static void restore(uint32_t id)
{
    const struct lr_pairsite *site = &lr_file.pairsites[id];
    lr_index_add(&index_, lr_hash_mix(site->pair, site->stack), id);
}

static void add_totals(struct lr_pairsite *to, const struct lr_pairsite *from)
{
    __atomic_fetch_add(&to->acquired, from->acquired, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->released, from->released, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->released_by_cleaner, from->released_by_cleaner, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->released_unknown, from->released_unknown, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->lost, from->lost, __ATOMIC_RELAXED);
}

/* It may be that no room is found for what it folds into; then it stays. */
static void fold(uint32_t id)
{
    struct lr_pairsite *site = &lr_file.pairsites[id], was = *site;
    uint32_t stack = lr_stack_target(was.stack);
    uint32_t target = stack ? find_or_append(was.pair, stack) : 0;
    if (!target) {
        restore(id);
        return;
    }
    __atomic_store_n(&site->pair, LR_PAIRSITE_FREE, __ATOMIC_RELEASE);
    add_totals(&lr_file.pairsites[target - 1], &was);
    lr_stack_unpin(was.stack);
    site->link = free_head;
    free_head = id;
    __atomic_store_n(&free_count, free_count + 1, __ATOMIC_RELAXED);
}

const struct lr_foldable lr_foldable_sites = {fullness, count,   uses,    mark, may_go,
                                              retire,   retired, restore, fold};
