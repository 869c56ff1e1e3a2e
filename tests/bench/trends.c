/* trends.c -- the confusion matrix of the trend test on synthetic series (docs/STATISTICS.md).
 *
 *     trends [SEEDS [HOURS [POINTS [FIRST]]]]     100 seeds of each noise, 8 hours, 481 points;
 *                                                 held-out seeds, from FIRST on
 *
 * Per cent of each class, by kind, and of those that surely go on growing (lasts); then the power by noise, and by leak at two noises.
 */
#include <stdio.h>
#include <stdlib.h>

#include "simulate_series.h"
#include "trend.h"

static double time_s[LR_SIMULATE_MAX], value[LR_SIMULATE_MAX];
static const double noises[] = {0.02, 0.2, 0.5, 1}, correlations[] = {0, 0.8, 0.95};
static uint64_t fresh = 905000; /* which held-out seeds */
enum { NOISES = 4, CORRELATIONS = 3, CLASSES = LR_TREND_TRANSIENT + 1 };

struct tally {
    unsigned of[CLASSES], all, covered, lasts;
};

static void judge(const struct lr_simulation *simulation, unsigned seeds, struct tally *tally)
{
    /* Other ones for each noise: the shapes, too, are of the seed's choice. */
    uint64_t first = LR_SIMULATE_HELD_OUT + (uint64_t)(simulation->noise * 100) * 1000000 +
                     (uint64_t)(simulation->correlation * 100) * 10000 + fresh;
    for (unsigned seed = 0; seed < seeds; seed++) {
        lr_simulate(simulation, first + seed, time_s, value);
        struct lr_trend trend = lr_trend_judge(time_s, value, (size_t)simulation->points);
        double truth = simulation->leak * 1e6;
        tally->of[trend.kind]++;
        tally->all++;
        tally->lasts += trend.lasts;
        tally->covered += trend.low <= truth && truth <= trend.high;
    }
}

static void print_row(const char *name, const struct tally *tally)
{
    printf("%-22s", name);
    for (int i = 0; i < CLASSES; i++)
        printf("\t%.2f", 100.0 * tally->of[i] / tally->all);
    printf("\t%.1f\t%.2f\n", 100.0 * tally->covered / tally->all, 100.0 * tally->lasts / tally->all);
}

static struct lr_simulation simulation_of(enum lr_simulated kind, double hours, int points)
{
    return (struct lr_simulation){
        .kind = kind, .hours = hours, .points = points, .level = 30,
        .leak = kind >= LR_SIM_LEAK && kind <= LR_SIM_STAIRS ? 8 / hours : 0,
        .swing = kind == LR_SIM_SAWTOOTH_LEAK ? 10 : 0};
}

int main(int argc, char **argv)
{
    unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
    double hours = argc > 2 ? atof(argv[2]) : 8;
    int points = argc > 3 ? atoi(argv[3]) : 481;
    fresh = argc > 4 ? strtoull(argv[4], NULL, 10) : fresh;
    if (points < 2 || points > LR_SIMULATE_MAX)
        return 2;
    printf("series");
    for (int i = 0; i < CLASSES; i++)
        printf("\t%s", lr_trend_name((enum lr_trend_class)i));
    printf("\tcovered\tlasts\n");
    for (int kind = 0; kind < LR_SIM_KINDS; kind++) {
        struct tally tally = {{0}, 0, 0, 0};
        for (int n = 0; n < NOISES; n++)
            for (int c = 0; c < CORRELATIONS; c++) {
                struct lr_simulation simulation = simulation_of(kind, hours, points);
                simulation.noise = noises[n];
                simulation.correlation = correlations[c];
                judge(&simulation, seeds, &tally);
            }
        print_row(lr_simulated_name((enum lr_simulated)kind), &tally);
    }
    static const double leaks[] = {0.125, 0.25, 0.5, 1, 2};
    for (int l = 0; l < 5; l++)
        for (int n = 1; n < NOISES; n++)
            for (int c = 1; c < CORRELATIONS; c++) {
                struct tally tally = {{0}, 0, 0, 0};
                char name[64];
                struct lr_simulation simulation = simulation_of(LR_SIM_LEAK, hours, points);
                simulation.noise = noises[n];
                simulation.correlation = correlations[c];
                simulation.leak = leaks[l] * 8 / hours;
                snprintf(name, sizeof(name), "%g MB/h, %g MB, r %g", simulation.leak, noises[n],
                         correlations[c]);
                judge(&simulation, seeds, &tally);
                print_row(name, &tally);
            }
    return 0;
}
