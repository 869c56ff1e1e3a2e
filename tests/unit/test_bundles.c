/* test_bundles.c -- the blocks of a pair's call, kept together: exact, whoever releases them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bundles.h"
#include "sampler.h"

enum { SLOTS = 8192, WINDOW = 64, SIZE = 64 };

static struct lr_table new_file(uint32_t slots)
{
    return lr_table_over(calloc(slots, sizeof(struct lr_live)), slots, WINDOW < slots ? WINDOW : 1);
}

static uint64_t lost_count;

static void count_lost(const struct lr_live *record)
{
    (void)record;
    __atomic_fetch_add(&lost_count, 1, __ATOMIC_RELAXED);
}

static unsigned count_addresses(void)
{
    unsigned count = 0;
    for (unsigned at = 0; at < LR_BUNDLE_PLACES; at++)
        count += lr_bundles_address(at) != 0;
    return count;
}

static struct lr_bundle *open_with(unsigned blocks, uintptr_t first, uint32_t birth_ms)
{
    uint16_t hint = 0;
    struct lr_bundle *bundle = lr_bundle_open(&hint, 7, birth_ms, 3);
    assert_non_null(bundle);
    for (unsigned i = 0; i < blocks; i++)
        assert_true(lr_bundle_add(bundle, first + i * 64, SIZE + i));
    return bundle;
}

static void test_an_end_strikes_out_what_the_init_wrote(void **state)
{
    (void)state;
    struct lr_table file = new_file(SLOTS);
    struct lr_bundle *bundle = open_with(LR_BUNDLE_BLOCKS, 0x1000, 5);
    assert_false(lr_bundle_add(bundle, 0x9000, 1)); /* full */
    uint32_t number = lr_bundle_keep(bundle);
    struct lr_live record;
    bundle = lr_bundle_claim(number);
    assert_non_null(bundle); /* the very first use of all, too */
    for (unsigned i = 0; i < LR_BUNDLE_BLOCKS; i++) {
        assert_true(lr_bundle_strike(bundle, 0x1000 + i * 64, &record));
        assert_int_equal(record.info, SIZE + i);
        assert_int_equal(record.stack, 7);
        assert_int_equal(record.thread, 3);
        assert_int_equal(record.birth_ms, 5);
        assert_false(lr_bundle_strike(bundle, 0x1000 + i * 64, &record));
    }
    assert_int_equal(lr_bundle_free(bundle, &file, count_lost), 0);
    assert_null(lr_bundle_claim(number));
    assert_int_equal(count_addresses(), 0);
    free(file.slots);
}

static void test_what_an_end_leaves_is_recorded(void **state)
{
    (void)state;
    struct lr_table file = new_file(SLOTS);
    struct lr_live record;
    struct lr_bundle *bundle = lr_bundle_claim(lr_bundle_keep(open_with(3, 0x2000, 5)));
    assert_non_null(bundle);
    assert_true(lr_bundle_strike(bundle, 0x2040, NULL));
    assert_int_equal(lr_bundle_free(bundle, &file, count_lost), 2);
    assert_true(lr_table_remove(&file, 0x2000, &record));
    assert_int_equal(record.info, SIZE);
    assert_true(record.weight == 1);
    assert_false(lr_table_remove(&file, 0x2040, &record));
    assert_true(lr_table_remove(&file, 0x2080, &record));
    assert_int_equal(record.birth_ms, 5);
    assert_int_equal(count_addresses(), 0);
    free(file.slots);
}

static void test_an_init_that_fails_leaves_nothing(void **state)
{
    (void)state;
    struct lr_table file = new_file(SLOTS);
    struct lr_bundle *bundle = open_with(2, 0x3000, 5);
    assert_true(lr_bundle_strike(bundle, 0x3000, NULL));
    assert_true(lr_bundle_strike(bundle, 0x3040, NULL));
    assert_int_equal(lr_bundle_keep(bundle), 0); /* nor a pair without blocks of its own */
    assert_int_equal(count_addresses(), 0);
    free(file.slots);
}

static void test_what_waited_long_enough_moves(void **state)
{
    (void)state;
    struct lr_table file = new_file(SLOTS);
    struct lr_live record;
    struct lr_bundle *held = open_with(1, 0x7000, 50);
    uint32_t old = lr_bundle_keep(open_with(2, 0x4000, 100));
    uint32_t fresh = lr_bundle_keep(open_with(2, 0x5000, 200));
    assert_int_equal(lr_bundles_tenure(&file, 150, count_lost), 2);
    assert_null(lr_bundle_claim(old));
    assert_true(lr_table_find(&file, 0x4040, &record));
    assert_int_equal(record.info, SIZE + 1);
    assert_false(lr_bundles_strike(0x4040, &record));
    assert_true(lr_bundles_strike(0x5040, &record)); /* freed by somebody else */
    assert_int_equal(record.info, SIZE + 1);
    assert_int_equal(lr_bundles_tenure(&file, UINT32_MAX, count_lost), 1);
    assert_null(lr_bundle_claim(fresh));
    assert_int_equal(lr_bundle_free(held, &file, count_lost), 1); /* held: not moved by others */
    assert_int_equal(count_addresses(), 0);
    free(file.slots);
}

