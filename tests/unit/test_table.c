/* test_table.c -- the live table: exact, and full only when it is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

enum { SLOTS = 4096, WINDOW = 64 };

static struct lr_live record_of(uintptr_t address, uint64_t size, uint32_t birth)
{
    return (struct lr_live){
        .key = address, .info = size, .stack = (uint32_t)size, .birth_ms = birth, .weight = 1};
}

static struct lr_table new_table(uint32_t slots, uint32_t window)
{
    return lr_table_over(calloc(slots, sizeof(struct lr_live)), slots, window);
}

static void test_inserted_is_found_once(void **state)
{
    (void)state;
    struct lr_table table = new_table(SLOTS, WINDOW);
    struct lr_live record = record_of(0x1000, 24, 7), out;
    assert_true(lr_table_insert(&table, &record));
    assert_true(lr_table_find(&table, 0x1000, &out));
    assert_int_equal(out.info, 24);
    assert_int_equal(out.birth_ms, 7);
    assert_false(lr_table_find(&table, 0x1010, &out));
    assert_true(lr_table_remove(&table, 0x1000, &out));
    assert_int_equal(out.stack, 24);
    assert_false(lr_table_remove(&table, 0x1000, &out));
    free(table.slots);
}

static void test_full_window_refuses_and_room_is_reused(void **state)
{
    (void)state;
    struct lr_table table = new_table(128, 128); /* one home: one window */
    struct lr_live out;
    for (uintptr_t i = 1; i <= 128; i++) {
        struct lr_live record = record_of(i * 16, i, 0);
        assert_true(lr_table_insert(&table, &record));
    }
    struct lr_live extra = record_of(0x9990, 1, 0);
    assert_false(lr_table_insert(&table, &extra));
    assert_true(lr_table_remove(&table, 5 * 16, &out));
    assert_true(lr_table_insert(&table, &extra));
    assert_true(lr_table_find(&table, 0x9990, &out));
    assert_int_equal(out.gen, 2); /* the slot's second use */
    free(table.slots);
}

static void test_torn_record_is_absent(void **state)
{
    (void)state;
    struct lr_table table = new_table(SLOTS, WINDOW);
    struct lr_live record = record_of(0x2000, 8, 0), out;
    assert_true(lr_table_insert(&table, &record));
    for (uint32_t i = 0; i < SLOTS; i++)
        if (table.slots[i].key)
            table.slots[i].key |= LR_KEY_BUSY;
    assert_false(lr_table_find(&table, 0x2000, &out));
    assert_false(lr_table_remove(&table, 0x2000, &out));
    free(table.slots);
}

/* How full the table gets before a block finds no room, for a kind of heap: `spacing` bytes
 * between blocks, `run` blocks in a row, then a gap. */
static double fill_until_refused(uint64_t spacing, uint64_t run, uint64_t gap)
{
    enum { LARGE = 65536 };
    struct lr_table table = new_table(LARGE, 16);
    uintptr_t address = UINT64_C(0x7f1234560000);
    uint64_t filled = 0;
    for (;; filled++) {
        struct lr_live record = record_of(address, 1, 0), out;
        if (!lr_table_insert(&table, &record))
            break;
        if (filled % 97 == 0)
            assert_true(lr_table_find(&table, address, &out));
        address += spacing + ((filled + 1) % run == 0 ? gap : 0);
    }
    free(table.slots);
    return (double)filled / LARGE;
}

static void test_room_is_used_whatever_the_heap_looks_like(void **state)
{
    (void)state;
    static const struct {
        uint64_t spacing, run, gap;
    } heaps[] = {
        {16, 1, 0},      {32, 1, 0},        {48, 1, 0},          {1040, 1, 0},
        {4096, 1, 0},    {32768, 1, 0},     {1 << 20, 1, 0},     {32, 1024, 1 << 15},
        {32, 4096, 1 << 26}, {16, 2048, 1 << 21}, {4096, 16, 1 << 26},
    };
    for (size_t i = 0; i < sizeof heaps / sizeof heaps[0]; i++) {
        double full = fill_until_refused(heaps[i].spacing, heaps[i].run, heaps[i].gap);
        if (full < 0.90) /* ten million blocks in a file of 1 GiB are 85 % */
            fail_msg("heap %zu: refused at %.0f %%", i, 100 * full);
    }
}

/* What lies at which of many addresses, against an array; meanwhile the level for new records
 * changes as if there were more or fewer of them, and by itself. */
static void test_records_are_found_at_every_level(void **state)
{
    (void)state;
    enum { ADDRESSES = 60000, LARGE = 65536, STEPS = 600000 };
    struct lr_table table = new_table(LARGE, 16);
    uint32_t *sizes = calloc(ADDRESSES, sizeof *sizes), live = 0;
    unsigned seed = 4711;
    for (uint32_t step = 1; step <= STEPS; step++) {
        uint32_t at = (uint32_t)rand_r(&seed) % (step % 200000 < 100000 ? ADDRESSES : 900);
        struct lr_live record = record_of(0x7f0000000000 + at * UINT64_C(48), step, 0), out;
        bool is_there = lr_table_remove(&table, record.key, &out);
        assert_int_equal(is_there, sizes[at] != 0);
        if (is_there)
            assert_int_equal(out.info, sizes[at]);
        else
            assert_true(lr_table_insert(&table, &record));
        live += is_there ? -1u : 1u;
        sizes[at] = is_there ? 0 : step;
        if (step % 5000 == 0)
            lr_table_fit(&table, (uint32_t)rand_r(&seed) % 2 ? live : (uint32_t)rand_r(&seed) % LARGE);
    }
    for (uint32_t at = 0; at < ADDRESSES; at++)
        assert_int_equal(lr_table_find(&table, 0x7f0000000000 + at * UINT64_C(48), &(struct lr_live){0}),
                         sizes[at] != 0);
    free(sizes);
    free(table.slots);
}

