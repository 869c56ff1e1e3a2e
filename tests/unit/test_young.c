/* test_young.c -- the young table, and moving records from it to the file: exactness alone and
 * under concurrent insert, remove, move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "young.h"

enum { SLOTS = 4096, WINDOW = 64, YOUNG = 1024 };

static struct lr_live record_of(uintptr_t address, uint64_t size, uint32_t birth)
{
    return (struct lr_live){.key = address,
                            .info = size,
                            .stack = (uint32_t)size,
                            .birth_ms = birth,
                            .weight = 1,
                            .thread = 9};
}

static struct lr_table new_file(uint32_t slots, uint32_t window)
{
    return lr_table_over(calloc(slots, sizeof(struct lr_live)), slots, window);
}

static struct lr_young new_young(uint32_t slots)
{
    size_t bytes = (lr_young_bytes(slots) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    memset(memory, 0, bytes);
    return lr_young_over(memory, slots);
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

static uint64_t count_young(const struct lr_young *young, uint64_t *bytes)
{
    uint64_t count = 0;
    *bytes = 0;
    for (uint32_t at = 0; at < young->slot_count; at++)
        if (lr_young_address(young, at)) {
            count++;
            *bytes += young->rest[at].info & LR_LIVE_SIZE_MASK;
        }
    return count;
}

static void test_inserted_is_found_once(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_live record = record_of(0x1000, 24, 7), out;
    assert_true(lr_young_insert(&young, &record));
    assert_true(lr_young_find(&young, 0x1000, &out));
    assert_int_equal(out.key, 0x1000);
    assert_int_equal(out.info, 24);
    assert_int_equal(out.birth_ms, 7);
    assert_true(out.weight == 1);
    assert_int_equal(out.thread, 9);
    assert_false(lr_young_find(&young, 0x1010, &out));
    assert_true(lr_young_remove(&young, 0x1000, &out));
    assert_int_equal(out.stack, 24);
    assert_false(lr_young_remove(&young, 0x1000, &out));
    assert_false(lr_young_drop(&young, 0x1000));
    free(young.keys);
}

/* A slot that a weighted record used is used again by one that isn't, and the other way round. */
static void test_weights_stay_with_their_records(void **state)
{
    (void)state;
    struct lr_young young = new_young(16);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live out;
    for (unsigned i = 0; i < 100; i++) {
        struct lr_live record = record_of(0x1000, 24, i);
        record.weight = i % 2 ? 1 : 2.5f;
        assert_true(lr_young_insert(&young, &record));
        assert_true(lr_young_find(&young, 0x1000, &out));
        assert_true(out.weight == record.weight);
        if (i % 3 == 0) {
            assert_true(lr_young_drop(&young, 0x1000));
        } else if (i % 3 == 1) {
            assert_true(lr_young_remove(&young, 0x1000, &out));
            assert_true(out.weight == record.weight);
        } else {
            assert_int_equal(lr_young_tenure(&young, &file, i, NULL), 1);
            assert_true(lr_table_remove(&file, 0x1000, &out));
            assert_true(out.weight == record.weight);
        }
        assert_int_equal(lr_young_address(&young, 0), 0);
    }
    free(young.keys);
    free(file.slots);
}

/* Two buckets: all 16 slots serve any block, and no 17th is found. */
static void test_full_refuses_and_room_is_reused(void **state)
{
    (void)state;
    struct lr_young young = new_young(16);
    for (uintptr_t i = 1; i <= 16; i++) {
        struct lr_live record = record_of(i * 16, i, 0);
        assert_true(lr_young_insert(&young, &record));
    }
    struct lr_live extra = record_of(0x9990, 1, 0);
    assert_false(lr_young_insert(&young, &extra));
    for (uintptr_t i = 1; i <= 16; i++) {
        assert_true(lr_young_drop(&young, i * 16));
        assert_true(lr_young_insert(&young, &extra));
        assert_true(lr_young_drop(&young, 0x9990));
        struct lr_live record = record_of(i * 16, i, 0);
        assert_true(lr_young_insert(&young, &record));
    }
    free(young.keys);
}

/* Heaps of all kinds fill a third of the table before one block finds no room. */
static void test_a_third_always_fits(void **state)
{
    (void)state;
    static const uint64_t spacings[] = {16, 32, 48, 1040, 4096, 32768, 1 << 20, 0x100000030};
    enum { LARGE = 32768 };
    for (size_t i = 0; i < sizeof spacings / sizeof spacings[0]; i++) {
        struct lr_young young = new_young(LARGE);
        uintptr_t address = UINT64_C(0x7f1234560000);
        uint64_t filled = 0;
        struct lr_live record = record_of(address, 1, 0);
        while (lr_young_insert(&young, &record)) {
            filled++;
            record.key += spacings[i];
        }
        if (filled < LARGE / 3)
            fail_msg("spacing %llu: full at %llu", (unsigned long long)spacings[i],
                     (unsigned long long)filled);
        free(young.keys);
    }
}

