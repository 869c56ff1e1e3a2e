/* trend_rank.c -- Theil-Sen slope and Mann-Kendall test (trend_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include <math.h>
#include <stdlib.h>

#include "trend_internal.h"

enum { PAIRS = LR_TREND_BLOCKS * (LR_TREND_BLOCKS - 1) / 2 };

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

/* Kendall's S: rising pairs minus falling ones. */
static size_t all_slopes(const struct lr_blocks *blocks, size_t first, double *slopes,
                         double *kendall)
{
    size_t count = 0;

    *kendall = 0;
    for (size_t i = first; i < blocks->count; i++)
        for (size_t j = i + 1; j < blocks->count; j++) {
            double rise = blocks->value[j] - blocks->value[i];

            *kendall += (rise > 0) - (rise < 0);
            slopes[count++] = rise / (blocks->time_s[j] - blocks->time_s[i]);
        }
    return count;
}

/* Ties make the variance smaller, by this for each group of them. */
static double variance_of(const struct lr_blocks *blocks, size_t first)
{
    double sorted[LR_TREND_BLOCKS], n = (double)(blocks->count - first);
    double variance = n * (n - 1) * (2 * n + 5);
    size_t count = 0, run = 1;

    for (size_t i = first; i < blocks->count; i++)
        sorted[count++] = blocks->value[i];
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && !(sorted[i] > sorted[i - 1])) {
            run++;
            continue;
        }
        double t = (double)run;
        variance -= t * (t - 1) * (2 * t + 5);
        run = 1;
    }
    return variance / 18;
}

static double at_rank(const double *sorted, size_t count, double rank)
{
    if (rank < 0)
        rank = 0;
    if (rank > (double)(count - 1))
        rank = (double)(count - 1);
    return sorted[(size_t)rank];
}

void lr_rank_slope(const struct lr_blocks *blocks, size_t first, double autocorrelation, double z,
                   struct lr_rank *rank)
{
    double slopes[PAIRS], kendall;
    size_t count = all_slopes(blocks, first, slopes, &kendall);
    double r = fmin(fmax(autocorrelation, 0), 0.95);
    double sigma = sqrt(variance_of(blocks, first) * (1 + r) / (1 - r));

    *rank = (struct lr_rank){0, 0, 0, 1};
    if (count == 0)
        return;
    qsort(slopes, count, sizeof(*slopes), compare);
    rank->slope = at_rank(slopes, count, (double)(count - 1) / 2);
    if (sigma <= 0)
        return; /* all the same */
    rank->low = at_rank(slopes, count, floor(((double)count - z * sigma) / 2) - 1);
    rank->high = at_rank(slopes, count, ceil(((double)count + z * sigma) / 2));
    rank->p = erfc((kendall - (kendall > 0)) / sigma / sqrt(2)) / 2;
}
