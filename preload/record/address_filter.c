/* address_filter.c -- address_filter.h: counting in the cells, and building a filter from tables.
 *
 * Stage: RECORD.  Context: adding and subtracting any thread, inside malloc; the rest the helper.
 */
#include "address_filter.h"

#include "prim.h"

static uint8_t *filters[2];
static unsigned in_use;  /* index of the one that lr_sampling.filter points to */
static uintptr_t round_; /* of building */
static uint32_t subtracting; /* threads that are about to */
static uint32_t misses;  /* racy, and near enough */
static uint32_t misses_before; /* it was built */
static bool expired;

enum { MANY_MISSES = 2000 };

/* 0, 1, 2: none, one, more. */
static void add(uintptr_t filter, uint32_t cell)
{
    uint8_t *byte = (uint8_t *)(filter & ~(uintptr_t)LR_FILTER_ROUND) + (cell >> 2);
    unsigned shift = (cell & 3) * 2;
    uint8_t old = __atomic_load_n(byte, __ATOMIC_RELAXED);
    while ((old >> shift & 3) < 2 &&
           !__atomic_compare_exchange_n(byte, &old, (uint8_t)(old + (1u << shift)), false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* First `next`, then the one in use: should `next` be none, because the builder has just finished,
 * then the one in use is the new one already. */
void lr_filter_add(uintptr_t address)
{
    uint32_t cell = lr_filter_cell(address);
    uintptr_t next = __atomic_load_n(&lr_sampling.filter_next, __ATOMIC_ACQUIRE);
    uintptr_t current = __atomic_load_n(&lr_sampling.filter, __ATOMIC_ACQUIRE);
    if (next)
        add(next, cell);
    if (current)
        add(current, cell);
}

/* The only way from 1 to none; what is more stays so. */
static void subtract(uintptr_t filter, uint32_t cell)
{
    uint8_t *byte = (uint8_t *)(filter & ~(uintptr_t)LR_FILTER_ROUND) + (cell >> 2);
    unsigned shift = (cell & 3) * 2;
    uint8_t old = __atomic_load_n(byte, __ATOMIC_RELAXED);
    while ((old >> shift & 3) == 1 &&
           !__atomic_compare_exchange_n(byte, &old, (uint8_t)(old - (1u << shift)), false,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* Sequentially consistent with lr_filter_prepare: either it sees us, or we see that the filter
 * isn't in use any more. */
void lr_filter_subtract(uintptr_t filter, uintptr_t address)
{
    __atomic_add_fetch(&subtracting, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&lr_sampling.filter_next, __ATOMIC_SEQ_CST) &&
        __atomic_load_n(&lr_sampling.filter, __ATOMIC_SEQ_CST) == filter)
        subtract(filter, lr_filter_cell(address));
    __atomic_sub_fetch(&subtracting, 1, __ATOMIC_RELEASE);
}

static bool map(unsigned which)
{
    if (!filters[which])
        filters[which] = lr_prim_map(LR_FILTER_BYTES);
    return filters[which] != NULL;
}

static void publish(unsigned which)
{
    in_use = which;
    round_ = (round_ + 1) & LR_FILTER_ROUND;
    __atomic_store_n(&lr_sampling.filter, (uintptr_t)filters[which] | round_, __ATOMIC_SEQ_CST);
}

bool lr_filter_start(void)
{
    if (!map(0))
        return false;
    publish(0);
    return true;
}

static void clear(uint8_t *filter)
{
    for (unsigned i = 0; i < LR_FILTER_BYTES; i++)
        if (__atomic_load_n(&filter[i], __ATOMIC_RELAXED)) /* untouched pages stay so */
            __atomic_store_n(&filter[i], 0, __ATOMIC_RELAXED);
}

bool lr_filter_prepare(void)
{
    unsigned next = !in_use;
    if (!map(next) || __atomic_load_n(&subtracting, __ATOMIC_SEQ_CST) != 0)
        return false;
    /* Whoever still reads it as the one in use sees that it isn't, behind any cleared cell. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    clear(filters[next]);
    __atomic_store_n(&lr_sampling.filter_next, (uintptr_t)filters[next], __ATOMIC_SEQ_CST);
    return true;
}

/* A slot that is being written counts too: its address is there.  A part of the table that the
 * scan finds untouched has no slot whose writer didn't see filter_next. */
static void add_table(uintptr_t filter, const struct lr_table *table)
{
    for (uint64_t at = 0; (at = lr_table_next(table, at)) < table->slot_count; at++) {
        uint64_t key = __atomic_load_n(&table->slots[at].key, __ATOMIC_ACQUIRE);
        if (key)
            add(filter, lr_filter_cell(key & ~LR_KEY_STATE));
    }
}

static void add_young(uintptr_t filter, const struct lr_young *young)
{
    for (uint32_t at = 0; at < young->slot_count; at++) {
        uintptr_t address = lr_young_address(young, at);
        if (address)
            add(filter, lr_filter_cell(address));
    }
}

void lr_filter_build(const struct lr_table *live, const struct lr_young *young)
{
    if (young) /* first: what is tenured meanwhile is found in the other */
        add_young(lr_sampling.filter_next, young);
    add_table(lr_sampling.filter_next, live);
    misses_before = lr_filter_missed();
    expired = false;
    publish(!in_use);
    __atomic_store_n(&lr_sampling.filter_next, 0, __ATOMIC_RELEASE);
}

void lr_filter_note_miss(void)
{
    __atomic_store_n(&misses, __atomic_load_n(&misses, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

uint32_t lr_filter_missed(void)
{
    return __atomic_load_n(&misses, __ATOMIC_RELAXED);
}

void lr_filter_expire(void)
{
    expired = true;
}

bool lr_filter_has_expired(void)
{
    return expired || lr_filter_missed() - misses_before > MANY_MISSES;
}

void lr_filter_stop(void)
{
    __atomic_store_n(&lr_sampling.filter, 0, __ATOMIC_SEQ_CST);
}
