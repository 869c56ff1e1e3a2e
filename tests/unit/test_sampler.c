/* test_sampler.c -- who is sampled, how much it stands for, and the filter that free asks.
 *
 * All randomness comes from fixed seeds, so a result is the same on every machine.  Bounds are
 * five standard deviations of what is measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "address_filter.h"
#include "sampler.h"

static void begin(uint64_t seed, uint64_t interval)
{
    lr_self.countdown = 0;
    lr_self.pair_stack = 0;
    lr_sampler_seed(seed);
    lr_sampler_set(interval);
}

static void test_functions_agree_with_libm(void **state)
{
    (void)state;
    for (double u = 1; u > 1e-300; u *= 0.7317) {
        double wanted = -log(u), got = lr_minus_log(u);
        assert_true(fabs(got - wanted) <= 1e-13 * (1 + fabs(wanted)));
    }
    for (double x = 1e-12; x < 40; x *= 1.0937) {
        double wanted = -expm1(-x), got = lr_one_minus_exp(x);
        assert_true(fabs(got - wanted) <= 1e-13 * wanted);
    }
    assert_true(lr_one_minus_exp(0) == 0);
    assert_true(lr_minus_log(1) == 0);
}

static void test_exact_takes_everything(void **state)
{
    (void)state;
    begin(1, 0);
    for (size_t size = 0; size < 1000; size++)
        assert_true(lr_sampler_weigh(size) == 1);
}

static void test_huge_and_owned_blocks_are_always_taken(void **state)
{
    (void)state;
    begin(1, 512 << 10);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(lr_sampler_weigh(8 * 512 << 10) == 1);
        assert_true(lr_sampler_weigh(SIZE_MAX / 2) == 1);
    }
    lr_self.pair_stack = 5;
    for (unsigned i = 0; i < 100; i++)
        assert_true(lr_sampler_weigh(1) == 1);
    lr_self.pair_stack = 0;
}

/* Among `blocks` of one size: how many are recorded, and what they stand for. */
static void check_size(uint64_t size, uint64_t interval, uint64_t blocks)
{
    double p = lr_sampler_probability(size, interval), taken = 0, stands_for = 0;
    begin(size * 31 + interval, interval);
    for (uint64_t i = 0; i < blocks; i++) {
        float weight = lr_sampler_weigh(size);
        if (weight == 0)
            continue;
        assert_true(fabs(weight * p - 1) < 1e-6);
        taken++;
        stands_for += weight;
    }
    double n = (double)blocks;
    assert_true(fabs(taken - n * p) <= 5 * sqrt(n * p * (1 - p)) + 1e-9);
    assert_true(fabs(stands_for - n) <= 5 * sqrt(n * (1 - p) / p) + 1e-6 * n);
}

static void test_probability_and_weight_fit(void **state)
{
    (void)state;
    static const uint64_t intervals[] = {4 << 10, 100000, 512 << 10, 64 << 20};
    for (size_t i = 0; i < 4; i++) {
        check_size(0, intervals[i], 200000);
        check_size(16, intervals[i], 200000);
        check_size(1000, intervals[i], 200000);
        check_size(intervals[i] / 2, intervals[i], 20000);
        check_size(intervals[i] * 3, intervals[i], 20000);
        check_size(intervals[i] * 7, intervals[i], 20000);
    }
}

/* Hits of neighbouring blocks are independent: among pairs of equal blocks both are hit with
 * probability p * p. */
static void test_hits_are_independent(void **state)
{
    (void)state;
    double p = lr_sampler_probability(3000, 10000), both = 0, n = 200000;
    begin(77, 10000);
    for (unsigned i = 0; i < n; i++) {
        bool first = lr_sampler_weigh(3000) != 0, second = lr_sampler_weigh(3000) != 0;
        both += first && second;
    }
    assert_true(fabs(both - n * p * p) < 5 * sqrt(n * p * p * (1 - p * p)));
}

/* The interval changes every few blocks, through exact and back: the estimates stay unbiased. */
static void test_changing_interval_is_unbiased(void **state)
{
    (void)state;
    static const uint64_t intervals[] = {0, 8 << 10, 1 << 20, 64 << 10};
    double truth = 0, estimate = 0, variance = 0;
    uint64_t sizes = 12345;
    begin(99, 0);
    for (unsigned i = 0; i < 400000; i++) {
        if (i % 7 == 0)
            lr_sampler_set(intervals[i / 7 % 4]);
        uint64_t interval = intervals[i / 7 % 4];
        sizes = sizes * 6364136223846793005u + 1442695040888963407u;
        uint64_t size = sizes >> 52;
        double p = interval ? lr_sampler_probability(size, interval) : 1;
        double weight = lr_sampler_weigh(size);
        truth += (double)size;
        estimate += weight * (double)size;
        variance += (double)(size * size) * (1 - p) / p;
    }
    lr_sampler_set(0);
    assert_true(fabs(estimate - truth) < 5 * sqrt(variance));
    assert_true(sqrt(variance) < truth / 20); /* else the test above would say nothing */
}

/* Many short-lived threads, as a pool that is made anew for every request: each one's first block
 * has the chance that it should have. */