static void test_without_room_they_are_lost_and_counted(void **state)
{
    (void)state;
    struct lr_table file = new_file(1);
    lost_count = 0;
    lr_bundle_keep(open_with(3, 0x6000, 0));
    assert_int_equal(lr_bundles_tenure(&file, 10, count_lost), 1);
    assert_int_equal(lost_count, 2);
    free(file.slots);
}

static struct lr_table guarded;
static bool was_released;
static uint64_t size_released;

/* The mover has claimed the block and now comes to the file. */
static void release_meanwhile(int signal)
{
    (void)signal;
    struct lr_live record;
    mprotect(guarded.slots, SLOTS * sizeof(struct lr_live), PROT_READ | PROT_WRITE);
    was_released = lr_bundles_strike(0x8000, &record);
    size_released = record.info;
}

static void test_released_while_it_moves_it_is_gone(void **state)
{
    (void)state;
    size_t size = SLOTS * sizeof(struct lr_live);
    void *slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_handler = release_meanwhile}, old;
    guarded = lr_table_over(slots, SLOTS, WINDOW);
    lr_bundle_keep(open_with(2, 0x8000, 0));
    sigaction(SIGSEGV, &action, &old);
    mprotect(slots, size, PROT_NONE);
    assert_int_equal(lr_bundles_tenure(&guarded, UINT32_MAX, count_lost), 1);
    sigaction(SIGSEGV, &old, NULL);
    assert_true(was_released);
    assert_int_equal(size_released, SIZE);
    assert_false(lr_table_remove(&guarded, 0x8000, NULL));
    assert_true(lr_table_remove(&guarded, 0x8040, NULL));
    assert_int_equal(count_addresses(), 0);
    munmap(slots, size);
}

static void test_none_left_and_none_while_sampling(void **state)
{
    (void)state;
    struct lr_table file = new_file(SLOTS);
    uint16_t hint = 0;
    unsigned opened = 0;
    for (unsigned i = 0; i < LR_BUNDLES * 2; i++) {
        struct lr_bundle *bundle = lr_bundle_open(&hint, 1, 0, 0);
        if (!bundle)
            continue;
        assert_true(lr_bundle_add(bundle, 0x10000 + i * 64, SIZE));
        lr_bundle_keep(bundle);
        opened++;
    }
    assert_int_equal(opened, LR_BUNDLES);
    assert_int_equal(lr_bundles_top, LR_BUNDLES);
    assert_int_equal(lr_bundles_tenure(&file, UINT32_MAX, count_lost), LR_BUNDLES);
    lr_sampling.filter_next = 1;
    assert_null(lr_bundle_open(&hint, 1, 0, 0));
    assert_false(lr_bundles_are_held());
    lr_bundles_rest();
    assert_int_equal(lr_bundles_top, 0);
    lr_sampling.filter_next = 0;
    free(file.slots);
}

/* Threads act as streams' owners: the init in one thread, the end in this or the next, some blocks
 * freed elsewhere or later, while a mover tenures everything.  At the end nothing is left. */
enum { THREADS = 4, ROUNDS = 20000, BOXES = 16 };

struct stream {
    uint32_t number;
    unsigned blocks;
    uintptr_t first;
    uint32_t busy; /* its addresses aren't the allocator's yet */
};

struct crowd {
    struct lr_table file;
    struct stream *boxes[THREADS][BOXES];
    uint64_t failed, moved, refused;
    int stop;
};

struct client {
    struct crowd *crowd;
    unsigned number;
    struct stream streams[64];
};

static bool take(struct crowd *crowd, struct lr_bundle *held, uintptr_t address)
{
    struct lr_live out;
    for (int look = 0; look < 2; look++)
        if (lr_bundle_strike(held, address, NULL) ||
            lr_table_remove(&crowd->file, address, address % 128 ? &out : NULL) ||
            lr_bundles_strike(address, address % 128 ? &out : NULL))
            return true;
    __atomic_fetch_add(&crowd->failed, 1, __ATOMIC_RELAXED);
    return false;
}

