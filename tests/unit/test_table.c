/* test_table.c -- the live table: exactness alone and under concurrent insert, remove, move. */
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

static uint64_t count_valid(const struct lr_table *table, uint64_t *bytes)
{
    uint64_t count = 0, slots = table->slot_count;
    *bytes = 0;
    for (uint64_t i = 0; i < slots; i++)
        if (table->slots[i].key && !(table->slots[i].key & LR_KEY_BUSY)) {
            count++;
            *bytes += table->slots[i].info & LR_LIVE_SIZE_MASK;
        }
    return count;
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

static uint64_t lost_count;

static void count_lost(const struct lr_live *record)
{
    (void)record;
    __atomic_fetch_add(&lost_count, 1, __ATOMIC_RELAXED);
}

/* Frees that go by a way we don't see: the same address comes back again and again. */
static void test_address_acquired_again_replaces_its_dead_record(void **state)
{
    (void)state;
    struct lr_table young = new_table(SLOTS, 8), file = new_table(SLOTS, WINDOW);
    uint64_t bytes;
    for (uint64_t i = 1; i <= 1000; i++) {
        struct lr_live record = record_of(0x5000, i, (uint32_t)i);
        assert_true(lr_table_insert(&young, &record));
        if (i % 10 == 0)
            lr_table_tenure(&young, &file, (uint32_t)i, count_lost);
    }
    assert_int_equal(count_valid(&young, &bytes), 0);
    assert_int_equal(count_valid(&file, &bytes), 1);
    assert_int_equal(bytes, 1000);
    free(young.slots);
    free(file.slots);
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

static void test_tenure_moves_old_ones_only(void **state)
{
    (void)state;
    struct lr_table young = new_table(SLOTS, 8), file = new_table(SLOTS, WINDOW);
    struct lr_live old = record_of(0x3000, 10, 100), fresh = record_of(0x4000, 20, 200), out;
    assert_true(lr_table_insert(&young, &old));
    assert_true(lr_table_insert(&young, &fresh));
    assert_int_equal(lr_table_tenure(&young, &file, 150, count_lost), 1);
    assert_true(lr_table_find(&file, 0x3000, &out));
    assert_int_equal(out.info, 10);
    assert_int_equal(out.birth_ms, 100);
    assert_false(lr_table_find(&young, 0x3000, &out));
    assert_true(lr_table_find(&young, 0x4000, &out));
    free(young.slots);
    free(file.slots);
}

static void test_tenure_without_room_is_counted(void **state)
{
    (void)state;
    struct lr_table young = new_table(SLOTS, 8), file = new_table(1, 1);
    lost_count = 0;
    for (uintptr_t i = 1; i <= 5; i++) {
        struct lr_live record = record_of(i * 4096, i, 0);
        assert_true(lr_table_insert(&young, &record));
    }
    assert_int_equal(lr_table_tenure(&young, &file, 10, count_lost), 1);
    assert_int_equal(lost_count, 4);
    free(young.slots);
    free(file.slots);
}

/* How full the table gets before a block finds no room, for a kind of heap: `spacing` bytes
 * between blocks, `run` blocks in a row, then a gap. */
static double fill_until_refused(uint64_t spacing, uint64_t run, uint64_t gap)
{
    enum { LARGE = 65536 };
    struct lr_table table = new_table(LARGE, WINDOW);
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
        if (full < 0.7)
            fail_msg("heap %zu: refused at %.0f %%", i, 100 * full);
    }
}

/* Threads act as an allocator's clients: each owns its addresses, hands half of them to the next
 * thread to release, while a mover tenures everything.  At the end exactly the kept blocks are
 * in the two tables, with their own sizes. */
enum { THREADS = 4, ROUNDS = 20000, BOXES = 256 };

struct crowd {
    struct lr_table young, file;
    uintptr_t boxes[THREADS][BOXES];
    uint64_t failed_removals, refused;
    int stop;
};

static void put(struct crowd *crowd, const struct lr_live *record)
{
    if (!lr_table_insert(&crowd->young, record) && !lr_table_insert(&crowd->file, record))
        __atomic_fetch_add(&crowd->refused, 1, __ATOMIC_RELAXED);
}

static void take(struct crowd *crowd, uintptr_t address)
{
    struct lr_live out;
    for (int look = 0; look < 2; look++)
        if (lr_table_remove(&crowd->young, address, &out) ||
            lr_table_remove(&crowd->file, address, &out))
            return;
    __atomic_fetch_add(&crowd->failed_removals, 1, __ATOMIC_RELAXED);
}

struct client {
    struct crowd *crowd;
    unsigned number;
};

/* Releases what others handed to us until somebody released `mine`; now and then nobody comes
 * and we do it ourselves. */
static void wait_for_release(struct crowd *crowd, unsigned self, uintptr_t *box, uintptr_t mine,
                             unsigned *seed)
{
    while (__atomic_load_n(box, __ATOMIC_ACQUIRE) == mine) {
        uintptr_t *inbox = &crowd->boxes[self][(unsigned)rand_r(seed) % BOXES];
        uintptr_t theirs = __atomic_exchange_n(inbox, 0, __ATOMIC_ACQ_REL), expected = mine;
        if (theirs)
            take(crowd, theirs);
        else if (rand_r(seed) % 64 == 0 &&
                 __atomic_compare_exchange_n(box, &expected, 0, 0, __ATOMIC_ACQ_REL,
                                             __ATOMIC_RELAXED))
            take(crowd, mine);
    }
}

/* A block whose release went to another thread comes back to its owner's pool only after that
 * release, as with a real allocator: the box is emptied before the address is used again. */
static void *client(void *argument)
{
    struct client *self = argument;
    struct crowd *crowd = self->crowd;
    unsigned seed = self->number + 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned box = (unsigned)rand_r(&seed) % BOXES;
        uintptr_t mine = ((uintptr_t)(self->number + 1) << 32) + (round % 512) * 64 + 64;
        struct lr_live record = record_of(mine, 64, 0);
        put(crowd, &record);
        if (round % 3 == 0) { /* realloc in place: out, and in again */
            take(crowd, mine);
            put(crowd, &record);
        }
        uintptr_t expected = 0;
        unsigned to = (self->number + 1) % THREADS;
        if (__atomic_compare_exchange_n(&crowd->boxes[to][box], &expected, mine, 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            wait_for_release(crowd, self->number, &crowd->boxes[to][box], mine, &seed);
        else
            take(crowd, mine);
    }
    return NULL;
}

static void *mover(void *argument)
{
    struct crowd *crowd = argument;
    while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED))
        lr_table_tenure(&crowd->young, &crowd->file, 1, count_lost);
    return NULL;
}

