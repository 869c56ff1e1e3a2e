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
#define STORE(field, value)                                                                        \
    do {                                                                                           \
        __typeof__(field) value_ = value;                                                          \
        __atomic_store(&(field), &value_, __ATOMIC_RELAXED);                                       \
    } while (0)
#define LOAD(to, field) __atomic_load(&(field), &(to), __ATOMIC_RELAXED)

/* Released while the helper thread was undoing its copy. */
#define DEAD UINT64_C(4)

enum {
    FIRST_LEVEL = 4096, /* slots, 128 KiB */
    LAST_HOMES = 4,
    LAST_WINDOW = 128,
    TOUCH_SHIFT = 11,
};

uint64_t lr_table_parts(uint64_t capacity)
{
    return (capacity >> TOUCH_SHIFT) + 1;
}

bool lr_table_is_touched(const struct lr_table *table, uint64_t slot)
{
    return !table->touched ||
           __atomic_load_n(&table->touched[slot >> TOUCH_SHIFT], __ATOMIC_RELAXED);
}

static uint64_t size_of(const struct lr_table *table, uint32_t level)
{
    return table->levels[level].homes + table->window - 1;
}

/* The last level takes what is left, two to six times as much as the one before. */
struct lr_table lr_table_over(struct lr_live *slots, uint64_t capacity, uint32_t window)
{
    struct lr_table table = {.slots = slots, .slot_count = capacity, .window = window};
    uint64_t left = capacity, size = FIRST_LEVEL;
    while (left) {
        if (left < size * 3 || table.level_count == LR_TABLE_LEVELS - 1)
            size = left;
        table.levels[table.level_count++] = (struct lr_level){slots, size - window + 1};
        slots += size;
        left -= size;
        size *= 2;
    }
    return table;
}

/* Up before a level is so full that windows are; down when less than half of that would do. */
void lr_table_fit(struct lr_table *table, uint64_t count)
{
    uint32_t was = __atomic_load_n(&table->level, __ATOMIC_RELAXED), level = was;
    while (level + 1 < table->level_count && count > size_of(table, level) / 3 * 2)
        level++;
    while (level > 0 && count < size_of(table, level - 1) / 5 * 2)
        level--;
    if (level == was)
        return;
    __atomic_store_n(&table->overflows, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->level, level, __ATOMIC_RELAXED);
}

/* The order in which levels are tried: from the one for new records down, then up. */
static uint32_t nth_level(uint32_t level, uint32_t n)
{
    return n <= level ? level - n : n;
}

static uint32_t last_window(const struct lr_table *table)
{
    return table->slot_count < LAST_WINDOW ? (uint32_t)table->slot_count : LAST_WINDOW;
}

/* Anywhere at all: for what finds no room elsewhere. */
static struct lr_live *last_home(const struct lr_table *table, uintptr_t address, unsigned which)
{
    uint64_t homes = table->slot_count - last_window(table) + 1;
    uint64_t hash = (address >> 4 | (uint64_t)which << 60) * UINT64_C(0xd1b54a32d192ed03);
    return &table->slots[(uint64_t)((unsigned __int128)hash * homes >> 64)];
}

/* A free slot, or one with the key `over` (0: none), the record of an earlier block at the same
 * address, which must be dead: its release went by a way that we don't see. */
