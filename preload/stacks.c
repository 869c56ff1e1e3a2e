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
#include "prim.h"
#include "sampler.h"
#include "trace.h"

struct totals {
    uint64_t count, bytes;
    double count_variance, bytes_variance; /* of what was sampled; 0 while all was recorded */
};

static struct lr_index index_;
static struct totals *totals;
static bool deferred;

bool lr_stacks_start(void)
{
    totals = lr_prim_map(lr_file_capacity(LR_SEC_STACKS) * sizeof *totals);
    if (!totals || !lr_nodes_start() || !lr_index_start(&index_))
        return false;
    lr_file.section[LR_SEC_STACKS]->used = 1; /* entry 0: no stack */
    return true;
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

static bool same_stack(uint32_t id, const void *wanted)
{
    const struct key *key = wanted;
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

static uint32_t append_stack(const struct key *key)
{
    struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    bool full = stacks->used >= stacks->capacity;
    uint32_t node = full ? 0 : lr_nodes_add(key->frames, key->count);
    if (full || (!node && key->count)) {
        lr_count(LR_CNT_stacks_full);
        return 0;
    }
    uint32_t id = (uint32_t)stacks->used;
    struct lr_stack *stack = &lr_file.stacks[id];
    stack->hash = key->hash;
    stack->first_ms = lr_trace_ms();
    publish(stack, node, key->count, key->flags);
    __atomic_store_n(&stacks->used, stacks->used + 1, __ATOMIC_RELEASE);
    lr_index_add(&index_, key->hash, id);
    return id;
}

/* Fullness of the stack sections, in sixteenths. */
static unsigned fullness(void)
{
    const struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    uint64_t by_stacks = stacks->used * 16 / stacks->capacity;
    uint64_t by_nodes = lr_nodes_used() * 16 / lr_file_capacity(LR_SEC_NODES);
    return (unsigned)(by_stacks > by_nodes ? by_stacks : by_nodes);
}

/* How many frames a new stack may have.  A stack's innermost frames are shared by many, once the
 * outer ones are gone. */
static size_t allowance(enum lr_stack_use use)
{
    if (use != LR_STACK_OF_BLOCK)
        return SIZE_MAX;
    unsigned sixteenths = fullness();
    return sixteenths < 12 ? SIZE_MAX : sixteenths < 14 ? 16 : sixteenths < 15 ? 4 : 0;
}

static uint32_t find_stack(struct key *key)
{
    key->hash = key->flags;
    for (size_t i = 0; i < key->count; i++)
        key->hash = lr_hash_mix(key->hash, key->frames[i]);
    return lr_index_find(&index_, key->hash, same_stack, key);
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
    return found ? found - 1 : append_stack(key);
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
    lr_intern_unlock();
    return id;
}

static void store_variance(uint32_t stack)
{
    double of_count, of_bytes;
    __atomic_load(&totals[stack].count_variance, &of_count, __ATOMIC_RELAXED);
    if (of_count == 0)
        return;
    __atomic_load(&totals[stack].bytes_variance, &of_bytes, __ATOMIC_RELAXED);
    lr_file.stacks[stack].count_variance = (float)of_count;
    lr_file.stacks[stack].bytes_variance = (float)of_bytes;
}

static void add_to_totals(uint32_t stack, uint64_t blocks, uint64_t bytes)
{
    struct totals *total = &totals[stack];
    uint64_t count = __atomic_add_fetch(&total->count, blocks, __ATOMIC_RELAXED);
    uint64_t sum = __atomic_add_fetch(&total->bytes, bytes, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&deferred, __ATOMIC_RELAXED)) {
        lr_file.stacks[stack].alloc_count = count;
        lr_file.stacks[stack].alloc_bytes = sum;
        store_variance(stack);
    }
}

void lr_stack_add(uint32_t stack, uint64_t bytes)
{
    add_to_totals(stack, 1, bytes);
}

static void add_double(double *sum, double more)
{
    double old, now;
    __atomic_load(sum, &old, __ATOMIC_RELAXED);
    do
        now = old + more;
    while (!__atomic_compare_exchange(sum, &old, &now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* A weight is no whole number; it is rounded up or down by chance, so that no error adds up. */
void lr_stack_add_sampled(uint32_t stack, uint64_t bytes, float weight)
{
    double variance = (double)weight * ((double)weight - 1), size = (double)bytes;
    add_double(&totals[stack].count_variance, variance);
    add_double(&totals[stack].bytes_variance, variance * size * size);
    add_to_totals(stack, (uint64_t)(weight + lr_sampler_random()),
                  (uint64_t)(size * weight + lr_sampler_random()));
}

void lr_stack_lost(uint32_t stack, uint64_t bytes)
{
    __atomic_fetch_add(&lr_file.stacks[stack].lost_count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&lr_file.stacks[stack].lost_bytes, bytes, __ATOMIC_RELAXED);
}

void lr_stacks_flush(void)
{
    uint64_t used = __atomic_load_n(&lr_file.section[LR_SEC_STACKS]->used, __ATOMIC_ACQUIRE);
    for (uint64_t id = 0; id < used; id++) {
        uint64_t count = __atomic_load_n(&totals[id].count, __ATOMIC_RELAXED);
        if (lr_file.stacks[id].alloc_count == count)
            continue; /* don't dirty the page */
        lr_file.stacks[id].alloc_count = count;
        lr_file.stacks[id].alloc_bytes = __atomic_load_n(&totals[id].bytes, __ATOMIC_RELAXED);
        store_variance((uint32_t)id);
    }
}

void lr_stacks_defer(bool on)
{
    __atomic_store_n(&deferred, on, __ATOMIC_RELAXED);
}
