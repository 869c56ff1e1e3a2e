/* trend_internal.h -- what trend*.c share.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 *   trend.c         the decision
 *   trend_blocks.c  from points to blocks of equal duration, in which the noise is least
 *   trend_fit.c     which simple shape explains the blocks best: growing ones, bounded ones
 *   trend_rank.c    Theil-Sen slope and Mann-Kendall test, corrected for autocorrelation
 */
#ifndef LEAKRING_TREND_INTERNAL_H
#define LEAKRING_TREND_INTERNAL_H

#include "trend.h"

enum { LR_TREND_BLOCKS = 48 };

/* One value for each block that has points, at the mean time of these, or where it is least. */
struct lr_blocks {
    size_t count;
    double time_s[LR_TREND_BLOCKS], value[LR_TREND_BLOCKS];
    double width_s;
    bool lows; /* the least of each block; else its median */
};

/* The series in `wanted` blocks (at most LR_TREND_BLOCKS) by medians or by minima. */
void lr_blocks_make(const double *time_s, const double *value, size_t count, size_t wanted,
                    bool lows, struct lr_blocks *blocks);
/* The same with what number of blocks, and of medians and minima, makes neighbours differ least:
 * a sawtooth's minima are quiet, other noise's medians are. */
void lr_blocks_choose(const double *time_s, const double *value, size_t count,
                      struct lr_blocks *blocks);

/* How well the best growing and the best bounded shape explain the blocks (BIC: less is better),
 * and what the growing one says. */
struct lr_shapes {
    double growing, bounded;
    /* Lines that have stopped, caches that are full of late: not in `bounded`.  long_ramp: of
     * those, before the last 15 %; last_ramp: in the last three blocks; any_ramp: before the last
     * 3 %.  slow_fill: a warm-up of which the recording sees one to three time constants.  unbent:
     * the best growing shape, as finely told from others as these are. */
    double ramp, long_ramp, last_ramp, any_ramp, slow_fill, unbent;
    /* Flat, then a line from late_s on (behind the first block); late_errors: its slope in standard
     * errors.  late_unbent: as finely told as late_ramp is, which has stopped, too. */
    double late, late_unbent, late_ramp, late_s, late_errors;
    double slope, slope_error; /* per second, of the best growing shape; its standard error */
    double warm_s;             /* that shape's warm-up or step ends here */
    double warm_height, warm_share; /* its warm-up: height * exp(-t / share), t in lengths; or 0 */
    double autocorrelation;
    size_t blocks;
};
void lr_shapes_fit(const struct lr_blocks *blocks, struct lr_shapes *shapes);

/* Theil-Sen slope per second of blocks [first, count), its interval for normal quantile z, and the
 * one-sided p of Mann-Kendall against "does not grow".  Both take the variance of Kendall's S
 * times (1 + r) / (1 - r) for autocorrelation r. */
struct lr_rank {
    double slope, low, high, p;
};
void lr_rank_slope(const struct lr_blocks *blocks, size_t first, double autocorrelation, double z,
                   struct lr_rank *rank);

#endif