static void test_torn_record_is_absent(void **state)
{
    (void)state;
    struct lr_young young = new_young(16);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live record = record_of(0x2000, 8, 0), out;
    assert_true(lr_young_insert(&young, &record));
    for (uint32_t i = 0; i < young.slot_count; i++)
        if (young.keys[i])
            young.keys[i] |= LR_KEY_BUSY;
    assert_false(lr_young_find(&young, 0x2000, &out));
    assert_false(lr_young_drop(&young, 0x2000));
    assert_int_equal(lr_young_tenure(&young, &file, UINT32_MAX, NULL), 0);
    free(young.keys);
    free(file.slots);
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
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(SLOTS, WINDOW);
    uint64_t bytes;
    for (uint64_t i = 1; i <= 1000; i++) {
        struct lr_live record = record_of(0x5000, i, (uint32_t)i);
        assert_true(lr_young_insert(&young, &record));
        if (i % 10 == 0)
            lr_young_tenure(&young, &file, (uint32_t)i, count_lost);
    }
    assert_int_equal(count_young(&young, &bytes), 0);
    assert_int_equal(count_valid(&file, &bytes), 1);
    assert_int_equal(bytes, 1000);
    free(young.keys);
    free(file.slots);
}

static void test_tenure_moves_old_ones_only(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live old = record_of(0x3000, 10, 100), fresh = record_of(0x4000, 20, 200), out;
    assert_true(lr_young_insert(&young, &old));
    assert_true(lr_young_insert(&young, &fresh));
    assert_int_equal(lr_young_tenure(&young, &file, 150, count_lost), 1);
    assert_true(lr_table_find(&file, 0x3000, &out));
    assert_int_equal(out.info, 10);
    assert_int_equal(out.birth_ms, 100);
    assert_false(lr_young_find(&young, 0x3000, &out));
    assert_true(lr_young_find(&young, 0x4000, &out));
    free(young.keys);
    free(file.slots);
}

static void test_old_ones_move_after_49_days(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live old = record_of(0x3000, 10, UINT32_MAX - 20), fresh = record_of(0x4000, 20, 40);
    struct lr_live out;
    assert_true(lr_young_insert(&young, &old));
    assert_true(lr_young_insert(&young, &fresh));
    assert_int_equal(lr_young_tenure(&young, &file, UINT32_MAX - 30, count_lost), 0);
    assert_int_equal(lr_young_tenure(&young, &file, 30, count_lost), 1);
    assert_true(lr_table_find(&file, 0x3000, &out));
    assert_true(lr_young_find(&young, 0x4000, &out));
    assert_int_equal(lr_young_tenure(&young, &file, UINT32_MAX, count_lost), 1);
    free(young.keys);
    free(file.slots);
}

static void test_tenure_without_room_is_counted(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(1, 1);
    lost_count = 0;
    for (uintptr_t i = 1; i <= 5; i++) {
        struct lr_live record = record_of(i * 4096, i, 0);
        assert_true(lr_young_insert(&young, &record));
    }
    assert_int_equal(lr_young_tenure(&young, &file, 10, count_lost), 1);
    assert_int_equal(lost_count, 4);
    free(young.keys);
    free(file.slots);
}

/* Parts where nothing was put aren't looked at, but for those that keep something. */
/* The helper clears a part's mark before it looks through it.  Whoever moves everything in that
 * moment, because the process ends, must not pass that part by. */
static void test_the_end_moves_what_another_looks_at(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live record = record_of(0x5000, 10, 100), out;
    assert_true(lr_young_insert(&young, &record));
    memset(young.fresh, 0, YOUNG / 128);
    assert_int_equal(lr_young_tenure(&young, &file, 50, NULL), 0);
    assert_int_equal(lr_young_tenure(&young, &file, UINT32_MAX, NULL), 1);
    assert_true(lr_table_remove(&file, 0x5000, &out));
    free(young.keys);
    free(file.slots);
}

static void test_parts_are_fresh_while_something_waits(void **state)
{
    (void)state;
    struct lr_young young = new_young(YOUNG);
    struct lr_table file = new_file(SLOTS, WINDOW);
    struct lr_live record = record_of(0x3000, 10, 100), out;
    assert_int_equal(lr_young_fresh(&young), 0);
    assert_true(lr_young_insert(&young, &record));
    assert_int_equal(lr_young_fresh(&young), 1);
    assert_int_equal(lr_young_tenure(&young, &file, 99, count_lost), 0);
    assert_int_equal(lr_young_fresh(&young), 1);
    assert_int_equal(lr_young_tenure(&young, &file, 100, count_lost), 1);
    assert_int_equal(lr_young_fresh(&young), 0);
    assert_true(lr_table_remove(&file, 0x3000, &out));
    lr_young_freshen(&young);
    assert_int_equal(lr_young_fresh(&young), YOUNG / 128);
    free(young.keys);
    free(file.slots);
}

/* Threads act as an allocator's clients: each owns its addresses, hands half of them to the next
 * thread to release, while a mover tenures everything.  At the end exactly the kept blocks are
 * in the two tables, with their own sizes. */
