/* stacks.c -- stacks.h.
 *
 * Stage: STACK -> RECORD.  Context: any thread, inside malloc, under the guard.
 *
 * Two levels.  A memo maps the hash of the raw stack (addresses, method ids) to a stack id; it is
 * lock-free, may forget, and is all that the hot path touches.  Behind it, under the intern lock,
 * frames are made independent of addresses (module + offset, named Java frame), so that the same
 * source stack is one entry however it was compiled or loaded.
 */
#include "stacks.h"

#include <string.h>

#include "config.h"
#include "file.h"
#include "guard.h"
#include "intern.h"
#include "jvm.h"
#include "modules.h"
#include "prim.h"
#include "trace.h"

enum { MEMO_WAYS = 4, FIRST_MEMO = 4096 };

/* check == hash ^ id * CHECK_MULTIPLIER when the two words belong together: a reader that sees
 * half of a concurrent store sees a miss. */
struct memo {
    uint64_t check;
    uint64_t id;
};
static const uint64_t CHECK_MULTIPLIER = 0x9e3779b97f4a7c15u;

struct totals {
    uint64_t count, bytes;
};

static struct memo *memo;
static uint64_t memo_slots;                /* mapped */
static uint64_t memo_mask = FIRST_MEMO - MEMO_WAYS; /* of the part in use: a group's first slot */
static uint32_t memo_stored;
static uint64_t memo_epoch; /* part of every hash */
static struct lr_index index_;
static struct totals *totals;
static bool deferred;

/* A stack as it was found, before names.  The arrays are on the stack of the hook, which may be
 * that of a signal handler with little room: no larger than asked for, none for Java without it. */
struct raw_stack {
    size_t native_count, java_count;
    uint32_t flags;
    uintptr_t *native;
    struct lr_java_frame *java; /* room for lr_config.java_depth; NULL where there is no JVM */
};

bool lr_stacks_start(void)
{
    uint64_t stacks = lr_file_capacity(LR_SEC_STACKS), slots = FIRST_MEMO;
    while (slots < stacks * 2)
        slots *= 2;
    memo = lr_prim_map(slots * sizeof *memo);
    memo_slots = slots;
    totals = lr_prim_map(stacks * sizeof *totals);
    if (!memo || !totals || !lr_index_start(&index_))
        return false;
    lr_file.section[LR_SEC_STACKS]->used = 1; /* entry 0: no stack */
    return true;
}

static uint64_t hash_raw(const struct raw_stack *raw)
{
    uint64_t hash = lr_hash_mix(__atomic_load_n(&memo_epoch, __ATOMIC_RELAXED), raw->flags);
    for (size_t i = 0; i < raw->native_count; i++)
        hash = lr_hash_mix(hash, raw->native[i]);
    for (size_t i = 0; i < raw->java_count; i++)
        hash = lr_hash_mix(hash, raw->java[i].method ^ (uint64_t)(uint32_t)raw->java[i].bci << 48);
    return hash;
}

static struct memo *memo_group(uint64_t hash)
{
    return &memo[hash & __atomic_load_n(&memo_mask, __ATOMIC_RELAXED)];
}

static uint32_t memo_find(uint64_t hash)
{
    struct memo *group = memo_group(hash);
    for (unsigned i = 0; i < MEMO_WAYS; i++) {
        uint64_t id = __atomic_load_n(&group[i].id, __ATOMIC_RELAXED);
        uint64_t check = __atomic_load_n(&group[i].check, __ATOMIC_RELAXED);
        if (id && check == (hash ^ id * CHECK_MULTIPLIER))
            return (uint32_t)id;
    }
    return 0;
}

/* Under the intern lock.  A half full memo doubles; it forgets half of what it knew by that. */
static void memo_store(uint64_t hash, uint32_t id)
{
    if (++memo_stored > (memo_mask >> 1) && memo_mask * 2 < memo_slots) {
        __atomic_store_n(&memo_mask, memo_mask * 2 + MEMO_WAYS, __ATOMIC_RELAXED);
        memo_stored = 0;
    }
    struct memo *group = memo_group(hash);
    unsigned way = 0;
    while (way < MEMO_WAYS && __atomic_load_n(&group[way].id, __ATOMIC_RELAXED))
        way++;
    if (way == MEMO_WAYS)
        way = (hash >> 60) % MEMO_WAYS;
    __atomic_store_n(&group[way].id, id, __ATOMIC_RELAXED);
    __atomic_store_n(&group[way].check, hash ^ id * CHECK_MULTIPLIER, __ATOMIC_RELAXED);
}

void lr_stacks_forget(void)
{
    __atomic_fetch_add(&memo_epoch, 1, __ATOMIC_RELAXED);
}

static void collect_java(struct raw_stack *raw, enum lr_stack_use use)
{
    uint32_t depth = lr_own_work_begin(); /* the JVM may grow an arena of its own for us */
    raw->java_count = use == LR_STACK_OF_JAVA_PAIR
                          ? lr_jvm_frames_native(raw->java, lr_config.java_depth, &raw->flags)
                          : lr_jvm_frames(raw->java, lr_config.java_depth, &raw->flags);
    lr_own_work_end(depth);
}

