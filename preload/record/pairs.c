/* pairs.c -- pairs.h: live pairs and exact totals per pair and stack, straight into the file.
 *
 * Stage: intercept -> RECORD -> FILE.  Context: any thread, in the interposed call, not inside
 * malloc.  The pair table works as table.h's (window, no tombstones, owner removes); a handle
 * belongs to whoever acquired it until it is released.  A tag for each slot, in memory of our own,
 * tells what isn't there: most look-ups are for a handle that never was, and end after one line of
 * the cache.
 */
#include "pairs.h"

#include "collections.h"
#include "file.h"
#include "guard.h"
#include "intern.h"
#include "marks.h"
#include "pair_call.h"
#include "pair_sites.h"
#include "pairs_start.h"
#include "prim.h"
#include "record.h"
#include "stack_take.h"
#include "stacks.h"
#include "threads.h"
#include "trace.h"

enum { PAIR_WINDOW = 32, LANES = 4 };

static uint32_t homes;

/* Tags of LANES slots in a word.  A slot's tag is that of its handle from after the key was stored
 * until before it is taken away; else 0, also while there is a record that nobody will look for. */
static uint64_t *tags;
static const uint64_t EACH_LANE = UINT64_C(0x0001000100010001);

static void define_pairs(void)
{
    static const struct {
        const char *name;
        uint32_t flags;
    } pairs[] = {
#define LR_PAIR(id, name, flags) {name, flags},
#include "pairs.def"
#undef LR_PAIR
    };
    for (uint32_t i = 0; i < LR_PAIR_ID_COUNT; i++) {
        size_t length = __builtin_strlen(pairs[i].name);
        lr_file.pairdefs[i] =
            (struct lr_pairdef){lr_intern_string(pairs[i].name, length), pairs[i].flags};
    }
    lr_file.section[LR_SEC_PAIRDEFS]->used = LR_PAIR_ID_COUNT;
}

bool lr_pairs_start(void)
{
    uint64_t capacity = lr_file_capacity(LR_SEC_PAIRS);
    homes = (uint32_t)((capacity - PAIR_WINDOW) / LANES + 1);
    tags = lr_prim_map((capacity / LANES + 1) * sizeof *tags);
    define_pairs();
    return tags && lr_pair_sites_start();
}

/* Where a handle's window begins, in words of tags, and its tag. */
struct home {
    uint32_t word;
    uint16_t tag;
};

