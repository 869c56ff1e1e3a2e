/* young.c -- young.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.
 * Memory order: as in table.c.  An insertion fills the rest while the key is BUSY and publishes
 * the key with release; whoever removes owns the block, so it has seen that already.
 */
#include "young.h"

#include "clock.h"
#include "lanes.h"
#include "marks.h"

#define STORE(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)
#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

#define DEAD UINT64_C(4) /* released while the helper thread was moving it */

enum { BUCKET = 8, TRIES = 16, PART = 128 };

static const uint64_t SPREAD = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t parts(uint32_t slots)
{
    return (slots + PART - 1) / PART;
}

size_t lr_young_bytes(uint32_t slots)
{
    return slots * (sizeof(uint64_t) + sizeof(struct lr_young_rest)) + parts(slots);
}

struct lr_young lr_young_over(void *memory, uint32_t slots)
{
    uint64_t *keys = memory;
    struct lr_young_rest *rest = (struct lr_young_rest *)(keys + slots);
    return (struct lr_young){.keys = keys,
                             .rest = rest,
                             .fresh = (uint8_t *)(rest + slots),
                             .slot_count = slots,
                             .home_shift = (uint32_t)__builtin_clzll(slots / BUCKET) + 1};
}

static inline uint64_t *home(const struct lr_young *young, uintptr_t address)
{
    return &young->keys[((address >> 4) * SPREAD >> young->home_shift) * BUCKET];
}

static inline uint64_t *neighbour(const struct lr_young *young, uint64_t *bucket)
{
    return &young->keys[(size_t)(bucket - young->keys) ^ BUCKET];
}

void lr_young_prefetch(const struct lr_young *young, uintptr_t address)
{
    uint64_t *bucket = home(young, address);
    __builtin_prefetch(bucket, 1);
    __builtin_prefetch(&young->rest[bucket - young->keys], 1);
}

/* A free slot, or that of an earlier block at the same address, which must be dead: its release
 * went by a way that we don't see. */
static inline uint64_t *take_in(uint64_t *bucket, uint64_t address)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        uint32_t same = lr_lanes_equal(bucket, 0, address), free = lr_lanes_equal(bucket, 0, 0);
        if (__builtin_expect(!(same | free), 0))
            return NULL;
        uint64_t *slot = &bucket[lr_lanes_first(same ? same : free)], there = LOAD(*slot);
        if (__builtin_expect(there != (same ? address : 0), 0))
            continue;
        if (__builtin_expect(__atomic_compare_exchange_n(slot, &there, address | LR_KEY_BUSY, false,
                                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED),
                             1))
            return slot;
    }
    return NULL;
}

bool lr_young_insert(struct lr_young *young, const struct lr_live *record)
{
    uint64_t *bucket = home(young, record->key), key = record->key;
    uint64_t *slot = take_in(bucket, key);
    if (__builtin_expect(!slot, 0)) {
        slot = take_in(neighbour(young, bucket), key);
        if (!slot)
            return false;
    }
    struct lr_young_rest *rest = &young->rest[slot - young->keys];
    STORE(rest->info, record->info);
    STORE(rest->stack, record->stack);
    STORE(rest->birth_ms, record->birth_ms);
    float weight = record->weight;
    __atomic_store(&rest->weight, &weight, __ATOMIC_RELAXED);
    STORE(rest->thread, record->thread);
    __atomic_store_n(slot, key, __ATOMIC_RELEASE);
    uint8_t *fresh = &young->fresh[(size_t)(slot - young->keys) / PART];
    if (!LOAD(*fresh))
        STORE(*fresh, 1);
    return true;
}

static inline uint64_t *find(const struct lr_young *young, uintptr_t address)
{
    uint64_t *bucket = home(young, address);
    uint32_t found = lr_lanes_equal(bucket, LR_KEY_CLAIMED, address);
    if (!found) {
        bucket = neighbour(young, bucket);
        found = lr_lanes_equal(bucket, LR_KEY_CLAIMED, address);
    }
    return found ? &bucket[lr_lanes_first(found)] : NULL;
}

static void copy(const struct lr_young *young, const uint64_t *slot, uintptr_t address,
                 struct lr_live *record)
{
    size_t at = (size_t)(slot - young->keys);
    record->key = address;
    record->info = LOAD(young->rest[at].info);
    record->stack = LOAD(young->rest[at].stack);
    record->birth_ms = LOAD(young->rest[at].birth_ms);
    __atomic_load(&young->rest[at].weight, &record->weight, __ATOMIC_RELAXED);
    record->thread = LOAD(young->rest[at].thread);
    record->gen = 0;
}

/* The owner's release of what `slot` holds.  False: it is in the file now. */
static inline bool release(uint64_t *slot, uint64_t address)
{
    uint64_t there = address;
    if (__builtin_expect(
            __atomic_compare_exchange_n(slot, &there, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED),
            1))
        return true;
    /* The helper has it: leave the rest to it. */
    return there == (address | LR_KEY_CLAIMED) &&
           __atomic_compare_exchange_n(slot, &there, there | DEAD, false, __ATOMIC_RELEASE,
                                       __ATOMIC_RELAXED);
}

bool lr_young_drop(struct lr_young *young, uintptr_t address)
{
    uint64_t *slot = find(young, address);
    return slot && release(slot, address);
}

