/* table.c -- table.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.
 * Memory order: an insertion fills the slot while its key is BUSY and publishes the key with
 * release; removers own the block, so they have seen that store already.  The file's reader may
 * look at any moment, also after a SIGKILL: stores reach the page cache in program order.
 */
#include "table.h"

#include "marks.h"

/* A slot's fields are looked at while its key says that they may be stale; what was read counts
 * only once the key has been claimed. */
#define STORE(field, value)                                                                       \
    do {                                                                                          \
        __typeof__(field) value_ = value;                                                         \
        __atomic_store(&(field), &value_, __ATOMIC_RELAXED);                                      \
    } while (0)
#define LOAD(to, field) __atomic_load(&(field), &(to), __ATOMIC_RELAXED)

/* Released while the helper thread was undoing its copy. */
#define DEAD UINT64_C(4)

enum {
    BLOCK_BITS = 10,  /* homes that belong to one stretch of the heap */
    SPACING_BITS = 5, /* glibc's blocks are at least 32 bytes apart; others probe once more */
    NEAR_WINDOW = 16,
    LAST_HOMES = 4,
    TOUCH_SHIFT = 11,
};

uint64_t lr_table_parts(uint64_t capacity)
{
    return (capacity >> TOUCH_SHIFT) + 1;
}

struct lr_table lr_table_over(struct lr_live *slots, uint64_t capacity, uint32_t window)
{
    uint64_t near = capacity / 4 * 3;
    uint64_t blocks = near < NEAR_WINDOW ? 0 : (near - NEAR_WINDOW) >> BLOCK_BITS;
    uint64_t far_at = blocks ? (blocks << BLOCK_BITS) + NEAR_WINDOW : 0;
    return (struct lr_table){.slots = slots,
                             .far = slots + far_at,
                             .slot_count = capacity,
                             .far_homes = (uint32_t)(capacity - far_at - window + 1),
                             .window = window,
                             .near_blocks = (uint32_t)blocks};
}

static const uint64_t SPREAD = UINT64_C(0x9e3779b97f4a7c15), OTHER = UINT64_C(0xd1b54a32d192ed03);

/* The stretch of the heap chooses the block of slots, and turns it: else the page-aligned blocks
 * of many stretches would all share a few homes. */
static struct lr_live *near_home(const struct lr_table *table, uintptr_t address, uint64_t spread)
{
    uint64_t hash = (address >> (BLOCK_BITS + SPACING_BITS)) * spread;
    uint64_t block = (hash >> 32) * table->near_blocks >> 32;
    uint64_t home = ((address >> SPACING_BITS) + hash) & ((1u << BLOCK_BITS) - 1);
    return &table->slots[block << BLOCK_BITS | home];
}

static struct lr_live *far_home(const struct lr_table *table, uintptr_t address)
{
    return &table->far[((address >> 4) * SPREAD >> 32) * table->far_homes >> 32];
}

/* Anywhere at all: for what finds no room elsewhere. */
static struct lr_live *last_home(const struct lr_table *table, uintptr_t address, unsigned which)
{
    uint64_t homes = table->slot_count - table->window + 1;
    uint64_t hash = (address >> 4 | (uint64_t)which << 60) * OTHER;
    return &table->slots[(uint64_t)((unsigned __int128)hash * homes >> 64)];
}

/* A free slot, or the record of an earlier block at the same address, which must be dead: its
 * release went by a way that we don't see. */