static void test_concurrent_owners_and_mover_lose_nothing(void **state)
{
    (void)state;
    static struct crowd crowd;
    crowd.young = new_table(1024, 8);
    crowd.file = new_table(SLOTS, WINDOW);
    lost_count = 0;
    pthread_t threads[THREADS], moving;
    struct client clients[THREADS];
    pthread_create(&moving, NULL, mover, &crowd);
    for (unsigned i = 0; i < THREADS; i++) {
        clients[i] = (struct client){&crowd, i};
        pthread_create(&threads[i], NULL, client, &clients[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    __atomic_store_n(&crowd.stop, 1, __ATOMIC_RELAXED);
    pthread_join(moving, NULL);
    uint64_t kept = 0, bytes, young_bytes;
    for (unsigned i = 0; i < THREADS; i++)
        for (unsigned box = 0; box < BOXES; box++)
            kept += crowd.boxes[i][box] != 0;
    uint64_t found = count_valid(&crowd.file, &bytes) + count_valid(&crowd.young, &young_bytes);
    assert_int_equal(crowd.failed_removals, 0);
    assert_int_equal(crowd.refused, 0);
    assert_int_equal(lost_count, 0);
    assert_int_equal(found, kept);
    assert_int_equal(bytes + young_bytes, kept * 64);
    free(crowd.young.slots);
    free(crowd.file.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserted_is_found_once),
        cmocka_unit_test(test_full_window_refuses_and_room_is_reused),
        cmocka_unit_test(test_address_acquired_again_replaces_its_dead_record),
        cmocka_unit_test(test_torn_record_is_absent),
        cmocka_unit_test(test_tenure_moves_old_ones_only),
        cmocka_unit_test(test_tenure_without_room_is_counted),
        cmocka_unit_test(test_room_is_used_whatever_the_heap_looks_like),
        cmocka_unit_test(test_concurrent_owners_and_mover_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
