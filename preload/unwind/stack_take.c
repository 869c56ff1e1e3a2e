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
#include "lanes.h"
#include "prim.h"
#include "stacks.h"
#include "trace.h"
#include "unwind_hash.h"

/* A group is a cache line. */
enum { MEMO_WAYS = 8, FIRST_MEMO = 4096 };
static const uint64_t CHECK_MULTIPLIER = 0x9e3779b97f4a7c15u;

/* An entry is a stack's id below the rest of its hash, so that it is read and stored at once; the
 * hash's low bits, which the id displaces, have chosen the group.  0: free. */
static uint64_t *memo;
static uint64_t memo_slots;                         /* mapped */
static uint64_t memo_mask = FIRST_MEMO - MEMO_WAYS; /* of the part in use: a group's first slot */
static uint64_t memo_ids;                           /* the bits of an entry that are the id */
static uint32_t memo_stored;
static uint64_t memo_epoch; /* part of every hash */

/* With as many slots as stacks or more; of a full section 9 in 100 find none in their group
 * and push out another. */
bool lr_stack_take_start(void)
{
    uint64_t stacks = lr_file_capacity(LR_SEC_STACKS), slots = FIRST_MEMO;
    while (slots < stacks)
        slots *= 2;
    memo = lr_prim_map(slots * sizeof *memo);
    memo_slots = slots;
    memo_ids = slots - 1;
    return memo != NULL;
}

static uint64_t *memo_group(uint64_t hash)
{
    return &memo[hash & __atomic_load_n(&memo_mask, __ATOMIC_RELAXED)];
}

