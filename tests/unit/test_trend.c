/* test_trend.c -- trends are told from what only looks like one, on seeds never used to choose a
 * threshold.
 *
 * Stage: unit tests of JUDGE.  Deterministic.  `make trends` prints the whole confusion matrix.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "simulate_series.h"
#include "trend.h"
#include "trend_internal.h"

static double time_s[LR_SIMULATE_MAX], value[LR_SIMULATE_MAX];

static const double noises[] = {0.02, 0.2, 0.5, 1}, correlations[] = {0, 0.8, 0.95};
enum { NOISES = 4, CORRELATIONS = 3, CLASSES = LR_TREND_TRANSIENT + 1 };

struct tally {
    unsigned of[CLASSES], all, covered; /* covered: the truth is inside the interval */
};

static void judge(const struct lr_simulation *simulation, uint64_t seed, struct tally *tally)
{
    lr_simulate(simulation, LR_SIMULATE_HELD_OUT + seed, time_s, value);
    struct lr_trend trend = lr_trend_judge(time_s, value, (size_t)simulation->points);
    double truth = simulation->leak * 1e6;
    tally->of[trend.kind]++;
    tally->all++;
    tally->covered += trend.low <= truth && truth <= trend.high;
    assert_true(trend.low <= trend.slope && trend.slope <= trend.high);
}

/* Every noise and correlation, `seeds` times each. */
static struct tally judge_all(struct lr_simulation simulation, unsigned seeds)
{
    struct tally tally = {{0}, 0, 0};
    for (unsigned n = 0; n < NOISES; n++)
        for (unsigned c = 0; c < CORRELATIONS; c++)
            for (unsigned seed = 0; seed < seeds; seed++) {
                simulation.noise = noises[n];
                simulation.correlation = correlations[c];
                judge(&simulation, (n * CORRELATIONS + c) * 1000 + seed, &tally);
            }
    return tally;
}

static void assert_at_most(const char *what, unsigned count, unsigned all, double percent)
{
    if (count > all * percent / 100)
        fail_msg("%s: %u of %u, more than %g %%", what, count, all, percent);
}

/* At eight hours and near the least length: false alarms at most 1 %, flat ones decided. */
static void what_is_bounded_is_no_leak(void **state)
{
    (void)state;
    static const enum lr_simulated kinds[] = {LR_SIM_FLAT, LR_SIM_WARM_UP,
                                              LR_SIM_LONG_TAIL, LR_SIM_SAWTOOTH,
                                              LR_SIM_STEP, LR_SIM_CACHE};
    static const struct {
        double hours;
        int points;
        unsigned seeds;
    } lengths[] = {{8, 481, 25}, {0.09, 48, 25}, {0.0834, 31, 25}};
    for (unsigned l = 0; l < 3; l++)
        for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            struct lr_simulation simulation = {
                .kind = kinds[k], .hours = lengths[l].hours, .points = lengths[l].points,
                .level = 30};
            struct tally tally = judge_all(simulation, lengths[l].seeds);
            const char *name = lr_simulated_name(kinds[k]);
            assert_at_most(name, tally.of[LR_TREND_GROWING], tally.all, 1);
            assert_at_most(name, tally.of[LR_TREND_UNKNOWN], tally.all, 10);
        }
}

static void a_megabyte_an_hour_is_found_in_eight(void **state)
{
    (void)state;
    struct lr_simulation simulation = {
        .kind = LR_SIM_LEAK, .hours = 8, .points = 481, .level = 30, .leak = 1};
    struct tally tally = judge_all(simulation, 25);
    assert_at_most("not found", tally.all - tally.of[LR_TREND_GROWING], tally.all, 10);
    assert_at_most("not in the interval", tally.all - tally.covered, tally.all, 7);
    simulation.kind = LR_SIM_STAIRS;
    tally = judge_all(simulation, 8);
    assert_at_most("stairs not found", tally.all - tally.of[LR_TREND_GROWING], tally.all, 10);
    simulation.kind = LR_SIM_WARM_UP_LEAK; /* a warm-up of up to 100 MB over it */
    tally = judge_all(simulation, 8);
    assert_at_most("warm-up and leak not found", tally.all - tally.of[LR_TREND_GROWING],
                   tally.all, 28);
    assert_at_most("warm-up and leak: not in the interval", tally.all - tally.covered, tally.all,
                   10);
}

/* It looks like a leak until it is full.  Noise that hides the flat part hides it still. */
static void a_cache_that_is_full_of_late_is_no_leak(void **state)
{
    (void)state;
    struct lr_simulation simulation = {.kind = LR_SIM_LATE_CACHE, .hours = 8, .points = 481,
                                       .level = 30, .swing = 20};
    struct tally tally = judge_all(simulation, 8);
    assert_at_most("called growing", tally.of[LR_TREND_GROWING], tally.all, 7);
    tally = (struct tally){{0}, 0, 0};
    for (unsigned seed = 0; seed < 40; seed++) {
        simulation.noise = 0.2;
        simulation.correlation = 0.8;
        judge(&simulation, seed, &tally);
    }
    assert_int_equal(tally.of[LR_TREND_GROWING], 0);
}