static void *one_block(void *taken)
{
    if (lr_sampler_weigh(1000) != 0)
        __atomic_fetch_add((unsigned *)taken, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void test_first_blocks_of_threads(void **state)
{
    (void)state;
    enum { THREADS = 2000 };
    unsigned taken = 0;
    begin(5, 10000);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, one_block, &taken), 0);
        pthread_join(thread, NULL);
    }
    lr_sampler_set(0);
    double p = lr_sampler_probability(1000, 10000);
    assert_true(fabs(taken - THREADS * p) < 5 * sqrt(THREADS * p * (1 - p)));
}

/* --- the filter ----------------------------------------------------------------------------- */

static struct lr_table new_table(uint64_t capacity)
{
    return lr_table_over(calloc(capacity, sizeof(struct lr_live)), capacity, 8);
}

static void rebuild(const struct lr_table *table)
{
    assert_true(lr_filter_prepare());
    lr_filter_build(table, NULL);
}

static void test_filter_knows_what_was_added(void **state)
{
    (void)state;
    struct lr_table empty = new_table(64);
    assert_false(lr_filter_excludes(0x7000)); /* no filter: perhaps */
    rebuild(&empty);
    assert_true(lr_filter_excludes(0x7000));
    lr_filter_note(0x7000);
    assert_false(lr_filter_excludes(0x7000));
    assert_true(lr_filter_excludes(0x7020)); /* the next block is another one */
    lr_filter_subtract(lr_sampling.filter, 0x7000);
    assert_true(lr_filter_excludes(0x7000));
    lr_filter_subtract(lr_sampling.filter, 0x7000); /* never below none */
    lr_filter_note(0x7000);
    assert_false(lr_filter_excludes(0x7000));
    lr_filter_stop();
    assert_false(lr_filter_excludes(0x9000));
    free(empty.slots);
}

/* Two addresses of one cell: taking one of them away must not hide the other. */
static void test_filter_keeps_those_that_share_a_cell(void **state)
{
    (void)state;
    struct lr_table empty = new_table(64);
    uintptr_t one = 0x10000, other = 0;
    rebuild(&empty);
    for (uintptr_t a = UINT64_C(1) << 27; !other; a += 32)
        if (lr_filter_cell(a) == lr_filter_cell(one))
            other = a;
    lr_filter_note(one);
    lr_filter_note(other);
    lr_filter_subtract(lr_sampling.filter, one);
    assert_false(lr_filter_excludes(other));
    rebuild(&empty); /* cells that stuck come free */
    assert_true(lr_filter_excludes(other));
    lr_filter_stop();
    free(empty.slots);
}

static void test_filter_is_built_from_tables(void **state)
{
    (void)state;
    struct lr_table table = new_table(4096);
    for (uintptr_t i = 1; i <= 1000; i++) {
        struct lr_live record = {.key = i * 4112, .weight = 1};
        assert_true(lr_table_insert(&table, &record));
    }
    rebuild(&table);
    unsigned excluded = 0;
    for (uintptr_t i = 1; i <= 1000; i++) {
        assert_false(lr_filter_excludes(i * 4112));
        excluded += lr_filter_excludes(i * 4112 + 2048);
    }
    assert_true(excluded > 950);
    uintptr_t old = lr_sampling.filter;
    rebuild(&table);
    lr_filter_subtract(old, 4112); /* by who looked before the new one came: leaves it alone */
    assert_false(lr_filter_excludes(4112));
    lr_filter_stop();
    free(table.slots);
}

/* Threads insert, note, look and remove, while filters are built without end: nobody's own record
 * may ever be excluded. */
enum { WORKERS = 3, ROUNDS = 20000 };
static struct lr_table shared;
static unsigned misses, working;

static void *use_filter(void *argument)
{
    uintptr_t base = (uintptr_t)argument << 32;
    for (uintptr_t i = 0; i < ROUNDS; i++) {
        struct lr_live record = {.key = base + i % 500 * 48 + 16, .weight = 1}, out;
        if (!lr_table_insert(&shared, &record))
            continue;
        lr_filter_note(record.key);
        if (lr_filter_excludes(record.key))
            __atomic_fetch_add(&misses, 1, __ATOMIC_RELAXED);
        uintptr_t filter = __atomic_load_n(&lr_sampling.filter, __ATOMIC_ACQUIRE);
        if (lr_table_remove(&shared, record.key, &out))
            lr_filter_subtract(filter, record.key);
    }
    __atomic_fetch_sub(&working, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void test_filter_under_threads(void **state)
{
    (void)state;
    pthread_t threads[WORKERS];
    shared = new_table(4096);
    working = WORKERS;
    rebuild(&shared);
    for (uintptr_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_filter, (void *)(i + 1)), 0);
    while (__atomic_load_n(&working, __ATOMIC_ACQUIRE)) {
        if (lr_filter_prepare()) /* not while somebody subtracts */
            lr_filter_build(&shared, NULL);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(misses, 0);
    lr_filter_stop();
    free(shared.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_agree_with_libm),
        cmocka_unit_test(test_exact_takes_everything),
        cmocka_unit_test(test_huge_and_owned_blocks_are_always_taken),
        cmocka_unit_test(test_probability_and_weight_fit),
        cmocka_unit_test(test_hits_are_independent),
        cmocka_unit_test(test_changing_interval_is_unbiased),
        cmocka_unit_test(test_first_blocks_of_threads),
        cmocka_unit_test(test_filter_knows_what_was_added),
        cmocka_unit_test(test_filter_keeps_those_that_share_a_cell),
        cmocka_unit_test(test_filter_is_built_from_tables),
        cmocka_unit_test(test_filter_under_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