/* However large the table and wherever the blocks are, few pages are written to. */
static void test_few_records_lie_close_together(void **state)
{
    (void)state;
    enum { LARGE = 1 << 20, LIVE = 40000, REPLACED = 400000, PER_PAGE = 4096 / sizeof(struct lr_live) };
    struct lr_table table = new_table(LARGE, 16);
    uintptr_t *addresses = calloc(LIVE, sizeof *addresses);
    unsigned seed = 4711, pages = 0;
    for (uint32_t step = 0; step < REPLACED; step++) {
        uint32_t at = (uint32_t)rand_r(&seed) % LIVE;
        struct lr_live out;
        if (addresses[at])
            assert_true(lr_table_remove(&table, addresses[at], &out));
        addresses[at] = 0x7f0000000000 + (uintptr_t)rand_r(&seed) * 64 + at * UINT64_C(16);
        struct lr_live record = record_of(addresses[at], 1, 0);
        lr_table_insert(&table, &record);
        if (step % 1000 == 0)
            lr_table_fit(&table, step < LIVE ? step : LIVE);
    }
    for (uint32_t page = 0; page < LARGE / PER_PAGE; page++) {
        unsigned used = 0;
        for (uint32_t i = 0; i < PER_PAGE; i++)
            used |= table.slots[page * PER_PAGE + i].gen;
        pages += used != 0;
    }
    assert_in_range(pages, LIVE / PER_PAGE, 4 * LIVE / PER_PAGE);
    free(addresses);
    free(table.slots);
}

/* As the helper does while it decides what happens to a record, without a rest; the record's owner
 * sees it in every state. */
static bool at_end;
static void *claim_and_give_back(void *argument)
{
    uint64_t *key = argument;
    while (!__atomic_load_n(&at_end, __ATOMIC_RELAXED)) {
        uint64_t there = __atomic_load_n(key, __ATOMIC_ACQUIRE), claimed = there | LR_KEY_CLAIMED;
        if (!there || (there & LR_KEY_STATE) ||
            !__atomic_compare_exchange_n(key, &there, claimed, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED))
            continue;
        if (!__atomic_compare_exchange_n(key, &claimed, there, false, __ATOMIC_RELEASE,
                                         __ATOMIC_RELAXED))
            __atomic_store_n(key, 0, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void test_release_between_claim_and_return_is_not_lost(void **state)
{
    (void)state;
    struct lr_table table = new_table(1, 1); /* one slot: where each record is */
    struct lr_live record = record_of(0x1000, 24, 7), out;
    uint64_t *key = &table.slots[0].key;
    unsigned lost = 0;
    pthread_t helper;
    assert_int_equal(pthread_create(&helper, NULL, claim_and_give_back, key), 0);
    for (unsigned i = 0; i < 200000 && !lost; i++) {
        while (!lr_table_insert(&table, &record))
            ; /* the last one is being freed */
        lost += !lr_table_remove(&table, record.key, &out);
    }
    __atomic_store_n(&at_end, true, __ATOMIC_RELAXED);
    pthread_join(helper, NULL);
    assert_int_equal(lost, 0);
    free(table.slots);
}

/* The mover was late: the block it copies is dead, and its address handed out again. */
static void test_a_late_copy_leaves_the_next_owners_record(void **state)
{
    (void)state;
    struct lr_table file = new_table(SLOTS, WINDOW);
    struct lr_live old = record_of(0x1000, 11, 1), next = record_of(0x1000, 22, 2), out;
    uint64_t claimed = 0x1000 | LR_KEY_CLAIMED, word = claimed | 4; /* its owner released it */
    struct lr_copied copied;
    assert_true(lr_table_insert(&file, &next));
    lr_table_drop_while(&file, 0x1000, &word, claimed);
    assert_true(lr_table_copy_in(&file, &old, &copied));
    lr_table_undo(&file, &copied);
    assert_true(lr_table_find(&file, 0x1000, &out));
    assert_int_equal(out.info, 22);
    free(file.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_late_copy_leaves_the_next_owners_record),
        cmocka_unit_test(test_inserted_is_found_once),
        cmocka_unit_test(test_full_window_refuses_and_room_is_reused),
        cmocka_unit_test(test_torn_record_is_absent),
        cmocka_unit_test(test_room_is_used_whatever_the_heap_looks_like),
        cmocka_unit_test(test_records_are_found_at_every_level),
        cmocka_unit_test(test_few_records_lie_close_together),
        cmocka_unit_test(test_release_between_claim_and_return_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