static bool take_slot(struct lr_live *slot, uint64_t key)
{
    uint64_t there = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
    return (there == 0 || there == key) &&
           __atomic_compare_exchange_n(&slot->key, &there, key | LR_KEY_BUSY, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static struct lr_live *take_free(struct lr_live *home, uint32_t window, uint64_t key)
{
    for (struct lr_live *slot = home; slot < home + window; slot++)
        if (take_slot(slot, key))
            return slot;
    return NULL;
}

/* Sets a slot's flag, before anything that comes later is read (address_filter.h).  Not more than a
 * load once it is set. */
static void flag(uint8_t *flags, unsigned shift, const struct lr_table *table,
                 const struct lr_live *slot)
{
    if (!flags)
        return;
    uint8_t *at = &flags[(uint64_t)(slot - table->slots) >> shift];
    if (!__atomic_load_n(at, __ATOMIC_RELAXED))
        __atomic_exchange_n(at, 1, __ATOMIC_SEQ_CST);
}

/* From the first such record on, look-ups in vain cost four more windows. */
static __attribute__((noinline, cold)) struct lr_live *spill(struct lr_table *table, uint64_t key)
{
    struct lr_live *slot = NULL;
    __atomic_store_n(&table->spilled, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; !slot && i < LAST_HOMES; i++)
        slot = take_free(last_home(table, key, i), table->window, key);
    return slot;
}

static struct lr_live *insert(struct lr_table *table, const struct lr_live *record)
{
    struct lr_live *slot = NULL;
    if (table->near_blocks) {
        slot = take_free(near_home(table, record->key, SPREAD), NEAR_WINDOW, record->key);
        if (!slot)
            slot = take_free(near_home(table, record->key, OTHER), NEAR_WINDOW, record->key);
    }
    if (!slot)
        slot = take_free(far_home(table, record->key), table->window, record->key);
    if (!slot)
        slot = spill(table, record->key);
    if (!slot)
        return NULL;
    flag(table->touched, TOUCH_SHIFT, table, slot);
    STORE(slot->info, record->info);
    STORE(slot->stack, record->stack);
    STORE(slot->birth_ms, record->birth_ms);
    STORE(slot->weight, record->weight);
    STORE(slot->thread, record->thread);
    STORE(slot->gen, (uint16_t)(slot->gen + 1)); /* only whoever holds the slot BUSY writes */
    __atomic_store_n(&slot->key, record->key, __ATOMIC_RELEASE);
    return slot;
}

bool lr_table_insert(struct lr_table *table, const struct lr_live *record)
{
    return insert(table, record) != NULL;
}

static bool holds(uint64_t key, uintptr_t address)
{
    return (key & ~LR_KEY_CLAIMED) == address;
}

static struct lr_live *find_behind(struct lr_live *home, uint32_t window, uintptr_t address)
{
    for (struct lr_live *slot = home; slot < home + window; slot++)
        if (holds(__atomic_load_n(&slot->key, __ATOMIC_RELAXED), address))
            return slot;
    return NULL;
}

static struct lr_live *find(struct lr_table *table, uintptr_t address)
{
    struct lr_live *slot = NULL;
    if (table->near_blocks) {
        slot = find_behind(near_home(table, address, SPREAD), NEAR_WINDOW, address);
        if (!slot)
            slot = find_behind(near_home(table, address, OTHER), NEAR_WINDOW, address);
    }
    if (!slot)
        slot = find_behind(far_home(table, address), table->window, address);
    if (__builtin_expect(__atomic_load_n(&table->spilled, __ATOMIC_RELAXED), 0))
        for (unsigned i = 0; !slot && i < LAST_HOMES; i++)
            slot = find_behind(last_home(table, address, i), table->window, address);
    return slot;
}

static void copy(struct lr_live *record, const struct lr_live *slot, uintptr_t address)
{
    record->key = address;
    LOAD(record->info, slot->info);
    LOAD(record->stack, slot->stack);
    LOAD(record->birth_ms, slot->birth_ms);
    LOAD(record->weight, slot->weight);
    LOAD(record->gen, slot->gen);
    LOAD(record->thread, slot->thread);
}

bool lr_table_find(struct lr_table *table, uintptr_t address, struct lr_live *record)
{
    struct lr_live *slot = find(table, address);
    if (!slot)
        return false;
    copy(record, slot, address);
    return true;
}

bool lr_table_remove(struct lr_table *table, uintptr_t address, struct lr_live *record)
{
    struct lr_live *slot = find(table, address);
    if (!slot)
        return false;
    copy(record, slot, address);
    /* The helper may claim the record and give it back as often as it likes (thin.h, an undone
     * copy): each time it is the owner's again to release. */
    for (uint64_t key = address; holds(key, address);) {
        uint64_t released = key & LR_KEY_CLAIMED ? key | DEAD : 0; /* claimed: leave it the rest */
        if (__atomic_compare_exchange_n(&slot->key, &key, released, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    return false; /* it is in the other table now */
}

bool lr_table_claim(struct lr_live *slot, uint64_t *key)
{
    return *key && !(*key & LR_KEY_STATE) &&
           __atomic_compare_exchange_n(&slot->key, key, *key | LR_KEY_CLAIMED, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool lr_table_unclaim(struct lr_live *slot, uint64_t key, bool keep)
{
    uint64_t claimed = key | LR_KEY_CLAIMED;
    if (keep && __atomic_compare_exchange_n(&slot->key, &claimed, key, false, __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED))
        return true;
    __atomic_store_n(&slot->key, 0, __ATOMIC_RELEASE);
    return false;
}

/* If the address was handed out again since, its next record may have replaced the copy (then it
 * stays), or its owner may have released the copy for it (then that other record goes). */
void lr_table_undo(struct lr_table *file, const struct lr_copied *copied)
{
    uint64_t key = copied->address;
    uint16_t now;
    struct lr_live ignored;
    if (lr_table_claim(copied->slot, &key)) {
        LOAD(now, copied->slot->gen);
        lr_table_unclaim(copied->slot, key, now != copied->gen);
    } else if ((key & ~LR_KEY_STATE) != copied->address) {
        lr_table_remove(file, copied->address, &ignored);
    }
}

void lr_table_drop_while(struct lr_table *file, uintptr_t address, const uint64_t *word,
                         uint64_t value)
{
    struct lr_live *slot = find(file, address);
    uint64_t key = address;
    if (slot && lr_table_claim(slot, &key))
        lr_table_unclaim(slot, key, __atomic_load_n(word, __ATOMIC_ACQUIRE) != value);
}

bool lr_table_copy_in(struct lr_table *file, const struct lr_live *record,
                      struct lr_copied *copied)
{
    copied->address = record->key;
    copied->slot = insert(file, record);
    if (copied->slot)
        LOAD(copied->gen, copied->slot->gen);
    return copied->slot != NULL;
}

uint64_t lr_table_next(const struct lr_table *table, uint64_t at)
{
    for (; at < table->slot_count; at++) {
        if (table->touched && !__atomic_load_n(&table->touched[at >> TOUCH_SHIFT],
                                               __ATOMIC_RELAXED))
            at |= (UINT64_C(1) << TOUCH_SHIFT) - 1;
        else if (__atomic_load_n(&table->slots[at].key, __ATOMIC_ACQUIRE))
            return at;
    }
    return table->slot_count;
}

void lr_table_mark(const struct lr_table *table, struct lr_marks *stacks)
{
    for (uint64_t at = 0; (at = lr_table_next(table, at)) < table->slot_count; at++)
        lr_mark(stacks, __atomic_load_n(&table->slots[at].stack, __ATOMIC_RELAXED));
}
