/* stacks.c -- stacks.h.
 *
 * Stage: STACK -> RECORD.  Context: any thread, inside malloc, under the guard.
 *
 * Under the intern lock, frames are made independent of addresses (module + offset, named Java
 * frame), so that the same source stack is one entry however it was compiled or loaded.  What the
 * hot path does before it comes here is in stack_take.c.
 */
#include "stacks.h"

#include "file.h"
#include "intern.h"
#include "jvm.h"
#include "modules.h"
#include "nodes.h"
#include "pair_sites.h"
#include "prim.h"
#include "record.h"
#include "regions.h"
#include "stack_totals.h"
#include "trace.h"

/* lr_stack.link: the next stack of the same chain, or the next free entry, above a bit that says
 * that the stack may be in the hands of a pair's call that waits. */
enum { PINNED = 1 };

enum { FOLDED_FRAMES = 16 };

static uint32_t *heads; /* chains of stacks by hash */
static uint32_t head_mask;
static uint32_t free_head; /* free entries, linked */
static uint64_t free_count;
static uint32_t folded_count; /* entries with LR_STACK_FOLDED */

bool lr_stacks_start(void)
{
    uint32_t count = 1024; /* chains of one or two in a full section */
    while (count < lr_file_capacity(LR_SEC_STACKS) / 2)
        count *= 2;
    heads = lr_prim_map(count * sizeof *heads);
    head_mask = count - 1;
    if (!heads || !lr_totals_start() || !lr_nodes_start())
        return false;
    lr_file.section[LR_SEC_STACKS]->used = 1; /* entry 0: no stack */
    return true;
}

static uint32_t next_of(uint32_t id)
{
    return __atomic_load_n(&lr_file.stacks[id].link, __ATOMIC_RELAXED) >> 1;
}

