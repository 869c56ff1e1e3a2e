/* trend_blocks.c -- from points to blocks (trend_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include <math.h>
#include <stdlib.h>

#include "trend_internal.h"

enum { SAMPLE = 512 };

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double least(const double *values, size_t count)
{
    double low = values[0];

    for (size_t i = 1; i < count; i++)
        low = fmin(low, values[i]);
    return low;
}

/* Of a block with very many points every so-manieth does. */
static double summarize(const double *value, size_t first, size_t end, bool lows, bool *any)
{
    double sample[SAMPLE];
    size_t step = (end - first) / SAMPLE + 1, kept = 0;

    for (size_t i = first; i < end; i += step)
        if (!isnan(value[i]))
            sample[kept++] = value[i];
    *any = kept > 0;
    if (kept == 0)
        return 0;
    return lows ? least(sample, kept) : median(sample, kept);
}

/* When the block has that value: else the last block, which has a point more, would lag behind. */
static double time_of(const double *time_s, const double *value, size_t first, size_t end,
                      double least)
{
    for (size_t i = first; i < end; i++)
        if (value[i] <= least)
            return time_s[i];
    return time_s[first];
}

/* The mean time of the points: where they are few, not the middle of the block. */
static double middle(const double *time_s, const double *value, size_t first, size_t end)
{
    double sum = 0, known = 0;

    for (size_t i = first; i < end; i++)
        if (!isnan(value[i])) {
            sum += time_s[i];
            known++;
        }
    return sum / known;
}

void lr_blocks_make(const double *time_s, const double *value, size_t count, size_t wanted,
                    bool lows, struct lr_blocks *blocks)
{
    double start = time_s[0], width = (time_s[count - 1] - start) / (double)wanted;
    size_t at = 0;

    blocks->count = 0;
    blocks->width_s = width;
    blocks->lows = lows;
    for (size_t block = 0; block < wanted; block++) {
        double end = start + width * (double)(block + 1);
        size_t first = at;
        bool any = false;

        while (at < count && (time_s[at] < end || block + 1 == wanted))
            at++;
        double summary = first < at ? summarize(value, first, at, lows, &any) : 0;
        if (!any)
            continue;
        blocks->time_s[blocks->count] = lows ? time_of(time_s, value, first, at, summary)
                                             : middle(time_s, value, first, at);
        blocks->value[blocks->count++] = summary;
    }
}

/* What neighbours differ by, as the error of a slope over the whole: median of |second
 * differences|, which a trend doesn't enter, over the square root of the number of blocks. */
static double noise(const struct lr_blocks *blocks)
{
    double differences[LR_TREND_BLOCKS];
    size_t count = 0;

    for (size_t i = 2; i < blocks->count; i++) {
        double bend = blocks->value[i] - 2 * blocks->value[i - 1] + blocks->value[i - 2];

        differences[count++] = fabs(bend);
    }
    if (count == 0)
        return INFINITY;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += differences[i];
    return (median(differences, count) + sum / (double)count) / sqrt((double)blocks->count);
}

void lr_blocks_choose(const double *time_s, const double *value, size_t count,
                      struct lr_blocks *blocks)
{
    static const size_t sizes[] = {48, 24, 16};
    double best = INFINITY;

    blocks->count = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (count < 2 * sizes[i] && i + 1 < sizeof(sizes) / sizeof(sizes[0]))
            continue;
        for (int lows = 0; lows < 2; lows++) {
            struct lr_blocks tried;
            double error;

            lr_blocks_make(time_s, value, count, sizes[i], lows != 0, &tried);
            error = noise(&tried) * (lows ? 1.3 : 1);
            if (blocks->count == 0 || error < best * (i ? 0.7 : 1)) {
                best = error;
                *blocks = tried;
            }
        }
    }
}
