/* test_governor.c -- hours of load, decided second by second without a clock; and thinning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "governor.h"
#include "meter.h"
#include "sampler.h"
#include "thin.h"

/* A program that allocates `rate` blocks of `size` bytes a second and frees as many, needs `work`
 * ns of CPU a second besides, and whose every recorded event costs 60 ns. */
struct load {
    double rate, size, work;
};

struct run {
    struct lr_governor governor;
    double cpu, cost;   /* ns, in all */
    unsigned changes, highest;
    unsigned exact_seconds;
};

static const double EVENT_NS = 60;

static void run_second(struct run *run, const struct load *load)
{
    uint64_t interval = lr_governor_interval(run->governor.level);
    double p = interval ? lr_sampler_probability((uint64_t)load->size, interval) : 1;
    struct lr_governor_input input = {
        .seconds = 1,
        .events = 2 * load->rate * p,
        .event_ns = EVENT_NS,
        .skipped = load->rate * (1 - p),
    };
    double cost = input.events * (EVENT_NS + 8) + input.skipped * 5;
    input.cpu_ns = load->work + cost;
    run->cpu += load->work;
    run->cost += cost;
    run->exact_seconds += run->governor.level == 0;
    run->changes += lr_governor_decide(&run->governor, &input);
    if (run->governor.level > run->highest)
        run->highest = run->governor.level;
}

static void run_for(struct run *run, unsigned seconds, const struct load *load)
{
    while (seconds--)
        run_second(run, load);
}

static struct run new_run(void)
{
    struct run run = {.cpu = 0};
    lr_governor_init(&run.governor, 0.03);
    return run;
}

static const struct load idle = {0, 100, 1e6};
static const struct load service = {100000, 300, 1e9};  /* 1.6 %: fits */
static const struct load start_up = {2000000, 300, 2e9}; /* 16 % */
static const struct load churn = {8000000, 500, 1e9};    /* 128 % */

static void test_a_service_stays_exact_all_night(void **state)
{
    (void)state;
    struct run run = new_run();
    run_for(&run, 30, &start_up);
    for (unsigned hour = 0; hour < 8; hour++) {
        run_for(&run, 3600 - 20, &service);
        run_for(&run, 20, &start_up); /* a spike */
    }
    assert_int_equal(run.changes, 0);
}

static void test_sustained_overload_is_sampled_and_fits(void **state)
{
    (void)state;
    struct run run = new_run();
    run_for(&run, 3600, &churn);
    assert_true(run.governor.level > 0);
    assert_true(run.exact_seconds >= 5 && run.exact_seconds <= 60); /* the burst */
    /* What skipping costs by itself (4 % here) is all that is left. */
    double floor = 8e6 * 5 / 1e9;
    assert_true(run.cost < (floor + 0.01) * run.cpu + LR_GOVERNOR_BURST);
    assert_true(run.changes <= LR_GOVERNOR_LEVELS);
}

static void test_falling_load_brings_exact_back(void **state)
{
    (void)state;
    struct run run = new_run();
    run_for(&run, 300, &churn);
    assert_true(run.governor.level > 0);
    run_for(&run, 120, &service);
    assert_int_equal(run.governor.level, 0);
    run_for(&run, 300, &churn);
    assert_true(run.governor.level > 0);
    run_for(&run, 600, &idle);
    assert_int_equal(run.governor.level, 0);
    unsigned changes = run.changes;
    run_for(&run, 3600, &service);
    assert_int_equal(run.changes, changes); /* and there it stays */
}

/* A load that comes and goes every ten seconds: neither changes all the time, nor costs more than
 * it may. */
static void test_flapping_load_is_waited_out(void **state)
{
    (void)state;
    static const struct load burst = {3000000, 20000, 1e9};
    struct run run = new_run();
    for (unsigned i = 0; i < 8 * 360; i++) {
        run_for(&run, 5, &burst);
        run_for(&run, 5, &idle);
    }
    assert_true(run.changes < 300); /* in eight hours */
    assert_true(run.cost < 0.05 * run.cpu + LR_GOVERNOR_BURST);
}

