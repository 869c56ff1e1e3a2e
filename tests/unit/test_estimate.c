/* test_estimate.c -- estimates from samples against the truth, by brute force.
 *
 * Every truth is a population that is sampled over and over, from fixed seeds: the results are the
 * same on every machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "estimate.h"

#define INTERVAL 524288.0

static uint64_t state;

static double random_unit(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double probability(double size, double interval)
{
    return size >= 8 * interval ? 1 : -expm1(-size / interval);
}

static void test_gamma_agrees_with_tables(void **unused)
{
    /* chi-square's quantiles, halved: 1, 2, 5, 10 and 100 samples at 2.5 % and 97.5 % */
    static const struct {
        double shape, low, high;
    } known[] = {{1, 0.025318, 3.688879},
                 {2, 0.242209, 5.571643},
                 {5, 1.623486, 10.241588},
                 {10, 4.795389, 17.084803},
                 {100, 81.363949, 120.528956}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_true(fabs(lr_gamma_quantile(0.025, known[i].shape) / known[i].low - 1) < 1e-4);
        assert_true(fabs(lr_gamma_quantile(0.975, known[i].shape) / known[i].high - 1) < 1e-4);
    }
    /* The approximation joins on. */
    assert_true(fabs(lr_gamma_quantile(0.975, 100.001) / lr_gamma_quantile(0.975, 99.999) - 1) < 1e-3);
    assert_true(fabs(lr_gamma_probability(1, 1) - (1 - exp(-1))) < 1e-9);
    assert_true(lr_gamma_probability(0, 3) == 0);
    assert_true(fabs(lr_gamma_probability(1000, 3) - 1) < 1e-12);
}

static void test_exact_has_no_interval(void **unused)
{
    struct lr_sampled sum = {0};
    struct lr_estimate estimate;

    for (int i = 0; i < 10; i++)
        lr_sampled_add(&sum, 100, 1);
    estimate = lr_sampled_estimate(&sum);
    assert_true(estimate.low == 1000 && estimate.value == 1000 && estimate.high == 1000);
    /* Had there been sampling at any time, some block of this place may have been missed. */
    sum.unseen = INTERVAL;
    estimate = lr_sampled_estimate(&sum);
    assert_true(estimate.low == 1000 && estimate.value == 1000);
    assert_true(fabs(estimate.high - 1000 - 3.688879 * INTERVAL) < INTERVAL / 1000);
}

static void test_one_sample_says_little(void **unused)
{
    struct lr_sampled sum = {.unseen = INTERVAL};
    struct lr_estimate estimate;

    lr_sampled_add(&sum, 64, 1 / probability(64, INTERVAL));
    estimate = lr_sampled_estimate(&sum);
    assert_true(estimate.low == 64); /* no more is known */
    assert_true(fabs(estimate.value / INTERVAL - 1) < 0.001);
    assert_true(estimate.high > 5.5 * INTERVAL && estimate.high < 5.7 * INTERVAL);
}

struct score {
    unsigned listed, inside, above, below;
    double sum, truth;
};

/* A place whose blocks have sizes between `low` and `high` (evenly by logarithm), of `total` bytes
 * in all; sampled once. */
static void sample_place(struct score *score, double low, double high, double total)
{
    struct lr_sampled sum = {.unseen = INTERVAL};
    struct lr_estimate estimate;
    double truth = 0;

    while (truth < total) {
        double size = floor(low * exp(random_unit() * log(high / low)));
        double p = probability(size, INTERVAL);

        truth += size;
        if (random_unit() < p)
            lr_sampled_add(&sum, size, 1 / p);
    }
    estimate = lr_sampled_estimate(&sum);
    score->sum += estimate.value;
    score->truth += truth;
    if (estimate.value == 0)
        return; /* nobody sees this place */
    score->listed++;
    score->inside += estimate.low <= truth && truth <= estimate.high;
    score->below += truth < estimate.low;
    score->above += truth > estimate.high;
}

/* Of the places that a report lists, at least 95 % lie in their interval (less five standard
 * deviations of what 1,500 trials can show), however large they and their blocks are. */