bool lr_young_remove(struct lr_young *young, uintptr_t address, struct lr_live *record)
{
    uint64_t *slot = find(young, address);
    if (!slot)
        return false;
    copy(young, slot, address, record);
    return release(slot, address);
}

bool lr_young_find(struct lr_young *young, uintptr_t address, struct lr_live *record)
{
    uint64_t *slot = find(young, address);
    if (slot)
        copy(young, slot, address, record);
    return slot;
}

static bool tenure_one(const struct lr_young *young, uint64_t *slot, uint64_t key,
                       struct lr_table *file, void (*lost)(const struct lr_live *record))
{
    uint64_t claimed = key | LR_KEY_CLAIMED, there = claimed;
    if (!__atomic_compare_exchange_n(slot, &key, claimed, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    struct lr_live record;
    struct lr_copied copied;
    copy(young, slot, key, &record);
    /* An address that was acquired again was released before, if by a way that doesn't come by
     * here: an older record of it in the file is dead.  Once the owner has released the block, what
     * is there may be the record of the next one. */
    lr_table_drop_while(file, key, slot, claimed);
    bool has_room = lr_table_copy_in(file, &record, &copied);
    if (__atomic_compare_exchange_n(slot, &there, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
        if (!has_room)
            lost(&record);
        return has_room;
    }
    if (has_room)
        lr_table_undo(file, &copied);
    __atomic_store_n(slot, 0, __ATOMIC_RELEASE);
    return false;
}

static bool is_younger(uint32_t birth_ms, uint32_t before_ms)
{
    return before_ms != UINT32_MAX && lr_is_later(birth_ms, before_ms);
}

static bool is_ripe(const struct lr_young *young, uint32_t at, uint64_t key, uint32_t before_ms)
{
    return key && !(key & LR_KEY_STATE) &&
           !is_younger(LOAD(young->rest[at].birth_ms), before_ms);
}

/* Most of what a move costs is waiting for its place in the file. */
static void prefetch_part(const struct lr_young *young, uint32_t at, const struct lr_table *file,
                          uint32_t before_ms)
{
    for (uint32_t end = at + PART; at < end && at < young->slot_count; at++) {
        uint64_t key = LOAD(young->keys[at]);
        if (!is_ripe(young, at, key, before_ms))
            continue;
        lr_table_prefetch(file, key);
        lr_table_prefetch_all(file, key);
    }
}

/* Of a part of the table; *waits: some record there is too young. */
static uint64_t tenure_part(const struct lr_young *young, uint32_t at, struct lr_table *file,
                            uint32_t before_ms, void (*lost)(const struct lr_live *record),
                            bool *waits)
{
    uint64_t moved = 0;
    prefetch_part(young, at, file, before_ms);
    for (uint32_t end = at + PART; at < end && at < young->slot_count; at++) {
        uint64_t key = __atomic_load_n(&young->keys[at], __ATOMIC_ACQUIRE);
        if (is_ripe(young, at, key, before_ms))
            moved += tenure_one(young, &young->keys[at], key, file, lost);
        else if (key)
            *waits = true;
    }
    return moved;
}

uint64_t lr_young_tenure(struct lr_young *young, struct lr_table *file, uint32_t before_ms,
                         void (*lost)(const struct lr_live *record))
{
    uint64_t moved = 0;
    bool all = before_ms == UINT32_MAX; /* at the end: a part that another thread is looking through
                                           right now isn't marked as fresh, and has records still */
    for (uint32_t part = 0; part < parts(young->slot_count); part++) {
        if (!all && !LOAD(young->fresh[part]))
            continue;
        bool waits = false;
        __atomic_exchange_n(&young->fresh[part], 0, __ATOMIC_SEQ_CST);
        moved += tenure_part(young, part * PART, file, before_ms, lost, &waits);
        if (waits)
            STORE(young->fresh[part], 1);
    }
    return moved;
}

uint32_t lr_young_fresh(const struct lr_young *young)
{
    uint32_t count = 0;
    for (uint32_t part = 0; part < parts(young->slot_count); part++)
        count += LOAD(young->fresh[part]);
    return count;
}

void lr_young_freshen(struct lr_young *young)
{
    for (uint32_t part = 0; part < parts(young->slot_count); part++)
        STORE(young->fresh[part], 1);
}

/* The smallest page there is; adding nothing is a write that takes nobody's away. */
void lr_young_touch(struct lr_young *young)
{
    enum { PAGE = 4096 };
    uint8_t *memory = (uint8_t *)young->keys;
    for (size_t at = 0; at < lr_young_bytes(young->slot_count); at += PAGE)
        __atomic_fetch_or(&memory[at], 0, __ATOMIC_RELAXED);
}

bool lr_young_is_moving(const struct lr_young *young)
{
    for (uint32_t at = 0; at < young->slot_count; at++)
        if (__atomic_load_n(&young->keys[at], __ATOMIC_ACQUIRE) & LR_KEY_CLAIMED)
            return true;
    return false;
}

void lr_young_mark(const struct lr_young *young, struct lr_marks *stacks)
{
    for (uint32_t at = 0; at < young->slot_count; at++)
        if (__atomic_load_n(&young->keys[at], __ATOMIC_ACQUIRE))
            lr_mark(stacks, LOAD(young->rest[at].stack));
}

uintptr_t lr_young_address(const struct lr_young *young, uint32_t at)
{
    return __atomic_load_n(&young->keys[at], __ATOMIC_ACQUIRE) & ~LR_KEY_STATE;
}