enum { THREADS = 4, ROUNDS = 20000, BOXES = 256 };

struct crowd {
    struct lr_young young;
    struct lr_table file;
    uintptr_t boxes[THREADS][BOXES];
    uint64_t failed_removals, refused;
    int stop;
};

static void put(struct crowd *crowd, const struct lr_live *record)
{
    if (!lr_young_insert(&crowd->young, record) && !lr_table_insert(&crowd->file, record))
        __atomic_fetch_add(&crowd->refused, 1, __ATOMIC_RELAXED);
}

static void take(struct crowd *crowd, uintptr_t address)
{
    struct lr_live out;
    for (int look = 0; look < 2; look++)
        if ((address % 128 ? lr_young_drop(&crowd->young, address)
                           : lr_young_remove(&crowd->young, address, &out)) ||
            lr_table_remove(&crowd->file, address, &out))
            return;
    __atomic_fetch_add(&crowd->failed_removals, 1, __ATOMIC_RELAXED);
}

struct client {
    struct crowd *crowd;
    unsigned number;
};

/* In a box: whose release is being recorded.  Only then may its address be used again, as with a
 * real allocator. */
static const uintptr_t TAKEN = 1;

static void release_one(struct crowd *crowd, uintptr_t *inbox)
{
    uintptr_t theirs = __atomic_fetch_or(inbox, TAKEN, __ATOMIC_ACQ_REL);
    if (theirs)
        take(crowd, theirs);
    __atomic_store_n(inbox, 0, __ATOMIC_RELEASE);
}

/* Releases what others handed to us until somebody has released `mine`; now and then nobody comes
 * and we do it ourselves. */
static void wait_for_release(struct crowd *crowd, unsigned self, uintptr_t *box, uintptr_t mine,
                             unsigned *seed)
{
    while ((__atomic_load_n(box, __ATOMIC_ACQUIRE) & ~TAKEN) == mine) {
        uintptr_t expected = mine;
        release_one(crowd, &crowd->boxes[self][(unsigned)rand_r(seed) % BOXES]);
        if (rand_r(seed) % 64 == 0 &&
            __atomic_compare_exchange_n(box, &expected, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            take(crowd, mine);
    }
}

/* A block whose release went to another thread comes back to its owner's pool only after it. */
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
        lr_young_tenure(&crowd->young, &crowd->file, 1, count_lost);
    return NULL;
}

static void test_concurrent_owners_and_mover_lose_nothing(void **state)
{
    (void)state;
    static struct crowd crowd;
    crowd.young = new_young(YOUNG);
    crowd.file = new_file(SLOTS, WINDOW);
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
    uint64_t found = count_valid(&crowd.file, &bytes) + count_young(&crowd.young, &young_bytes);
    assert_int_equal(crowd.failed_removals, 0);
    assert_int_equal(crowd.refused, 0);
    assert_int_equal(lost_count, 0);
    assert_int_equal(found, kept);
    assert_int_equal(bytes + young_bytes, kept * 64);
    free(crowd.young.keys);
    free(crowd.file.slots);
}

/* Pages that have memory already cost nobody a page fault. */
static void test_touching_brings_all_pages_in(void **state)
{
    (void)state;
    enum { PAGES = 600 };
    size_t bytes = lr_young_bytes(32768), page = (size_t)sysconf(_SC_PAGESIZE), missing = 0;
    unsigned char resident[PAGES];
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    struct lr_young young = lr_young_over(memory, 32768);
    struct lr_live record = record_of(0x123450, 100, 5), found;
    assert_true(lr_young_insert(&young, &record));
    size_t pages = (bytes + page - 1) / page;
    assert_true(pages <= PAGES);
    lr_young_touch(&young);
    assert_int_equal(mincore(memory, bytes, resident), 0);
    for (size_t i = 0; i < pages; i++)
        missing += !(resident[i] & 1);
    assert_int_equal(missing, 0);
    assert_true(lr_young_remove(&young, 0x123450, &found));
    assert_memory_equal(&found, &record, sizeof found);
    munmap(memory, bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inserted_is_found_once),
        cmocka_unit_test(test_weights_stay_with_their_records),
        cmocka_unit_test(test_full_refuses_and_room_is_reused),
        cmocka_unit_test(test_a_third_always_fits),
        cmocka_unit_test(test_address_acquired_again_replaces_its_dead_record),
        cmocka_unit_test(test_torn_record_is_absent),
        cmocka_unit_test(test_tenure_moves_old_ones_only),
        cmocka_unit_test(test_old_ones_move_after_49_days),
        cmocka_unit_test(test_tenure_without_room_is_counted),
        cmocka_unit_test(test_the_end_moves_what_another_looks_at),
        cmocka_unit_test(test_parts_are_fresh_while_something_waits),
        cmocka_unit_test(test_touching_brings_all_pages_in),
        cmocka_unit_test(test_concurrent_owners_and_mover_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
