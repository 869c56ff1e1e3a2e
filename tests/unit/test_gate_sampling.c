/* test_gate_sampling.c -- the gate's errors when blocks are sampled: simulated, on fixed seeds.
 *
 * Stage: unit tests of GATE.  Blocks are recorded as the sampler does it, p = 1 - exp(-size / I),
 * and the estimator makes figures and intervals of them; the truth is known.  A limit's 95 %
 * interval allows 2.5 % of wrong verdicts either way, where the truth is right at the limit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "estimate.h"
#include "gate.h"
#include "judge.h"
#include "trend.h"

static uint64_t state_of_chance;

/* splitmix64, as a number from 0 to 1 */
static double chance(void)
{
    uint64_t z = state_of_chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

/* The model of a recording with one place, or with none. */
struct simulated {
    struct lr_model model;
    struct lr_model_memory_site site;
};

static void make_model(struct simulated *simulated, double interval, double seconds)
{
    *simulated = (struct simulated){0};
    simulated->model.run.path = "x.lkr";
    simulated->model.run.duration_ms = (uint64_t)(seconds * 1000);
    simulated->model.completeness.max_interval = (uint64_t)interval;
    simulated->model.completeness.late_interval = (uint64_t)interval;
    simulated->model.sites = &simulated->site;
    simulated->site.path.count = 0;
}

static enum lr_gate_outcome ask(const struct lr_gate_rules *rules, const struct lr_model *model)
{
    struct lr_gate_report report;
    struct lr_error error;

    assert_int_equal(lr_gate_judge(rules, model, NULL, &report, &error), LR_OK);
    enum lr_gate_outcome outcome = report.outcome;
    lr_gate_report_free(&report);
    return outcome;
}

struct tally {
    unsigned pass, cannot_tell, fail;
};

static void count(struct tally *tally, enum lr_gate_outcome outcome)
{
    tally->pass += outcome == LR_GATE_PASS;
    tally->cannot_tell += outcome == LR_GATE_CANNOT_TELL;
    tally->fail += outcome == LR_GATE_FAIL;
}

/* A place that holds `blocks` of `size` bytes, asked for a limit. */
static struct tally hold(double interval, unsigned blocks, double size, double limit, int trials)
{
    double p = 1 - exp(-size / interval);
    struct lr_gate_rules rules;
    struct tally tally = {0};

    lr_gate_rules_default(&rules);
    rules.growth = false;
    rules.limit_leaks = limit;
    for (int trial = 0; trial < trials; trial++) {
        struct simulated simulated;
        struct lr_sampled sum = {.unseen = interval};
        make_model(&simulated, interval, 10);
        for (unsigned i = 0; i < blocks; i++)
            if (chance() < p) {
                lr_sampled_add(&sum, size, 1 / p);
                simulated.model.site_count = 1;
            }
        simulated.site.live_bytes = lr_sampled_estimate(&sum);
        count(&tally, ask(&rules, &simulated.model));
    }
    return tally;
}

static void limits_keep_their_error_rates(void **state)
{
    static const struct {
        double interval, size;
        unsigned blocks;
    } cases[] = {{65536, 100, 6554},  {65536, 100, 100000}, {65536, 4096, 40}, {65536, 4096, 2000},
                 {65536, 30000, 100}, {524288, 4096, 1280}, {524288, 100000, 500}};
    enum { TRIALS = 2000 };

    (void)state;
    state_of_chance = 4711;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double truth = cases[i].size * cases[i].blocks;
        struct tally at =
            hold(cases[i].interval, cases[i].blocks, cases[i].size, truth, TRIALS);
        struct tally above =
            hold(cases[i].interval, cases[i].blocks, cases[i].size, truth - 1, TRIALS);
        struct tally far_below =
            hold(cases[i].interval, cases[i].blocks, cases[i].size, truth * 20 + 1e7, 200);
        struct tally far_above =
            hold(cases[i].interval, cases[i].blocks, cases[i].size, truth / 20, 200);
        double few = truth / cases[i].interval;
        print_message("%6.0f of %5.0f, %4.0f samples: at the limit %.2f %% fail; above it %.2f %% "
                      "pass; 20 times below %u, above %u of 200 told\n",
                      cases[i].interval, cases[i].size, few, 100.0 * at.fail / TRIALS,
                      100.0 * above.pass / TRIALS, far_below.pass, far_above.fail);
        assert_true(at.fail <= TRIALS * 35 / 1000); /* 2.5 %, and three errors of 2,000 trials */
        assert_true(above.pass <= TRIALS * 35 / 1000);
        assert_int_equal(far_below.pass, 200);
        assert_int_equal(far_above.pass, 0);
        assert_true(far_above.fail >= (few >= 30 ? 200 : few >= 10 ? 190 : 0));
    }
}