/* Where every record is made anyway, a larger interval would spare nothing. */
static void test_stops_where_nothing_is_spared(void **state)
{
    (void)state;
    struct run run = new_run();
    static const struct load skipping = {40000000, 500, 1e9};
    run_for(&run, 3600, &skipping);
    assert_true(run.governor.level < LR_GOVERNOR_LEVELS);
}

/* Nor where most of it are releases that the filter can't tell from those of recorded blocks. */
static void test_look_ups_in_vain_raise_no_interval(void **state)
{
    (void)state;
    static const double RATE = 3e7, MISSED = 9e5;
    struct run run = new_run();
    for (unsigned second = 0; second < 3600; second++) {
        uint64_t interval = lr_governor_interval(run.governor.level);
        double p = interval ? lr_sampler_probability(512, interval) : 1;
        struct lr_governor_input input = {
            .seconds = 1,
            .events = 2 * RATE * p + MISSED,
            .event_ns = EVENT_NS,
            .missed = MISSED,
            .skipped = RATE * (1 - p),
        };
        input.cpu_ns = 1e9 + lr_governor_input_cost(&input);
        lr_governor_decide(&run.governor, &input);
    }
    assert_int_equal(run.governor.level, 1);
}

static void test_intervals_are_a_ladder(void **state)
{
    (void)state;
    assert_int_equal(lr_governor_interval(0), 0);
    assert_int_equal(lr_governor_interval(1), LR_INTERVAL_FIRST);
    for (unsigned level = 2; level <= LR_GOVERNOR_LEVELS; level++)
        assert_int_equal(lr_governor_interval(level),
                         lr_governor_interval(level - 1) * LR_INTERVAL_STEP);
    assert_int_equal(lr_governor_interval(LR_GOVERNOR_LEVELS), 16 << 20);
}

/* --- the meter -------------------------------------------------------------------------- */

static void *few_events(void *due)
{
    for (unsigned i = 0; i < 10; i++)
        if (lr_meter_is_due()) {
            lr_meter_add(100);
            ++*(unsigned *)due;
        }
    return NULL;
}

/* A long-lived thread and many short-lived ones: as many events as there were. */
static void test_meter_counts_events(void **state)
{
    (void)state;
    enum { THREADS = 2000, EVENTS = 100000 };
    unsigned due = 0;
    lr_sampler_seed(11);
    lr_self.meter = 0;
    assert_false(lr_meter_is_due()); /* switched off */
    for (unsigned i = 0; i < 1000; i++)
        assert_false(lr_meter_is_due());
    lr_meter_switch(true);
    struct lr_meter_reading before = lr_meter_read();
    for (unsigned i = 0; i < EVENTS; i++)
        if (lr_meter_is_due())
            lr_meter_add(lr_sampler_random() < 0.01 ? 3000000 : 100); /* preempted now and then */
    struct lr_meter_reading after = lr_meter_read();
    assert_true(after.events - before.events >= EVENTS - LR_METER_PERIOD);
    assert_true(after.events - before.events <= EVENTS + LR_METER_PERIOD);
    assert_true(after.ticks >= 100 && after.ticks < 175);
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, few_events, &due), 0);
        pthread_join(thread, NULL);
    }
    lr_meter_switch(false);
    double expected = THREADS * 10.0 / LR_METER_PERIOD;
    assert_true(fabs(due - expected) < 5 * sqrt(expected));
}

/* --- thinning --------------------------------------------------------------------------- */

static struct lr_table table;

