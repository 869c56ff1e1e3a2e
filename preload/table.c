/* table.c -- table.h.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.
 * Memory order: an insertion fills the slot while its key is BUSY and publishes the key with
 * release; removers own the block, so they have seen that store already.  The file's reader may
 * look at any moment, also after a SIGKILL: stores reach the page cache in program order.
 */
#include "table.h"

/* A slot's fields are looked at while its key says that they may be stale; what was read counts
 * only once the key has been claimed. */
#define STORE(field, value)                                                                       \
    do {                                                                                          \
        __typeof__(field) value_ = value;                                                         \
        __atomic_store(&(field), &value_, __ATOMIC_RELAXED);                                      \
    } while (0)
#define LOAD(to, field) __atomic_load(&(field), &(to), __ATOMIC_RELAXED)

/* Young tables only: released while the helper thread was moving it. */
#define YOUNG_DEAD UINT64_C(4)

struct lr_table lr_table_over(struct lr_live *slots, uint64_t capacity, uint32_t window)
{
    return (struct lr_table){slots, (uint32_t)(capacity - window + 1), window};
}

/* Blocks are at least 16 bytes apart; the multiplication spreads them over the high half. */
static struct lr_live *home_of(const struct lr_table *table, uintptr_t address)
{
    uint32_t hash = (uint32_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    return &table->slots[(uint64_t)hash * table->homes >> 32];
}

static struct lr_live *insert(struct lr_table *table, const struct lr_live *record)
{
    struct lr_live *slot = home_of(table, record->key), *end = slot + table->window;
    for (; slot < end; slot++) {
        uint64_t free = 0;
        if (__atomic_load_n(&slot->key, __ATOMIC_RELAXED) != 0 ||
            !__atomic_compare_exchange_n(&slot->key, &free, record->key | LR_KEY_BUSY, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        STORE(slot->info, record->info);
        STORE(slot->stack, record->stack);
        STORE(slot->birth_ms, record->birth_ms);
        STORE(slot->weight, record->weight);
        STORE(slot->gen, slot->gen + 1); /* only whoever holds the slot BUSY writes */
        __atomic_store_n(&slot->key, record->key, __ATOMIC_RELEASE);
        return slot;
    }
    return NULL;
}

bool lr_table_insert(struct lr_table *table, const struct lr_live *record)
{
    return insert(table, record) != NULL;
}

static bool holds(uint64_t key, uintptr_t address)
{
    return (key & ~LR_KEY_CLAIMED) == address;
}

static struct lr_live *find(struct lr_table *table, uintptr_t address)
{
    struct lr_live *slot = home_of(table, address), *end = slot + table->window;
    for (; slot < end; slot++)
        if (holds(__atomic_load_n(&slot->key, __ATOMIC_RELAXED), address))
            return slot;
    return NULL;
}

static void copy(struct lr_live *record, const struct lr_live *slot, uintptr_t address)
{
    record->key = address;
    LOAD(record->info, slot->info);
    LOAD(record->stack, slot->stack);
    LOAD(record->birth_ms, slot->birth_ms);
    LOAD(record->weight, slot->weight);
    LOAD(record->gen, slot->gen);
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
    uint64_t key = address;
    if (__atomic_compare_exchange_n(&slot->key, &key, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        return true;
    /* The helper has it: leave the rest to it. */
    if (key == (address | LR_KEY_CLAIMED) &&
        __atomic_compare_exchange_n(&slot->key, &key, key | YOUNG_DEAD, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        return true;
    return false; /* it is in the other table now */
}

/* Undoes a copy whose owner released the block while we made it.  The owner may have released
 * the copy already if the address was handed out again; then the other record is ours. */
static void undo(struct lr_table *file, struct lr_live *copied, uintptr_t address)
{
    uint64_t key = address;
    struct lr_live ignored;
    if (!__atomic_compare_exchange_n(&copied->key, &key, 0, false, __ATOMIC_RELEASE,
                                     __ATOMIC_RELAXED))
        lr_table_remove(file, address, &ignored);
}

static bool tenure_one(struct lr_live *slot, uint64_t key, struct lr_table *file,
                       void (*lost)(const struct lr_live *record))
{
    if (!__atomic_compare_exchange_n(&slot->key, &key, key | LR_KEY_CLAIMED, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    struct lr_live record;
    copy(&record, slot, key);
    struct lr_live *copied = insert(file, &record);
    uint64_t claimed = key | LR_KEY_CLAIMED;
    if (__atomic_compare_exchange_n(&slot->key, &claimed, 0, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED)) {
        if (!copied)
            lost(&record);
        return copied != NULL;
    }
    if (copied)
        undo(file, copied, key);
    __atomic_store_n(&slot->key, 0, __ATOMIC_RELEASE);
    return false;
}

uint64_t lr_table_tenure(struct lr_table *young, struct lr_table *file, uint32_t before_ms,
                         void (*lost)(const struct lr_live *record))
{
    uint64_t moved = 0;
    struct lr_live *end = young->slots + young->homes + young->window - 1;
    for (struct lr_live *slot = young->slots; slot < end; slot++) {
        uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
        uint32_t birth_ms = __atomic_load_n(&slot->birth_ms, __ATOMIC_RELAXED);
        if (key && !(key & LR_KEY_STATE) && birth_ms <= before_ms)
            moved += tenure_one(slot, key, file, lost);
    }
    return moved;
}

bool lr_table_is_moving(const struct lr_table *young)
{
    const struct lr_live *end = young->slots + young->homes + young->window - 1;
    for (const struct lr_live *slot = young->slots; slot < end; slot++)
        if (__atomic_load_n(&slot->key, __ATOMIC_ACQUIRE) & LR_KEY_CLAIMED)
            return true;
    return false;
}