static void collect(struct raw_stack *raw, const struct lr_regs *caller, enum lr_stack_use use)
{
    enum lr_unwind_end end = LR_UNWIND_OUTERMOST;
    raw->flags = 0;
    raw->native_count = lr_unwinder->walk(caller, raw->native, lr_config.depth, &end);
    raw->java_count = 0;
    if (raw->java)
        collect_java(raw, use);
    /* Generated code ends the native walk; the Java frames say better what it is. */
    if (end == LR_UNWIND_FOREIGN && raw->java_count && raw->native_count)
        raw->native_count--;
    if (end == LR_UNWIND_DEPTH)
        raw->flags |= LR_STACK_DEPTH_CUT;
    if (end == LR_UNWIND_LOST) {
        raw->flags |= LR_STACK_NATIVE_LOST;
        lr_count(LR_CNT_native_lost);
    }
}
/* Names the frames; returns how many. */
static size_t normalize(const struct raw_stack *raw, uint64_t *frames)
{
    size_t count = 0;
    for (size_t i = 0; i < raw->native_count; i++) {
        uintptr_t bias = 0, pc = raw->native[i];
        uint64_t module = lr_module_index(pc - 1, &bias);
        frames[count++] =
            module << LR_FRAME_MODULE_SHIFT | ((pc - bias) & LR_FRAME_ADDR_MASK);
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
           stack->flags == key->flags &&
           memcmp(lr_file.frames + stack->frames, key->frames, key->count * 8) == 0;
}

static uint32_t append_stack(const struct key *key)
{
    struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    struct lr_section *frames = lr_file.section[LR_SEC_FRAMES];
    if (stacks->used >= stacks->capacity || frames->capacity - frames->used < key->count) {
        lr_count(LR_CNT_stacks_full);
        return 0;
    }
    uint32_t id = (uint32_t)stacks->used;
    struct lr_stack *stack = &lr_file.stacks[id];
    stack->hash = key->hash;
    stack->frames = (uint32_t)frames->used;
    stack->frame_count = (uint16_t)key->count;
    stack->flags = (uint16_t)key->flags;
    stack->first_ms = lr_trace_ms();
    memcpy(lr_file.frames + frames->used, key->frames, key->count * 8);
    __atomic_store_n(&frames->used, frames->used + key->count, __ATOMIC_RELEASE);
    __atomic_store_n(&stacks->used, stacks->used + 1, __ATOMIC_RELEASE);
    lr_index_add(&index_, key->hash, id);
    return id;
}

/* Fullness of the stack sections, in eighths. */
static unsigned fullness(void)
{
    const struct lr_section *stacks = lr_file.section[LR_SEC_STACKS];
    const struct lr_section *frames = lr_file.section[LR_SEC_FRAMES];
    uint64_t by_stacks = stacks->used * 8 / stacks->capacity;
    uint64_t by_frames = frames->used * 8 / frames->capacity;
    return (unsigned)(by_stacks > by_frames ? by_stacks : by_frames);
}

/* How many frames a new stack may have. */
static size_t allowance(enum lr_stack_use use)
{
    if (use != LR_STACK_OF_BLOCK)
        return SIZE_MAX;
    unsigned eighths = fullness();
    return eighths < 4 ? SIZE_MAX : eighths < 6 ? 16 : eighths < 7 ? 4 : 0;
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

static __attribute__((noinline, cold)) uint32_t intern(const struct raw_stack *raw, uint64_t hash,
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
    if (id)
        memo_store(hash, id);
    lr_intern_unlock();
    return id;
}

/* A pair's stack and a block's are remembered apart: the block's may be cut. */
static uint32_t take(struct raw_stack *raw, const struct lr_regs *caller, enum lr_stack_use use)
{
    collect(raw, caller, use);
    uint64_t hash = hash_raw(raw) + (use == LR_STACK_OF_BLOCK);
    uint32_t id = memo_find(hash);
    return __builtin_expect(id != 0, 1) ? id : intern(raw, hash, use);
}

static __attribute__((noinline)) uint32_t take_with_java(const struct lr_regs *caller,
                                                         enum lr_stack_use use)
{
    uintptr_t native[lr_config.depth];
    struct lr_java_frame java[lr_config.java_depth];
    struct raw_stack raw = {.native = native, .java = java};
    return take(&raw, caller, use);
}

uint32_t lr_stack_take(const struct lr_regs *caller, enum lr_stack_use use)
{
    if (lr_jvm_exists())
        return take_with_java(caller, use);
    uintptr_t native[lr_config.depth];
    struct raw_stack raw = {.native = native};
    return take(&raw, caller, use);
}

void lr_stack_add(uint32_t stack, uint64_t bytes)
{
    struct totals *total = &totals[stack];
    uint64_t count = __atomic_add_fetch(&total->count, 1, __ATOMIC_RELAXED);
    uint64_t sum = __atomic_add_fetch(&total->bytes, bytes, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&deferred, __ATOMIC_RELAXED)) {
        lr_file.stacks[stack].alloc_count = count;
        lr_file.stacks[stack].alloc_bytes = sum;
    }
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
    }
}

void lr_stacks_defer(bool on)
{
    __atomic_store_n(&deferred, on, __ATOMIC_RELAXED);
}
