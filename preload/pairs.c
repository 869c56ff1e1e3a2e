/* pairs.c -- pairs.h: live pairs and exact totals per pair and stack, straight into the file.
 *
 * Stage: intercept -> RECORD -> FILE.  Context: any thread, in the interposed call, not inside
 * malloc.  The pair table works as table.h's (window, no tombstones, owner removes); a handle
 * belongs to whoever acquired it until it is released.
 */
#include "pairs.h"

#include "file.h"
#include "guard.h"
#include "intern.h"
#include "marks.h"
#include "pair_sites.h"
#include "pairs_start.h"
#include "stacks.h"
#include "threads.h"
#include "trace.h"

enum { PAIR_WINDOW = 32 };

static uint32_t homes;

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
    homes = (uint32_t)(lr_file_capacity(LR_SEC_PAIRS) - PAIR_WINDOW + 1);
    define_pairs();
    return lr_pair_sites_start();
}

static struct lr_pair *home_of(uintptr_t handle)
{
    uint32_t hash = (uint32_t)((handle >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    return &lr_file.pairs[(uint64_t)hash * homes >> 32];
}

static struct lr_pair *find(uintptr_t handle)
{
    struct lr_pair *slot = home_of(handle), *end = slot + PAIR_WINDOW;
    for (; slot < end; slot++)
        if (__atomic_load_n(&slot->key, __ATOMIC_RELAXED) == handle &&
            !(slot->flags & LR_PAIR_REUSED))
            return slot;
    return NULL;
}

/* Near the home of `place`, which is the handle unless nobody will look for it. */
static bool insert(const struct lr_pair *pair, uintptr_t place)
{
    struct lr_pair *slot = home_of(place), *end = slot + PAIR_WINDOW;
    for (; slot < end; slot++) {
        uint64_t free = 0;
        if (__atomic_load_n(&slot->key, __ATOMIC_RELAXED) != 0 ||
            !__atomic_compare_exchange_n(&slot->key, &free, pair->key | LR_KEY_BUSY, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        slot->stack = pair->stack;
        slot->birth_ms = pair->birth_ms;
        slot->site = pair->site;
        slot->pair = pair->pair;
        slot->flags = pair->flags;
        slot->thread = pair->thread;
        slot->gen++;
        __atomic_store_n(&slot->key, pair->key, __ATOMIC_RELEASE);
        return true;
    }
    return false;
}

static void add(uint64_t *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* From here to leave_scope this thread's allocations belong to the pair acquired at `stack`. */
static void enter_scope(struct lr_pair_scope *scope, uint32_t stack, bool later)
{
    scope->stack = stack;
    scope->saved_stack = lr_self.pair_stack;
    scope->saved_later = lr_self.pair_later;
    scope->active = true;
    lr_self.pair_stack = stack;
    lr_self.pair_later = later;
    lr_self.in_pair = 1;
}

static void leave_scope(struct lr_pair_scope *scope)
{
    lr_self.pair_stack = scope->saved_stack;
    lr_self.pair_later = scope->saved_later;
    lr_self.in_pair = 0;
}

/* Outermost pair call of a recording process?  Then under the guard until lr_leave(). */
static bool enter(struct lr_pair_scope *scope)
{
    scope->active = false;
    return !lr_self.in_pair && lr_enter();
}

void lr_pair_acquire_begin(struct lr_pair_scope *scope, const struct lr_regs *caller,
                           bool from_java)
{
    if (!enter(scope))
        return;
    uint32_t stack = lr_stack_take(caller, from_java ? LR_STACK_OF_JAVA_PAIR : LR_STACK_OF_PAIR);
    lr_stack_pin(stack); /* the real call may take its time */
    scope->unrecorded = from_java && lr_jvm_has_died(); /* asked afterwards: the stack is no good */
    enter_scope(scope, stack, false);
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
    if (insert(&moved, handle + number * 4096))
        __atomic_store_n(&old->key, 0, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&old->flags, LR_PAIR_REUSED, __ATOMIC_RELAXED);
}

static void record_acquired(enum lr_pair_id pair, uint32_t stack, uintptr_t handle)
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

void lr_pair_acquire_end(struct lr_pair_scope *scope, enum lr_pair_id pair, uintptr_t handle)
{
    if (!scope->active)
        return;
    leave_scope(scope);
    if (!handle || scope->unrecorded || !lr_enter())
        return;
    record_acquired(pair, scope->stack, handle);
    lr_leave();
}

void lr_pair_use_begin(struct lr_pair_scope *scope, uintptr_t handle)
{
    if (!enter(scope))
        return;
    const struct lr_pair *pair = find(handle);
    if (pair)
        enter_scope(scope, pair->stack, true);
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

static void record_released(struct lr_pair_scope *scope, enum lr_pair_id pair, uintptr_t handle)
{
    struct lr_pair *slot = find(handle);
    if (!slot || slot->pair != pair) {
        lr_count(LR_CNT_pair_unknown_release);
        return;
    }
    scope->released = *slot;
    count_release(slot, scope->who, 1);
    if (scope->who == LR_RELEASER_CLEANER)
        lr_trace_event(LR_EVENT_CLEANED, slot->site, handle);
    __atomic_store_n(&slot->key, 0, __ATOMIC_RELEASE);
}

void lr_pair_release_begin(struct lr_pair_scope *scope, enum lr_pair_id pair, uintptr_t handle,
                           enum lr_releaser who)
{
    if (!enter(scope))
        return;
    scope->released.key = 0;
    scope->who = who;
    record_released(scope, pair, handle);
    enter_scope(scope, 0, false);
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
