/* estimate.h -- from sampled records to totals, with intervals that the truth lies in.
 *
 * Stage: MODEL.  Context: analyzer only; pure functions.  docs/STATISTICS.md derives all of it.
 */
#ifndef LEAKRING_ESTIMATE_H
#define LEAKRING_ESTIMATE_H

#include <stdbool.h>

/* What a number stands for.  Exact: low == value == high; else low and high enclose the truth
 * with 95 % probability. */
struct lr_estimate {
    double value, low, high;
};

/* Records of one place, summed: of their bytes, or of their number.  All zero is none. */
struct lr_sampled {
    double exact;    /* of records with weight 1 */
    double scaled;   /* of the others, times their weights */
    double seen;     /* of the others, as they are */
    double variance; /* of `scaled` */
    double largest;  /* contribution to `scaled` of one record */
    double unseen;   /* what one record that nothing was seen of would have contributed; 0: no
                        record can have been missed */
};

/* Adds a record of `amount` (its bytes, or 1) that stands for `weight`. */
void lr_sampled_add(struct lr_sampled *sum, double amount, double weight);
/* A part that is exact anyway. */
void lr_sampled_add_exact(struct lr_sampled *sum, double amount);
/* A total of which only its variance is known.  `unseen` as above. */
struct lr_sampled lr_sampled_total(double value, double variance, double unseen);
void lr_sampled_merge(struct lr_sampled *into, const struct lr_sampled *from);

struct lr_estimate lr_sampled_estimate(const struct lr_sampled *sum);

/* The x below which a Gamma(shape, 1) variable lies with probability p; 0 < p < 1, shape > 0.
 * Good to six digits, which is more than an interval needs. */
double lr_gamma_quantile(double p, double shape);
/* P(X <= x) of the same: the regularized incomplete gamma function. */
double lr_gamma_probability(double x, double shape);

#endif