static uint64_t fill(uint64_t records, float weight)
{
    uint64_t bytes = 0;
    table = lr_table_over(calloc(1 << 16, sizeof(struct lr_live)), 1 << 16, 64);
    for (uint64_t i = 0; i < records; i++) {
        uint64_t size = 16 + i % 1000 * 8;
        struct lr_live record = {.key = (i + 1) * 64, .info = size, .weight = weight};
        if (i % 100 == 0)
            record.info |= LR_LIVE_OWNED;
        assert_true(lr_table_insert(&table, &record));
        bytes += size;
    }
    return bytes;
}

static double sum_of_table(double *variance, unsigned *owned)
{
    double sum = 0;
    *variance = 0;
    *owned = 0;
    for (uint64_t at = 0; (at = lr_table_next(&table, at)) < table.slot_count; at++) {
        const struct lr_live *slot = &table.slots[at];
        double size = (double)(slot->info & LR_LIVE_SIZE_MASK), w = (double)slot->weight;
        assert_int_equal(slot->key & LR_KEY_STATE, 0);
        if (slot->info & LR_LIVE_OWNED) {
            assert_true(w == 1);
            ++*owned;
        }
        sum += size * w;
        *variance += size * size * w * (w - 1);
    }
    return sum;
}

static void test_thinning_keeps_the_sum(void **state)
{
    (void)state;
    double variance;
    unsigned owned;
    lr_sampler_seed(5);
    double truth = (double)fill(30000, 1);
    uint64_t gone = lr_thin(&table, 64 << 10);
    assert_int_equal(lr_thin_count(&table), 30000 - gone);
    assert_true(gone > 25000 && gone < 29700);
    assert_true(fabs(sum_of_table(&variance, &owned) - truth) < 5 * sqrt(variance));
    assert_int_equal(owned, 300);
    assert_int_equal(lr_thin(&table, 64 << 10), 0); /* once is enough */
    assert_int_equal(lr_thin(&table, 16 << 10), 0); /* nothing comes back */
    assert_true(lr_thin(&table, 256 << 10) > 0);
    assert_true(fabs(sum_of_table(&variance, &owned) - truth) < 5 * sqrt(variance));
    assert_int_equal(owned, 300);
    free(table.slots);
}

/* Owners release their blocks while the table is thinned: nothing of them stays. */
enum { OWNERS = 3, OWN = 8000 };
static unsigned releasing;

static void *release_all(void *argument)
{
    struct lr_live record;
    for (uintptr_t i = (uintptr_t)argument; i < OWNERS * OWN; i += OWNERS)
        lr_table_remove(&table, (i + 1) * 64, &record);
    __atomic_fetch_sub(&releasing, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void test_thinning_beside_releases(void **state)
{
    (void)state;
    pthread_t threads[OWNERS];
    fill(OWNERS * OWN + 1000, 1);
    releasing = OWNERS;
    for (uintptr_t i = 0; i < OWNERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, release_all, (void *)i), 0);
    for (uint64_t interval = 4096; __atomic_load_n(&releasing, __ATOMIC_ACQUIRE); interval++)
        lr_thin(&table, interval);
    for (unsigned i = 0; i < OWNERS; i++)
        pthread_join(threads[i], NULL);
    for (uint64_t at = 0; (at = lr_table_next(&table, at)) < table.slot_count; at++) {
        assert_int_equal(table.slots[at].key & LR_KEY_STATE, 0);
        assert_true(table.slots[at].key / 64 > OWNERS * OWN); /* nobody's who released */
    }
    free(table.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_service_stays_exact_all_night),
        cmocka_unit_test(test_sustained_overload_is_sampled_and_fits),
        cmocka_unit_test(test_falling_load_brings_exact_back),
        cmocka_unit_test(test_flapping_load_is_waited_out),
        cmocka_unit_test(test_stops_where_nothing_is_spared),
        cmocka_unit_test(test_look_ups_in_vain_raise_no_interval),
        cmocka_unit_test(test_intervals_are_a_ladder),
        cmocka_unit_test(test_meter_counts_events),
        cmocka_unit_test(test_thinning_keeps_the_sum),
        cmocka_unit_test(test_thinning_beside_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