static void end_stream(struct crowd *crowd, struct stream *stream, unsigned how)
{
    unsigned i = 0;
    if (how % 4 == 0)
        take(crowd, NULL, stream->first + i++ * 64); /* by another way, before */
    struct lr_bundle *held = lr_bundle_claim(stream->number);
    for (; i + (how % 3 == 0) < stream->blocks; i++)
        take(crowd, held, stream->first + i * 64);
    if (held)
        lr_bundle_free(held, &crowd->file, count_lost);
    for (; i < stream->blocks; i++)
        take(crowd, NULL, stream->first + i * 64); /* and later */
    __atomic_store_n(&stream->busy, 0, __ATOMIC_RELEASE);
}

static void init_stream(struct crowd *crowd, struct stream *stream, uint16_t *hint)
{
    struct lr_bundle *bundle = lr_bundle_open(hint, 1, 0, 0);
    stream->busy = 1;
    for (unsigned i = 0; i < stream->blocks; i++) {
        struct lr_live record = {
            .key = stream->first + i * 64, .info = SIZE, .stack = 1, .weight = 1};
        if (!(bundle && lr_bundle_add(bundle, record.key, SIZE)) &&
            !lr_table_insert(&crowd->file, &record))
            __atomic_fetch_add(&crowd->refused, 1, __ATOMIC_RELAXED);
    }
    stream->number = bundle ? lr_bundle_keep(bundle) : 0;
}

static void *client(void *argument)
{
    struct client *self = argument;
    struct crowd *crowd = self->crowd;
    unsigned seed = self->number + 1;
    uint16_t hint = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned which = (unsigned)rand_r(&seed) % 64, box = (unsigned)rand_r(&seed) % BOXES;
        struct stream *stream = &self->streams[which];
        unsigned to = (self->number + round % 2) % THREADS;
        if (!__atomic_load_n(&stream->busy, __ATOMIC_ACQUIRE)) {
            stream->blocks = 1 + (unsigned)rand_r(&seed) % 7; /* seven: more than fit */
            stream->first = ((uintptr_t)(self->number + 1) << 32) + which * 1024 + 64;
            init_stream(crowd, stream, &hint);
            stream = __atomic_exchange_n(&crowd->boxes[to][box], stream, __ATOMIC_ACQ_REL);
        } else {
            stream = __atomic_exchange_n(&crowd->boxes[self->number][box], NULL, __ATOMIC_ACQ_REL);
        }
        if (stream)
            end_stream(crowd, stream, (unsigned)rand_r(&seed));
    }
    return NULL;
}

static void *mover(void *argument)
{
    struct crowd *crowd = argument;
    while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED))
        crowd->moved += lr_bundles_tenure(&crowd->file, 1, count_lost);
    return NULL;
}

static unsigned count_records(const struct lr_table *file)
{
    unsigned count = 0;
    for (uint64_t at = 0; at < file->slot_count; at++)
        count += file->slots[at].key != 0;
    return count;
}

static void test_concurrent_owners_and_mover_lose_nothing(void **state)
{
    (void)state;
    static struct crowd crowd;
    static struct client clients[THREADS];
    crowd.file = new_file(SLOTS);
    lost_count = 0;
    pthread_t threads[THREADS], moving;
    pthread_create(&moving, NULL, mover, &crowd);
    for (unsigned i = 0; i < THREADS; i++) {
        clients[i].crowd = &crowd;
        clients[i].number = i;
        pthread_create(&threads[i], NULL, client, &clients[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    __atomic_store_n(&crowd.stop, 1, __ATOMIC_RELAXED);
    pthread_join(moving, NULL);
    for (unsigned i = 0; i < THREADS * BOXES; i++)
        if (crowd.boxes[i / BOXES][i % BOXES])
            end_stream(&crowd, crowd.boxes[i / BOXES][i % BOXES], i);
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(crowd.refused, 0);
    assert_int_equal(lost_count, 0);
    assert_int_equal(count_addresses(), 0);
    assert_int_equal(count_records(&crowd.file), 0);
    assert_false(lr_bundles_are_held());
    assert_false(lr_bundles_are_moving());
    free(crowd.file.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_end_strikes_out_what_the_init_wrote),
        cmocka_unit_test(test_what_an_end_leaves_is_recorded),
        cmocka_unit_test(test_an_init_that_fails_leaves_nothing),
        cmocka_unit_test(test_what_waited_long_enough_moves),
        cmocka_unit_test(test_without_room_they_are_lost_and_counted),
        cmocka_unit_test(test_released_while_it_moves_it_is_gone),
        cmocka_unit_test(test_none_left_and_none_while_sampling),
        cmocka_unit_test(test_concurrent_owners_and_mover_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
