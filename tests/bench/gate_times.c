/* gate_times.c -- how long until leakring check fails on memory that grows: simulated.
 *
 *     gate_times [SEEDS]
 *
 * For each rate and noise: recordings of 5 minutes to 16 hours of the same growing place, a point
 * every 10 s (every 30 s and more from some hours on, as in a trace), judged as the gate does.  Prints
 * after which time half and nine tenths of the seeds were called growing, and the false alarms of the
 * same noise without a leak.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "simulate_series.h"
#include "trend.h"

enum { MOST_SEEDS = 1000 };
static const double minutes[] = {5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 960};
enum { LENGTHS = sizeof(minutes) / sizeof(minutes[0]) };

/* `leak` and `noise` in MB (an hour). */
static bool is_found(double leak, double noise, double length, uint64_t seed)
{
    static double time_s[LR_SIMULATE_MAX], value[LR_SIMULATE_MAX];
    int points = (int)(length * 6) + 1;
    struct lr_simulation simulation = {.kind = LR_SIM_LEAK,
                                       .hours = length / 60,
                                       .points = points < 960 ? points : 960,
                                       .level = 20,
                                       .noise = noise,
                                       .correlation = 0.8,
                                       .leak = leak};
    struct lr_trend trend;

    lr_simulate(&simulation, LR_SIMULATE_HELD_OUT + seed, time_s, value);
    trend = lr_trend_judge(time_s, value, (size_t)simulation.points);
    return lr_growth_matters(&trend);
}

static void put_time(unsigned found[LENGTHS], unsigned seeds, unsigned percent)
{
    for (int i = 0; i < LENGTHS; i++)
        if (found[i] * 100 >= seeds * percent) {
            printf(minutes[i] < 60 ? " %.0f min |" : " %.1f h |",
                   minutes[i] < 60 ? minutes[i] : minutes[i] / 60);
            return;
        }
    printf(" more than 16 h |");
}

int main(int argc, char **argv)
{
    static const double leaks[] = {100, 10, 1}, noises[] = {0.05, 0.2, 1};
    unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 40, alarms = 0, judged = 0;

    if (seeds == 0 || seeds > MOST_SEEDS)
        return 2;
    printf("| leak | noise (r 0.8) | half found after | nine tenths after |\n|---|---|---|---|\n");
    for (int k = 0; k < 3; k++)
        for (int n = 0; n < 3; n++) {
            unsigned found[LENGTHS] = {0};

            for (int i = 0; i < LENGTHS; i++)
                for (unsigned seed = 0; seed < seeds; seed++)
                    found[i] += is_found(leaks[k], noises[n], minutes[i], seed);
            printf("| %.0f MB/h | %.2f MB |", leaks[k], noises[n]);
            put_time(found, seeds, 50);
            put_time(found, seeds, 90);
            printf("\n");
        }
    for (int n = 0; n < 3; n++)
        for (int i = 0; i < LENGTHS; i++)
            for (unsigned seed = 0; seed < seeds; seed++, judged++)
                alarms += is_found(0, noises[n], minutes[i], seed);
    printf("\nWithout a leak: %u of %u recordings fail.\n", alarms, judged);
    return 0;
}