static struct home home_of(uintptr_t handle)
{
    uint64_t hash = (handle >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    return (struct home){(uint32_t)((hash >> 32) * homes >> 32), (uint16_t)(hash >> 16 | 1)};
}

static void set_tag(const struct lr_pair *slot, uint16_t tag)
{
    uint16_t *lanes = (uint16_t *)(void *)tags;
    __atomic_store_n(&lanes[slot - lr_file.pairs], tag, __ATOMIC_RELAXED);
}

static uint16_t tag_at(uint64_t at)
{
    const uint16_t *lanes = (const uint16_t *)(const void *)tags;
    return __atomic_load_n(&lanes[at], __ATOMIC_RELAXED);
}

/* The first slot from `at` up to the window's end with the tag; that end if there is none. */
static uint64_t next_tagged(struct home home, uint64_t at, uint16_t tag)
{
    uint64_t end = (uint64_t)home.word * LANES + PAIR_WINDOW;
    while (at < end) {
        uint64_t word = __atomic_load_n(&tags[at / LANES], __ATOMIC_RELAXED) ^ tag * EACH_LANE;
        if (!((word - EACH_LANE) & ~word & EACH_LANE << 15))
            at = (at / LANES + 1) * LANES;
        else if (tag_at(at) == tag)
            return at;
        else
            at++;
    }
    return end;
}

static struct lr_pair *find(uintptr_t handle)
{
    struct home home = home_of(handle);
    uint64_t at = (uint64_t)home.word * LANES, end = at + PAIR_WINDOW;
    for (; (at = next_tagged(home, at, home.tag)) < end; at++)
        if (__atomic_load_n(&lr_file.pairs[at].key, __ATOMIC_RELAXED) == handle)
            return &lr_file.pairs[at];
    return NULL;
}

static bool take_slot(struct lr_pair *slot, uint64_t key)
{
    uint64_t free = 0;
    return __atomic_load_n(&slot->key, __ATOMIC_RELAXED) == 0 &&
           __atomic_compare_exchange_n(&slot->key, &free, key | LR_KEY_BUSY, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void release_slot(struct lr_pair *slot)
{
    set_tag(slot, 0);
    __atomic_store_n(&slot->key, 0, __ATOMIC_RELEASE);
}

/* Near the home of `place`, which is the handle unless nobody will look for it. */
static bool insert(const struct lr_pair *pair, uintptr_t place)
{
    struct home home = home_of(place);
    uint64_t at = (uint64_t)home.word * LANES, end = at + PAIR_WINDOW;
    for (; (at = next_tagged(home, at, 0)) < end; at++) {
        struct lr_pair *slot = &lr_file.pairs[at];
        if (!take_slot(slot, pair->key))
            continue;
        slot->stack = pair->stack;
        slot->birth_ms = pair->birth_ms;
        slot->site = pair->site;
        slot->pair = pair->pair;
        slot->flags = pair->flags;
        slot->thread = pair->thread;
        slot->gen++;
        __atomic_store_n(&slot->key, pair->key, __ATOMIC_RELEASE);
        if (!(pair->flags & LR_PAIR_REUSED))
            set_tag(slot, home.tag);
        return true;
    }
    return false;
}

static void add(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* From here to leave_scope this thread's allocations belong to the pair acquired at `stack`. */
static void enter_scope(struct lr_pair_scope *scope, const struct lr_regs *caller, uint32_t stack,
                        bool later)
{
    scope->stack = stack;
    scope->saved_stack = lr_self.pair_stack;
    scope->saved_later = lr_self.pair_later;
    scope->active = true;
    lr_pair_call_begin(caller, stack, later);
}

static void leave_scope(struct lr_pair_scope *scope)
{
    lr_self.pair_stack = scope->saved_stack;
    lr_self.pair_later = scope->saved_later;
    lr_self.in_pair = 0;
    lr_record_call_ended();
}

/* Outermost pair call of a recording process?  Then under the guard until lr_leave(). */
static bool enter(struct lr_pair_scope *scope, const struct lr_regs *caller)
{
    scope->active = false;
    if (!lr_enter())
        return false;
    if (__builtin_expect(!lr_pair_call_is_inside(caller), 1))
        return true;
    lr_leave();
    return false;
}

void lr_pair_acquire_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, void *env)
{
    if (!enter(scope, caller))
        return;
    uint32_t stack =
        env ? lr_stack_take_in_native(caller, env) : lr_stack_take(caller, LR_STACK_OF_PAIR);
    lr_stack_pin(stack);                          /* the real call may take its time */
    scope->unrecorded = env && lr_jvm_has_died(); /* asked afterwards: the stack is no good */
    enter_scope(scope, caller, stack, false);
    lr_leave();
}

/* The same handle acquired again: its owner lost the first resource for good.  Nobody can ask for
 * that any more, and a stream in a function's frame may be lost a thousand times over, so the
 * record moves to a place of its own. */
static void mark_reused(uintptr_t handle)
{
    static uint32_t count;
    struct lr_pair *old = find(handle);
    if (!old)
        return;
    struct lr_pair moved = *old;
    moved.flags = LR_PAIR_REUSED;
    uint64_t number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    if (insert(&moved, handle + number * 4096)) {
        release_slot(old);
        return;
    }
    __atomic_store_n(&old->flags, LR_PAIR_REUSED, __ATOMIC_RELAXED);
    set_tag(old, 0);
}

static void record_acquired(uint32_t pair, uint32_t stack, uintptr_t handle)
{
    mark_reused(handle);
    uint32_t site = lr_pair_site(pair, stack);
    if (!site) {
        lr_count(LR_CNT_pairs_full);
        return;
    }
    struct lr_pairsite *totals = &lr_file.pairsites[site - 1];
    struct lr_pair record = {
        .key = handle,
        .stack = stack,
        .birth_ms = lr_trace_ms(),
        .site = site - 1,
        .pair = (uint16_t)pair,
        .thread = lr_thread_label(),
    };
    add(&totals->acquired);
    if (!insert(&record, handle)) {
        add(&totals->lost);
        lr_count(LR_CNT_pairs_full);
    }
}

void lr_pair_acquire_end(struct lr_pair_scope *scope, uint32_t pair, uintptr_t handle)
{
    if (!scope->active)
        return;
    leave_scope(scope);
    if (!handle || scope->unrecorded || !lr_enter())
        return;
    record_acquired(pair, scope->stack, handle);
    lr_leave();
}

void lr_pair_use_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, uintptr_t handle)
{
    if (!enter(scope, caller))
        return;
    const struct lr_pair *pair = find(handle);
    if (pair)
        enter_scope(scope, caller, pair->stack, true);
    lr_leave();
}

void lr_pair_use_end(struct lr_pair_scope *scope)
{
    if (scope->active)
        leave_scope(scope);
}

static void count_release(const struct lr_pair *pair, enum lr_releaser who, uint64_t by)
{
    struct lr_pairsite *totals = &lr_file.pairsites[pair->site];
    __atomic_fetch_add(&totals->released, by, __ATOMIC_RELAXED);
    if (who == LR_RELEASER_CLEANER)
        __atomic_fetch_add(&totals->released_by_cleaner, by, __ATOMIC_RELAXED);
    else if (who == LR_RELEASER_UNKNOWN)
        __atomic_fetch_add(&totals->released_unknown, by, __ATOMIC_RELAXED);
}

/* False: no such pair is known. */
static bool record_released(struct lr_pair_scope *scope, uint32_t pair, uintptr_t handle)
{
    struct lr_pair *slot = find(handle);

    if (!slot || slot->pair != pair)
        return false;
    scope->released = *slot;
    count_release(slot, scope->who, 1);
    release_slot(slot);
    if (scope->who == LR_RELEASER_CLEANER) {
        lr_trace_event(LR_EVENT_CLEANED, scope->released.site, handle);
        lr_collections_note_cleaned(scope->released.birth_ms);
    }
    return true;
}

void lr_pair_release_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, uint32_t pair,
                           uintptr_t handle, enum lr_releaser who)
{
    scope->released.key = 0;
    scope->who = who;
    if (!enter(scope, caller)) {
        /* Inside another pair's call, whose allocator makes room by ending others.  What that call
         * ends as a part of its own end isn't there any more. */
        if (lr_self.in_pair && lr_enter()) {
            record_released(scope, pair, handle);
            lr_leave();
        }
        return;
    }
    if (!record_released(scope, pair, handle))
        lr_count(LR_CNT_pair_unknown_release);
    enter_scope(scope, caller, 0, false);
    lr_leave();
}

void lr_pair_release_failed(struct lr_pair_scope *scope)
{
    if (!scope->active || !scope->released.key || !lr_enter())
        return;
    count_release(&scope->released, scope->who, (uint64_t)-1);
    if (!insert(&scope->released, scope->released.key))
        lr_count(LR_CNT_pairs_full);
    lr_leave();
}

void lr_pair_release_end(struct lr_pair_scope *scope)
{
    if (scope->active)
        leave_scope(scope);
}

void lr_pairs_mark_sites(struct lr_marks *sites)
{
    const struct lr_pair *end = lr_file.pairs + lr_file_capacity(LR_SEC_PAIRS);
    for (const struct lr_pair *slot = lr_file.pairs; slot < end; slot++)
        if (__atomic_load_n(&slot->key, __ATOMIC_ACQUIRE))
            lr_mark(sites, __atomic_load_n(&slot->site, __ATOMIC_RELAXED));
}