/* After 85 to 97 %: while it fills it is a leak to anybody; once the noise lets its flat part be
 * seen, it is none, or left open. */
static void a_cache_that_was_full_at_last_is_no_leak(void **state)
{
    (void)state;
    static const struct {
        double noise, correlation, percent;
    } seen[] = {{0.02, 0.95, 0}, {0.2, 0, 5}, {0.2, 0.8, 10}, {0.5, 0.8, 25}};
    struct lr_simulation simulation = {.kind = LR_SIM_LAST_CACHE, .hours = 8, .points = 481,
                                       .level = 30, .swing = 20};
    for (unsigned i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        struct tally tally = {{0}, 0, 0};
        simulation.noise = seen[i].noise;
        simulation.correlation = seen[i].correlation;
        for (unsigned seed = 0; seed < 60; seed++)
            judge(&simulation, seed, &tally);
        assert_at_most("called growing", tally.of[LR_TREND_GROWING], tally.all, seen[i].percent);
    }
}

/* Flat, then 50 MB in what is left of eight hours; the noise is that share of it. */
static struct tally judge_late(double from, double noise, double correlation)
{
    struct lr_simulation simulation = {.kind = LR_SIM_FLAT, .hours = 8, .points = 481,
                                       .level = 100, .noise = 50 * noise,
                                       .correlation = correlation};
    struct tally tally = {{0}, 0, 0};
    for (unsigned seed = 0; seed < 20; seed++) {
        lr_simulate(&simulation, LR_SIMULATE_HELD_OUT + seed, time_s, value);
        for (int i = 0; i < simulation.points; i++)
            value[i] += 50e6 * fmax(i / 480.0 - from, 0) / (1 - from);
        struct lr_trend trend = lr_trend_judge(time_s, value, (size_t)simulation.points);
        tally.of[trend.kind]++;
        tally.all++;
        if (trend.kind == LR_TREND_GROWING && noise < 0.01)
            assert_true(fabs(trend.began_s / 28800 - from) < 0.05 && trend.low > 0);
    }
    return tally;
}

/* 50 MB in the last 96 minutes of a night were called a plateau. */
static void a_leak_that_starts_late_is_no_plateau(void **state)
{
    (void)state;
    static const double starts[] = {0.5, 0.65, 0.8, 0.9};
    for (unsigned i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (unsigned c = 0; c < 2; c++) {
            struct tally tally = judge_late(starts[i], 1.0 / 200, correlations[c]);
            assert_int_equal(tally.of[LR_TREND_GROWING], tally.all);
            tally = judge_late(starts[i], 1.0 / 20, correlations[c]);
            assert_int_equal(tally.of[LR_TREND_GROWING] + tally.of[LR_TREND_UNKNOWN], tally.all);
            assert_at_most("left open", tally.of[LR_TREND_UNKNOWN], tally.all, 40);
        }
}

/* Four minutes of growth in half an hour: less than a recording of its own would have to have. */
static void what_began_a_moment_ago_is_left_open(void **state)
{
    (void)state;
    char say[200];
    for (int i = 0; i < 361; i++) {
        time_s[i] = i * 5;
        value[i] = 30e6 + (double)(i * 7919 % 101) * 1e3 + 1e6 * fmax(i - 312, 0);
    }
    struct lr_trend trend = lr_trend_judge(time_s, value, 361);
    assert_int_equal(trend.kind, LR_TREND_UNKNOWN);
    assert_true(fabs(trend.began_s - 1560) < 40);
    const char *why = lr_trend_say(say, sizeof(say), &trend);
    assert_non_null(strstr(why, "it began to grow late"));
    assert_non_null(strstr(why, "(it has grown for 4 min "));
}

/* Flat, a rise, and flat again for a sixth of the recording and more. */
static void what_fills_late_and_is_full_is_no_leak(void **state)
{
    (void)state;
    struct lr_simulation simulation = {.kind = LR_SIM_LATE_FILL, .hours = 8, .points = 481,
                                       .level = 30, .swing = 20};
    struct tally tally = judge_all(simulation, 8);
    assert_at_most("called growing", tally.of[LR_TREND_GROWING], tally.all, 1);
}

static enum lr_trend_class class_of(enum lr_simulated kind, double hours, int points)
{
    struct lr_simulation simulation = {.kind = kind, .hours = hours, .points = points,
                                       .level = 30, .noise = 0.1, .correlation = 0.8,
                                       .swing = 20, .leak = kind == LR_SIM_LEAK ? 2 : 0};
    lr_simulate(&simulation, LR_SIMULATE_HELD_OUT + 77, time_s, value);
    return lr_trend_judge(time_s, value, (size_t)points).kind;
}

static void classes_have_their_names(void **state)
{
    (void)state;
    assert_int_equal(class_of(LR_SIM_FLAT, 8, 481), LR_TREND_PLATEAU);
    assert_int_equal(class_of(LR_SIM_WARM_UP, 8, 481), LR_TREND_PLATEAU);
    assert_int_equal(class_of(LR_SIM_SAWTOOTH, 8, 481), LR_TREND_SAWTOOTH);
    assert_int_equal(class_of(LR_SIM_START_UP, 8, 481), LR_TREND_STARTUP);
    assert_int_equal(class_of(LR_SIM_TRANSIENT, 8, 481), LR_TREND_TRANSIENT);
    assert_int_equal(class_of(LR_SIM_LEAK, 8, 481), LR_TREND_GROWING);
    assert_string_equal(lr_trend_name(LR_TREND_GROWING), "growing");
    assert_string_equal(lr_trend_name(LR_TREND_TRANSIENT), "transient");
}

static void short_or_empty_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(lr_trend_judge(time_s, value, 0).kind, LR_TREND_UNKNOWN);
    assert_int_equal(class_of(LR_SIM_LEAK, 0.08, 481), LR_TREND_UNKNOWN);
    assert_int_equal(class_of(LR_SIM_LEAK, 8, LR_TREND_MIN_POINTS - 1), LR_TREND_UNKNOWN);
    assert_int_equal(class_of(LR_SIM_LEAK, 8, 2 * LR_TREND_MIN_POINTS), LR_TREND_GROWING);
    for (int i = 0; i < 100; i++) {
        time_s[i] = i * 60;
        value[i] = (double)NAN;
    }
    assert_int_equal(lr_trend_judge(time_s, value, 100).kind, LR_TREND_UNKNOWN);
    for (int i = 0; i < 100; i++)
        time_s[i] = value[i] = 5; /* no time goes by */
    assert_int_equal(lr_trend_judge(time_s, value, 100).kind, LR_TREND_UNKNOWN);
}