/* What was found is looked at once more, as one word. */
static inline uint32_t memo_find(uint64_t hash)
{
    const uint64_t *group = memo_group(hash);
    uint64_t ids = memo_ids;
    uint32_t found = lr_lanes_equal(group, ids, hash & ~ids);
    if (__builtin_expect(!found, 0))
        return 0;
    uint64_t entry = __atomic_load_n(&group[lr_lanes_first(found)], __ATOMIC_RELAXED);
    return (uint32_t)(((entry ^ hash) & ~ids) == 0 ? entry & ids : 0);
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

/* Two threads that store into one entry leave one of the two. */
static void memo_store(uint64_t hash, uint32_t id)
{
    memo_grow();
    uint64_t *group = memo_group(hash);
    unsigned way = 0;
    while (way < MEMO_WAYS && __atomic_load_n(&group[way], __ATOMIC_RELAXED))
        way++;
    if (way == MEMO_WAYS)
        way = (hash >> 60) % MEMO_WAYS;
    __atomic_store_n(&group[way], (hash & ~memo_ids) | id, __ATOMIC_RELAXED);
}

void lr_stacks_forget(void)
{
    __atomic_fetch_add(&memo_epoch, 1, __ATOMIC_RELEASE);
}

static uint32_t flags_of(enum lr_unwind_end end)
{
    return end == LR_UNWIND_DEPTH  ? LR_STACK_DEPTH_CUT
           : end == LR_UNWIND_LOST ? LR_STACK_NATIVE_LOST
                                   : 0;
}

/* Whose stack is to be had, and since when what is known about it holds: the epochs are read before
 * anything else, so that an id of before lr_stacks_forget() can't be remembered after it, nor one
 * of a module that has gone. */
struct want {
    const struct lr_regs *caller;
    enum lr_stack_use use;
    void *env; /* of the native method that asks; NULL: inside malloc */
    bool is_certain; /* else the memo isn't used */
    uint64_t epochs;
};

static inline struct want want_from(const struct lr_regs *caller, enum lr_stack_use use)
{
    struct lr_code_epoch code = lr_unwind_epoch();
    uint64_t ids = __atomic_load_n(&memo_epoch, __ATOMIC_ACQUIRE);
    return (struct want){caller, use, NULL, code.is_certain, (uint64_t)code.number << 32 ^ ids};
}

/* A pair's stack and a block's are remembered apart: the block's may be cut. */
static uint64_t hash_native(const struct want *want, uint64_t trail, uint32_t flags)
{
    uint64_t rest = (uint64_t)flags << 1 | (want->use == LR_STACK_OF_BLOCK);
    return lr_hash_mix(trail, want->epochs ^ rest << 24);
}

static uint64_t hash_java(uint64_t hash, const struct lr_java_walk *java)
{
    if (java->count)
        hash = lr_hash_mix(hash, java->epoch);
    for (size_t i = 0; i < java->count; i++)
        hash = lr_hash_mix(hash, java->frames[i].at ^ java->frames[i].id * CHECK_MULTIPLIER);
    return hash;
}

/* Generated code ends the native walk; the Java frames say better what it is. */
static bool ends_in_java(enum lr_unwind_end end, const struct lr_java_walk *java)
{
    return end == LR_UNWIND_FOREIGN && java->count != 0;
}

/* The memo knows a stack by the flags that its walk gave; looking closer may add some. */
static uint32_t store(const struct want *want, struct lr_raw_stack *raw,
                      const struct lr_java_walk *java, uint64_t hash)
{
    struct lr_java_frame frames[java->count ? lr_config.java_depth : 1];
    raw->java = frames;
    if (java->count)
        raw->java_count = lr_jvm_resolve_first(java, frames, lr_config.java_depth, &raw->flags);
    uint32_t id = lr_stack_intern(raw, want->use);
    raw->java = NULL; /* no longer than this function */
    if (id && want->is_certain)
        memo_store(hash, id);
    return id;
}

/* The trail told only that the stack isn't known; its frames are collected now. */
static __attribute__((noinline, cold)) uint32_t
intern(const struct want *want, const struct lr_java_walk *java, uint32_t flags)
{
    uintptr_t native[lr_config.depth];
    enum lr_unwind_end end;
    struct lr_raw_stack raw = {.native = native};
    raw.native_count = lr_unwinder->walk(want->caller, native, lr_config.depth, &end);
    if (raw.native_count && ends_in_java(end, java))
        raw.native_count--;
    raw.flags = flags | flags_of(end);
    uint64_t trail = lr_unwind_hash(native, raw.native_count);
    uint64_t hash = hash_java(hash_native(want, trail, raw.flags), java);
    return store(want, &raw, java, hash);
}

static void collect_java(struct lr_java_walk *java, void *env, const struct lr_trail *trail,
                         uint32_t *flags)
{
    uint32_t depth = lr_own_work_begin(); /* the JVM may grow an arena of its own for us */
    lr_jvm_walk(java, lr_config.java_depth, env, trail, flags);
    lr_own_work_end(depth);
}

static __attribute__((noinline)) uint32_t take_with_java(const struct want *want,
                                                         struct lr_trail *trail)
{
    struct lr_java_raw frames[lr_config.java_depth];
    struct lr_java_walk java = {.frames = frames};
    uint32_t flags = 0;
    collect_java(&java, want->env, trail, &flags);
    if (trail->count && ends_in_java(trail->end, &java))
        trail->hash -= lr_unwind_term(trail->last, trail->count - 1);
    uint64_t hash = hash_native(want, trail->hash, flags_of(trail->end) | flags);
    uint32_t id = want->is_certain ? memo_find(hash_java(hash, &java)) : 0;
    return __builtin_expect(id != 0, 1) ? id : intern(want, &java, flags);
}

static inline uint32_t take(const struct want *want, struct lr_trail *trail)
{
    if (__builtin_expect(trail->end == LR_UNWIND_LOST, 0))
        lr_count(LR_CNT_native_lost);
    if (lr_jvm_exists())
        return take_with_java(want, trail);
    uint32_t id = memo_find(hash_native(want, trail->hash, flags_of(trail->end)));
    if (__builtin_expect(id != 0 && want->is_certain, 1))
        return id;
    static const struct lr_java_walk no_java;
    return intern(want, &no_java, 0);
}

uint32_t lr_stack_take(const struct lr_regs *caller, enum lr_stack_use use)
{
    struct want want = want_from(caller, use);
    struct lr_trail trail;
    lr_unwinder->follow(caller, lr_config.depth, &trail);
    return take(&want, &trail);
}

/* Java calls its native methods from generated code: that is all there is of native frames. */
uint32_t lr_stack_take_in_native(const struct lr_regs *caller, void *env)
{
    struct want want = want_from(caller, LR_STACK_OF_PAIR);
    struct lr_trail trail = {.hash = lr_unwind_term(caller->pc, 0),
                             .count = 1,
                             .last = caller->pc,
                             .end = LR_UNWIND_FOREIGN,
                             .at = *caller};
    want.env = env;
    if (!lr_unwind_is_generated(caller->pc - 1))
        lr_unwinder->follow(caller, lr_config.depth, &trail);
    return take(&want, &trail);
}