static bool take_slot(struct lr_live *slot, uint64_t key, uint64_t over)
{
    uint64_t there = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
    return (there == 0 || there == over) &&
           __atomic_compare_exchange_n(&slot->key, &there, key | LR_KEY_BUSY, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static struct lr_live *take_free(struct lr_live *home, uint32_t window, uint64_t key, uint64_t over)
{
    for (struct lr_live *slot = home; slot < home + window; slot++)
        if (take_slot(slot, key, over))
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
static __attribute__((noinline, cold)) struct lr_live *spill(struct lr_table *table, uint64_t key,
                                                             uint64_t over)
{
    struct lr_live *slot = NULL;
    __atomic_store_n(&table->spilled, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; !slot && i < LAST_HOMES; i++)
        slot = take_free(last_home(table, key, i), last_window(table), key, over);
    return slot;
}

/* Nobody counts the records for lr_table_fit, or they came too quickly. */
static void note_overflow(struct lr_table *table, uint32_t level)
{
    uint32_t count = __atomic_add_fetch(&table->overflows, 1, __ATOMIC_RELAXED);
    if (count <= table->levels[level].homes / 16 || level + 1 == table->level_count)
        return;
    __atomic_store_n(&table->overflows, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&table->level, level + 1, __ATOMIC_RELAXED);
}

static struct lr_live *take_at(struct lr_table *table, uint32_t level, uint64_t key, uint64_t over)
{
    struct lr_live *slot = take_free(lr_table_home(table, key, level), table->window, key, over);
    uint32_t used = __atomic_load_n(&table->used_levels, __ATOMIC_RELAXED);
    if (slot && __builtin_expect(!(used >> level & 1), 0))
        __atomic_fetch_or(&table->used_levels, 1u << level, __ATOMIC_RELAXED);
    return slot;
}

static __attribute__((noinline)) struct lr_live *
take_elsewhere(struct lr_table *table, uint32_t level, uint64_t key, uint64_t over)
{
    struct lr_live *slot = NULL;
    note_overflow(table, level);
    for (uint32_t n = 1; !slot && n < table->level_count; n++)
        slot = take_at(table, nth_level(level, n), key, over);
    return slot ? slot : spill(table, key, over);
}

static struct lr_live *insert(struct lr_table *table, const struct lr_live *record, uint64_t over)
{
    uint32_t level = __atomic_load_n(&table->level, __ATOMIC_RELAXED);
    struct lr_live *slot = take_at(table, level, record->key, over);
    if (__builtin_expect(!slot, 0))
        slot = take_elsewhere(table, level, record->key, over);
    if (!slot)
        return NULL;
    flag(table->touched, TOUCH_SHIFT, table, slot);
    STORE(slot->info, record->info);
    STORE(slot->stack, record->stack);
    STORE(slot->birth_ms, record->birth_ms);
    STORE(slot->weight, record->weight);
    STORE(slot->thread, record->thread);
    uint16_t gen = (uint16_t)(slot->gen + 1); /* only whoever holds the slot BUSY writes */
    STORE(slot->gen, gen ? gen : 1);
    __atomic_store_n(&slot->key, record->key, __ATOMIC_RELEASE);
    return slot;
}

bool lr_table_insert(struct lr_table *table, const struct lr_live *record)
{
    return insert(table, record, record->key) != NULL;
}

static bool holds(uint64_t key, uintptr_t address)
{
    return (key & ~LR_KEY_CLAIMED) == address;
}

/* A slot that is free and was never used: whoever came to this window before went no further.  Its
 * key was read with acquire, so that a use that has ended is seen. */
static bool is_fresh(const struct lr_live *slot, uint64_t key)
{
    return !key && !__atomic_load_n(&slot->gen, __ATOMIC_RELAXED);
}

static inline struct lr_live *find_behind(struct lr_live *home, uint32_t window, uintptr_t address)
{
    for (struct lr_live *slot = home; slot < home + window; slot++) {
        uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
        if (holds(key, address))
            return slot;
        if (is_fresh(slot, key))
            return NULL;
    }
    return NULL;
}

static __attribute__((noinline)) struct lr_live *find_elsewhere(struct lr_table *table,
                                                                uint32_t level, uintptr_t address)
{
    uint32_t used = __atomic_load_n(&table->used_levels, __ATOMIC_RELAXED);
    struct lr_live *slot = NULL;
    for (uint32_t n = 1; !slot && n < table->level_count; n++) {
        uint32_t at = nth_level(level, n);
        if (used >> at & 1)
            slot = find_behind(lr_table_home(table, address, at), table->window, address);
    }
    if (__builtin_expect(__atomic_load_n(&table->spilled, __ATOMIC_RELAXED), 0))
        for (unsigned i = 0; !slot && i < LAST_HOMES; i++)
            slot = find_behind(last_home(table, address, i), last_window(table), address);
    return slot;
}

static struct lr_live *find(struct lr_table *table, uintptr_t address)
{
    uint32_t level = __atomic_load_n(&table->level, __ATOMIC_RELAXED);
    struct lr_live *slot =
        find_behind(lr_table_home(table, address, level), table->window, address);
    return slot ? slot : find_elsewhere(table, level, address);
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
    if (record)
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

bool lr_table_copy_in(struct lr_table *file, const struct lr_live *record, struct lr_copied *copied)
{
    copied->address = record->key;
    copied->slot = insert(file, record, 0); /* what is there is of the next owner by now */
    if (copied->slot)
        LOAD(copied->gen, copied->slot->gen);
    return copied->slot != NULL;
}

uint64_t lr_table_next(const struct lr_table *table, uint64_t at)
{
    for (; at < table->slot_count; at++) {
        if (!lr_table_is_touched(table, at))
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