/* The last minutes by seconds, what was before by minutes, holes between. */
static void unequal_distances(void **state)
{
    (void)state;
    size_t count = 0;
    for (int i = 0; i < 400; i++)
        if (i < 100 || i > 130)
            time_s[count++] = i * 60.0;
    for (int i = 0; i < 300; i++)
        time_s[count++] = 24000.0 + i;
    for (size_t i = 0; i < count; i++)
        value[i] = 1e6 + time_s[i] * 1000 / 3.6 + (double)(i * 7919 % 101) * 100;
    struct lr_trend trend = lr_trend_judge(time_s, value, count);
    assert_int_equal(trend.kind, LR_TREND_GROWING);
    assert_true(trend.low < 1e6 && trend.high > 1e6 && trend.slope > 0.9e6 &&
                trend.slope < 1.1e6);
}

/* Theil-Sen and Mann-Kendall against numbers worked out by hand: 1 4 2 8 5 7 has S = 9. */
static void ranks_by_hand(void **state)
{
    (void)state;
    struct lr_blocks blocks = {.count = 6, .time_s = {0, 1, 2, 3, 4, 5},
                               .value = {1, 4, 2, 8, 5, 7}};
    struct lr_rank rank;
    lr_rank_slope(&blocks, 0, 0, 1.96, &rank);
    assert_true(fabs(rank.slope - 1.2) < 1e-9); /* of 15 slopes the eighth */
    assert_true(fabs(rank.p - 0.0664) < 0.0005); /* (9 - 1) / sqrt(28.33) = 1.503 */
    lr_rank_slope(&blocks, 0, 0.6, 1.96, &rank); /* the variance four times as large */
    assert_true(fabs(rank.p - 0.2262) < 0.0005);
}

static void huge_tiny_and_equal_values(void **state)
{
    (void)state;
    static const double scales[] = {1e-30, 1, 1e30};
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i < 100; i++) {
            time_s[i] = i * 60;
            value[i] = scales[s] * (100 + i % 7);
        }
        enum lr_trend_class kind = lr_trend_judge(time_s, value, 100).kind;
        assert_true(kind != LR_TREND_GROWING);
    }
    for (int i = 0; i < 100; i++)
        value[i] = 0;
    assert_int_equal(lr_trend_judge(time_s, value, 100).kind, LR_TREND_TRANSIENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_bounded_is_no_leak),
        cmocka_unit_test(a_megabyte_an_hour_is_found_in_eight),
        cmocka_unit_test(a_cache_that_is_full_of_late_is_no_leak),
        cmocka_unit_test(a_cache_that_was_full_at_last_is_no_leak),
        cmocka_unit_test(a_leak_that_starts_late_is_no_plateau),
        cmocka_unit_test(what_began_a_moment_ago_is_left_open),
        cmocka_unit_test(what_fills_late_and_is_full_is_no_leak),
        cmocka_unit_test(classes_have_their_names),
        cmocka_unit_test(short_or_empty_is_unknown),
        cmocka_unit_test(unequal_distances),
        cmocka_unit_test(ranks_by_hand),
        cmocka_unit_test(huge_tiny_and_equal_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