/* Others pin and unpin meanwhile. */
static void set_next(uint32_t id, uint32_t next)
{
    uint32_t *link = &lr_file.stacks[id].link, old = __atomic_load_n(link, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(link, &old, next << 1 | (old & PINNED), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static uint32_t *head_of(uint32_t id)
{
    return &heads[lr_file.stacks[id].hash & head_mask];
}

static void add_to_chain(uint32_t id)
{
    uint32_t *head = head_of(id);
    set_next(id, *head);
    *head = id;
}

static void take_from_chain(uint32_t id)
{
    uint32_t *head = head_of(id), before = *head;
    if (before == id) {
        *head = next_of(id);
        return;
    }
    while (before && next_of(before) != id)
        before = next_of(before);
    if (before)
        set_next(before, next_of(id));
}

/* Names the frames; returns how many. */
static size_t normalize(const struct lr_raw_stack *raw, uint64_t *frames)
{
    size_t count = 0;
    for (size_t i = 0; i < raw->native_count; i++) {
        uintptr_t bias = 0, pc = raw->native[i];
        uint64_t module = lr_module_index(pc - 1, &bias);
        frames[count++] = module << LR_FRAME_MODULE_SHIFT | ((pc - bias) & LR_FRAME_ADDR_MASK);
    }
    for (size_t i = 0; i < raw->java_count; i++) {
        uint32_t named = lr_jvm_name(&raw->java[i]);
        if (named)
            frames[count++] = LR_FRAME_JAVA | (named - 1);
    }
    return count;
}

struct key {
    uint64_t hash;
    const uint64_t *frames;
    size_t count;
    uint32_t flags;
};

static bool same_stack(uint32_t id, const struct key *key)
{
    const struct lr_stack *stack = &lr_file.stacks[id];
    return stack->hash == key->hash && stack->frame_count == key->count &&
           stack->flags == key->flags && lr_nodes_equal(stack->node, key->frames, key->count);
}

/* The word that makes an entry a stack, or none. */
static void publish(struct lr_stack *stack, uint32_t node, size_t count, uint32_t flags)
{
    struct lr_stack head = {.node = node, .frame_count = (uint16_t)count, .flags = (uint16_t)flags};
    uint64_t word;
    __builtin_memcpy(&word, &head, sizeof word);
    __atomic_store_n((uint64_t *)(void *)stack, word, __ATOMIC_RELEASE);
}

/* A free entry, else the next one; 0 when there is none. */
static uint32_t new_id(void)
{
    const struct lr_section *section = lr_file.section[LR_SEC_STACKS];
    if (free_head) {
        uint32_t id = free_head;
        free_head = next_of(id);
        __atomic_store_n(&free_count, free_count - 1, __ATOMIC_RELAXED);
        return id;
    }
    return section->used < section->capacity ? (uint32_t)section->used : 0;
}

static void give_back(uint32_t id)
{
    set_next(id, free_head);
    free_head = id;
    __atomic_store_n(&free_count, free_count + 1, __ATOMIC_RELAXED);
}

static uint32_t append_stack(const struct key *key)
{
    struct lr_section *section = lr_file.section[LR_SEC_STACKS];
    uint32_t id = new_id(), node = id ? lr_nodes_add(key->frames, key->count) : 0;
    if (!node && key->count && id && id < section->used)
        give_back(id);
    if (!id || (!node && key->count)) {
        lr_count(LR_CNT_stacks_full);
        return 0;
    }
    struct lr_stack *stack = &lr_file.stacks[id];
    stack->hash = key->hash;
    stack->first_ms = lr_trace_ms();
    stack->link = 0;
    publish(stack, node, key->count, key->flags);
    if (id == section->used)
        __atomic_store_n(&section->used, section->used + 1, __ATOMIC_RELEASE);
    add_to_chain(id);
    return id;
}

unsigned lr_stacks_fullness(void)
{
    const struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    uint64_t used = __atomic_load_n(&stacks->used, __ATOMIC_RELAXED);
    uint64_t by_stacks =
        (used - __atomic_load_n(&free_count, __ATOMIC_RELAXED)) * 16 / stacks->capacity;
    uint64_t by_nodes = lr_nodes_used() * 16 / lr_file_capacity(LR_SEC_NODES);
    return (unsigned)(by_stacks > by_nodes ? by_stacks : by_nodes);
}

/* How many frames a new stack may have.  A stack's innermost frames are shared by many, once the
 * outer ones are gone. */
static size_t allowance(enum lr_stack_use use)
{
    if (use != LR_STACK_OF_BLOCK)
        return SIZE_MAX;
    unsigned sixteenths = lr_stacks_fullness();
    return sixteenths < 12 ? SIZE_MAX : sixteenths < 14 ? 16 : sixteenths < 15 ? 4 : 0;
}

/* Also sets the key's hash.  0: it isn't stored. */
static uint32_t find_stack(struct key *key)
{
    key->hash = key->flags;
    for (size_t i = 0; i < key->count; i++)
        key->hash = lr_hash_mix(key->hash, key->frames[i]);
    uint32_t id = heads[key->hash & head_mask];
    while (id && !same_stack(id, key))
        id = next_of(id);
    return id;
}

/* A stack that isn't stored yet, as far as there is room for it. */
static uint32_t store_stack(struct key *key, enum lr_stack_use use)
{
    size_t allowed = allowance(use);
    uint32_t found = find_stack(key);
    if (!found && key->count > allowed) {
        lr_count(allowed ? LR_CNT_stacks_cut : LR_CNT_stacks_full);
        if (!allowed)
            return 0;
        key->count = allowed;
        key->flags |= LR_STACK_DEPTH_CUT;
        found = find_stack(key);
    }
    return found ? found : append_stack(key);
}

__attribute__((cold)) uint32_t lr_stack_intern(const struct lr_raw_stack *raw,
                                               enum lr_stack_use use)
{
    uint64_t frames[raw->native_count + raw->java_count + 1];
    if (!lr_intern_lock()) {
        lr_count(LR_CNT_intern_busy);
        return 0;
    }
    struct key key = {.frames = frames, .flags = raw->flags};
    key.count = normalize(raw, frames);
    if (raw->java_count)
        key.flags |= LR_STACK_JAVA;
    uint32_t id = store_stack(&key, use);
    if (use != LR_STACK_OF_BLOCK)
        lr_stack_pin(id);
    lr_intern_unlock();
    return id;
}

void lr_stack_pin(uint32_t id)
{
    if (!(__atomic_load_n(&lr_file.stacks[id].link, __ATOMIC_RELAXED) & PINNED))
        __atomic_fetch_or(&lr_file.stacks[id].link, PINNED, __ATOMIC_RELAXED);
}

void lr_stack_unpin(uint32_t id)
{
    __atomic_fetch_and(&lr_file.stacks[id].link, ~(uint32_t)PINNED, __ATOMIC_RELAXED);
}

bool lr_stack_has_target(uint32_t id)
{
    return lr_file.stacks[id].frame_count > FOLDED_FRAMES;
}

/* How many stacks may stand for folded ones. */
static uint32_t folded_limit(void)
{
    return (uint32_t)(lr_file_capacity(LR_SEC_STACKS) / 8);
}

uint32_t lr_stack_target(uint32_t id)
{
    const struct lr_stack *stack = &lr_file.stacks[id];
    uint64_t frames[FOLDED_FRAMES];
    if (!lr_stack_has_target(id) || lr_stacks_fullness() >= 14)
        return 0;
    uint32_t node = stack->node;
    for (size_t i = 0; i < FOLDED_FRAMES; i++, node = lr_file.nodes[node].parent)
        frames[i] = lr_file.nodes[node].frame;
    struct key key = {.frames = frames, .count = FOLDED_FRAMES};
    key.flags = (stack->flags & LR_STACK_JAVA) | LR_STACK_DEPTH_CUT | LR_STACK_FOLDED;
    uint32_t found = find_stack(&key);
    if (found || folded_count >= folded_limit())
        return found;
    folded_count++;
    return append_stack(&key);
}

static uint32_t count(void)
{
    return (uint32_t)__atomic_load_n(&lr_file.section[LR_SEC_STACKS]->used, __ATOMIC_ACQUIRE);
}

static bool mark(struct lr_marks *referred)
{
    lr_record_mark(referred);
    lr_pair_sites_mark(referred);
    return lr_regions_mark(referred);
}

static bool may_go(uint32_t id)
{
    const struct lr_stack *stack = &lr_file.stacks[id];
    bool stands = stack->flags & LR_STACK_FOLDED && folded_count < folded_limit() / 2;
    return id != 0 && !(stack->flags & LR_STACK_FREE) && !stands &&
           !(__atomic_load_n(&stack->link, __ATOMIC_RELAXED) & PINNED);
}

static void retire(uint32_t id)
{
    take_from_chain(id);
}

static void restore(uint32_t id)
{
    add_to_chain(id);
}

static void fold(uint32_t id)
{
    struct lr_stack *stack = &lr_file.stacks[id];
    uint32_t node = stack->node, target = lr_stack_target(id);
    folded_count -= (stack->flags & LR_STACK_FOLDED) != 0;
    publish(stack, 0, 0, LR_STACK_FREE);
    lr_totals_move(id, target);
    lr_nodes_drop(node);
    give_back(id);
    lr_count(LR_CNT_stacks_folded);
}

const struct lr_foldable lr_foldable_stacks = {
    lr_stacks_fullness, count, lr_stack_adds, mark, may_go, retire, lr_stacks_forget, restore, fold,
};
