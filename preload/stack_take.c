/* stack_take.c -- stack_take.h.
 *
 * Stage: STACK -> RECORD.  Context: any thread, inside malloc, under the guard.
 *
 * A memo maps the hash of the raw stack (addresses, method ids) to a stack id; it is lock-free, may
 * forget, and is all that the hot path touches.  What it doesn't know goes to lr_stack_intern.
 */
#include "stack_take.h"

#include "config.h"
#include "file.h"
#include "guard.h"
#include "intern.h"
#include "jvm.h"
#include "prim.h"
#include "stacks.h"
#include "trace.h"

enum { MEMO_WAYS = 4, FIRST_MEMO = 4096 };

/* check == hash ^ id * CHECK_MULTIPLIER when the two words belong together: a reader that sees
 * half of a concurrent store sees a miss. */
struct memo {
    uint64_t check;
    uint64_t id;
};
static const uint64_t CHECK_MULTIPLIER = 0x9e3779b97f4a7c15u;

static struct memo *memo;
static uint64_t memo_slots;                         /* mapped */
static uint64_t memo_mask = FIRST_MEMO - MEMO_WAYS; /* of the part in use: a group's first slot */
static uint32_t memo_stored;
static uint64_t memo_epoch; /* part of every hash */

bool lr_stack_take_start(void)
{
    uint64_t stacks = lr_file_capacity(LR_SEC_STACKS), slots = FIRST_MEMO;
    while (slots < stacks * 2)
        slots *= 2;
    memo = lr_prim_map(slots * sizeof *memo);
    memo_slots = slots;
    return memo != NULL;
}

static uint64_t hash_raw(const struct lr_raw_stack *raw)
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

/* A half full memo doubles; it forgets half of what it knew by that. */
static void memo_grow(void)
{
    uint64_t mask = __atomic_load_n(&memo_mask, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&memo_stored, 1, __ATOMIC_RELAXED) <= mask >> 1 ||
        mask * 2 >= memo_slots)
        return;
    __atomic_store_n(&memo_mask, mask * 2 + MEMO_WAYS, __ATOMIC_RELAXED);
    __atomic_store_n(&memo_stored, 0, __ATOMIC_RELAXED);
}

/* Two threads that store into one entry leave a miss, or one of the two. */
static void memo_store(uint64_t hash, uint32_t id)
{
    memo_grow();
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

static void collect_java(struct lr_raw_stack *raw, enum lr_stack_use use)
{
    uint32_t depth = lr_own_work_begin(); /* the JVM may grow an arena of its own for us */
    raw->java_count = use == LR_STACK_OF_JAVA_PAIR
                          ? lr_jvm_frames_native(raw->java, lr_config.java_depth, &raw->flags)
                          : lr_jvm_frames(raw->java, lr_config.java_depth, &raw->flags);
    lr_own_work_end(depth);
}

static void collect(struct lr_raw_stack *raw, const struct lr_regs *caller, enum lr_stack_use use)
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

static __attribute__((noinline, cold)) uint32_t intern(const struct lr_raw_stack *raw,
                                                       uint64_t hash, enum lr_stack_use use)
{
    uint32_t id = lr_stack_intern(raw, use);
    if (id)
        memo_store(hash, id);
    return id;
}

/* A pair's stack and a block's are remembered apart: the block's may be cut. */
static uint32_t take(struct lr_raw_stack *raw, const struct lr_regs *caller, enum lr_stack_use use)
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
    struct lr_raw_stack raw = {.native = native, .java = java};
    return take(&raw, caller, use);
}

uint32_t lr_stack_take(const struct lr_regs *caller, enum lr_stack_use use)
{
    if (lr_jvm_exists())
        return take_with_java(caller, use);
    uintptr_t native[lr_config.depth];
    struct lr_raw_stack raw = {.native = native};
    return take(&raw, caller, use);
}