/* A place that nothing was recorded of is never let pass a limit below what may be missed. */
static void what_was_not_seen_does_not_pass(void **state)
{
    (void)state;
    state_of_chance = 1;
    struct tally tally = hold(65536, 2, 100, 200 * 1024, 200);
    assert_int_equal(tally.pass, 0);
    assert_int_equal(tally.fail, 0);
}

enum { STEPS = 361, BLOCKS = 3000 };

/* Three hours with a point every 30 s: blocks come and go at random and, besides, `per_hour` bytes
 * stay.  The series is the estimate, as the preload writes it. */
static struct lr_trend simulate_trend(double interval, double size, double per_hour)
{
    static double time_s[STEPS], value[STEPS], weight[BLOCKS];
    double p = 1 - exp(-size / interval), live = 0, owed = 0;

    for (int i = 0; i < BLOCKS; i++)
        live += weight[i] = chance() < p ? size / p : 0;
    for (int step = 0; step < STEPS; step++) {
        time_s[step] = 30.0 * step;
        value[step] = live;
        for (int i = 0; i < BLOCKS / 20; i++) {
            int at = (int)(chance() * BLOCKS);
            double now = chance() < p ? size / p : 0;
            live += now - weight[at];
            weight[at] = now;
        }
        for (owed += per_hour / 120; owed >= size; owed -= size)
            live += chance() < p ? size / p : 0;
    }
    return lr_trend_judge(time_s, value, STEPS);
}

static struct tally grow(double interval, double size, double per_hour, double limit, int trials,
                         unsigned *covered)
{
    struct lr_gate_rules rules;
    struct tally tally = {0};

    lr_gate_rules_default(&rules);
    rules.limit_growth = limit;
    rules.growth = limit < 0;
    for (int trial = 0; trial < trials; trial++) {
        struct simulated simulated;
        make_model(&simulated, interval, 30 * (STEPS - 1));
        simulated.model.site_count = 1;
        simulated.site.live_bytes = (struct lr_estimate){12e6, 11e6, 13e6 + 3 * per_hour};
        simulated.site.trend = simulate_trend(interval, size, per_hour);
        simulated.site.leaks = lr_growth_matters(&simulated.site.trend);
        *covered += simulated.site.trend.low <= per_hour && simulated.site.trend.high >= per_hour;
        count(&tally, ask(&rules, &simulated.model));
    }
    return tally;
}

static void growth_keeps_its_error_rates(void **state)
{
    enum { TRIALS = 150 };
    static const double intervals[] = {16384, 65536};
    unsigned covered = 0, ignored = 0;

    (void)state;
    state_of_chance = 42;
    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        struct tally flat = grow(intervals[i], 4096, 0, LR_GATE_NO_LIMIT, TRIALS, &ignored);
        struct tally leak = grow(intervals[i], 4096, 5e6, LR_GATE_NO_LIMIT, TRIALS, &covered);
        struct tally at = grow(intervals[i], 4096, 5e6, 5e6, TRIALS, &ignored);
        struct tally above = grow(intervals[i], 4096, 5e6, 5e6 - 1, TRIALS, &ignored);
        print_message("%6.0f: flat %.2f %% fail; 5 MB/h %.2f %% found; at the limit %.2f %% fail, "
                      "above it %.2f %% pass\n",
                      intervals[i], 100.0 * flat.fail / TRIALS, 100.0 * leak.fail / TRIALS,
                      100.0 * at.fail / TRIALS, 100.0 * above.pass / TRIALS);
        assert_true(flat.fail <= TRIALS * 2 / 100);
        assert_true(leak.fail >= TRIALS * 6 / 10);
        assert_true(at.fail <= TRIALS * 6 / 100 && above.pass <= TRIALS * 6 / 100);
    }
    print_message("the interval holds the rate in %.1f %%\n", 100.0 * covered / (2 * TRIALS));
    assert_true(covered >= 2 * TRIALS * 90 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_keep_their_error_rates),
        cmocka_unit_test(what_was_not_seen_does_not_pass),
        cmocka_unit_test(growth_keeps_its_error_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