static void test_truth_lies_inside(void **unused)
{
    static const double sizes[][2] = {{1024, 1024},         {4096, 65536},
                                      {262144, 262144},     {524288, 524288},
                                      {1048576, 1048576},   {1024, 2097152}};
    enum { TRIALS = 1500 };

    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
        for (double samples = 0.1; samples < 100; samples *= 2.7) {
            struct score score = {0};
            double n;

            state = 88172645463325252u + s * 1000 + (uint64_t)(samples * 100);
            for (unsigned i = 0; i < TRIALS; i++)
                sample_place(&score, sizes[s][0], sizes[s][1], samples * INTERVAL);
            n = score.listed;
            assert_true(n > 100);
            if (score.inside < 0.95 * n - 5 * sqrt(n * 0.95 * 0.05))
                fail_msg("blocks of %.0f-%.0f, %.1f samples: %u of %u inside, %u below, %u above",
                         sizes[s][0], sizes[s][1], samples, score.inside, score.listed,
                         score.below, score.above);
        }
}

/* Over all trials, seen or not, the estimates add up to the truth. */
static void test_estimates_are_unbiased(void **unused)
{
    struct score score = {0};
    double variance;

    state = 42;
    for (unsigned i = 0; i < 4000; i++)
        sample_place(&score, 2048, 1048576, 1.5 * INTERVAL);
    variance = score.truth * INTERVAL; /* at most: a byte adds its interval */
    assert_true(fabs(score.sum - score.truth) < 5 * sqrt(variance));
    assert_true(sqrt(variance) < score.truth / 50);
}

/* Thinning to a larger interval afterwards is as good as having sampled with it. */
static void test_thinned_records_are_unbiased(void **unused)
{
    enum { BLOCKS = 200000 };
    double truth = 0, variance = 0;
    struct lr_sampled sum = {.unseen = 4 * INTERVAL};
    struct lr_estimate estimate;

    state = 7;
    for (unsigned i = 0; i < BLOCKS; i++) {
        double size = 1 + floor(random_unit() * 100000);
        double first = i % 2 ? 1 : probability(size, INTERVAL); /* exact at times */
        double last = probability(size, 4 * INTERVAL);

        truth += size;
        variance += size * size * (1 - last) / last;
        if (random_unit() < first && random_unit() < last / first)
            lr_sampled_add(&sum, size, 1 / last);
    }
    estimate = lr_sampled_estimate(&sum);
    assert_true(fabs(estimate.value - truth) < 5 * sqrt(variance));
    assert_true(estimate.low < truth && truth < estimate.high);
    assert_true(fabs(sqrt(sum.variance / variance) - 1) < 0.05); /* and so is the variance */
}

static void test_places_merge(void **unused)
{
    struct lr_sampled whole = {.unseen = INTERVAL}, a = whole, b = whole;
    struct lr_estimate one, two;

    for (int i = 0; i < 50; i++) {
        lr_sampled_add(&whole, 1000, 500);
        lr_sampled_add(i % 3 ? &a : &b, 1000, 500);
    }
    lr_sampled_add(&whole, 9, 1);
    lr_sampled_add(&b, 9, 1);
    lr_sampled_merge(&a, &b);
    one = lr_sampled_estimate(&whole);
    two = lr_sampled_estimate(&a);
    assert_true(one.value == two.value && one.low == two.low && one.high == two.high);
}

/* Totals know their variance only: their interval is no narrower than one made of the samples. */
static void test_totals_have_intervals(void **unused)
{
    struct lr_sampled samples = {.unseen = INTERVAL}, total;
    struct lr_estimate from_samples, from_total;

    for (int i = 0; i < 30; i++)
        lr_sampled_add(&samples, 5000, 1 / probability(5000, INTERVAL));
    total = lr_sampled_total(samples.scaled, samples.variance, INTERVAL);
    from_samples = lr_sampled_estimate(&samples);
    from_total = lr_sampled_estimate(&total);
    assert_true(fabs(from_total.value / from_samples.value - 1) < 1e-9);
    assert_true(from_total.low < from_samples.low * 1.01);
    assert_true(from_total.high > from_samples.high * 0.99);
    assert_true(from_total.high < from_samples.high * 1.1);
    total = lr_sampled_total(1000, 0, 0);
    from_total = lr_sampled_estimate(&total);
    assert_true(from_total.low == 1000 && from_total.high == 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_agrees_with_tables),
        cmocka_unit_test(test_exact_has_no_interval),
        cmocka_unit_test(test_one_sample_says_little),
        cmocka_unit_test(test_truth_lies_inside),
        cmocka_unit_test(test_estimates_are_unbiased),
        cmocka_unit_test(test_thinned_records_are_unbiased),
        cmocka_unit_test(test_places_merge),
        cmocka_unit_test(test_totals_have_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
