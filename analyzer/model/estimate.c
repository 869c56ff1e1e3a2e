/* estimate.c -- estimate.h: Horvitz and Thompson's estimator, and gamma intervals around it.
 *
 * Stage: MODEL.  Context: analyzer only; pure functions.
 * Sources: the estimator and its variance, Horvitz & Thompson 1952; the intervals, Fay & Feuer
 * 1997 ("directly standardized rates", for weighted sums of Poisson counts); the approximation for
 * large shapes, Wilson & Hilferty 1931.
 */
#include "estimate.h"

#include <math.h>

static const double TAIL = 0.025; /* on either side */
static const double Z = 1.959963984540054;

void lr_sampled_add_exact(struct lr_sampled *sum, double amount)
{
    sum->exact += amount;
}

/* A record that was made with probability p = 1 / weight stands for `weight` of its kind; the
 * variance of that, estimated from itself, is (1 - p) / p^2. */
void lr_sampled_add(struct lr_sampled *sum, double amount, double weight)
{
    if (weight <= 1) {
        lr_sampled_add_exact(sum, amount * weight);
        return;
    }
    sum->scaled += amount * weight;
    sum->seen += amount;
    sum->variance += amount * amount * weight * (weight - 1);
    sum->largest = fmax(sum->largest, amount * weight);
}

/* One sample of a small block contributes about `unseen`, with a variance of its square: so many
 * samples explain that much variance.  What they don't explain was exact. */
struct lr_sampled lr_sampled_total(double value, double variance, double unseen)
{
    struct lr_sampled sum = {.exact = value, .unseen = unseen};

    if (variance > 0 && unseen > 0) {
        sum.scaled = fmin(value, fmax(variance / unseen, sqrt(variance)));
        sum.exact = value - sum.scaled;
        sum.variance = variance;
        sum.largest = fmin(unseen, sum.scaled);
    }
    return sum;
}

void lr_sampled_merge(struct lr_sampled *into, const struct lr_sampled *from)
{
    into->exact += from->exact;
    into->scaled += from->scaled;
    into->seen += from->seen;
    into->variance += from->variance;
    into->largest = fmax(into->largest, from->largest);
    into->unseen = fmax(into->unseen, from->unseen);
}

/* Series for small x, continued fraction (Lentz) for large x. */
double lr_gamma_probability(double x, double shape)
{
    double scale, sum, term;

    if (x <= 0)
        return 0;
    scale = exp(shape * log(x) - x - lgamma(shape));
    if (x < shape + 1) {
        sum = term = 1 / shape;
        for (int i = 1; i < 10000 && term > sum * 1e-12; i++)
            sum += term *= x / (shape + i);
        return fmin(1, sum * scale);
    }
    double b = x + 1 - shape, c = 1e300, d = 1 / b, fraction = d;
    for (int i = 1; i < 10000; i++) {
        double a = -i * (i - shape);

        b += 2;
        d = 1 / (a * d + b);
        c = b + a / c;
        fraction *= c * d;
        if (fabs(c * d - 1) < 1e-12)
            break;
    }
    return fmax(0, 1 - fraction * scale);
}

/* P(X <= x) rises with x: halves the range of log x. */
double lr_gamma_quantile(double p, double shape)
{
    double low, high;

    if (shape > 100) {
        double z = p < 0.5 ? -Z : Z, third = 1 / (9 * shape); /* p is TAIL or 1 - TAIL */
        double root = 1 - third + z * sqrt(third);

        if (fabs(p - TAIL) < 1e-9 || fabs(p - (1 - TAIL)) < 1e-9)
            return shape * root * root * root;
    }
    low = -700;
    high = log(shape + 40 * sqrt(shape) + 100);
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        *(lr_gamma_probability(exp(middle), shape) < p ? &low : &high) = middle;
    }
    return exp(high);
}

/* The smallest Poisson mean with which as many samples as these would not be strange, given that
 * there was one at all: a place without any is not on the list.  P(k, x) = TAIL (1 - exp(-x)). */
static double low_mean(double shape)
{
    double low = 0, high = shape;

    if (shape > 100)
        return lr_gamma_quantile(TAIL, shape);
    if (shape <= 1)
        return 0;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        bool strange = lr_gamma_probability(middle, shape) < TAIL * -expm1(-middle);

        *(strange ? &low : &high) = middle;
    }
    return low;
}

struct lr_estimate lr_sampled_estimate(const struct lr_sampled *sum)
{
    struct lr_estimate estimate;
    double step = fmax(sum->largest, sum->unseen), least = sum->seen, mean, variance;

    estimate.value = estimate.low = estimate.high = sum->exact + sum->scaled;
    if (step <= 0)
        return estimate;
    if (sum->variance > 0)
        least = fmax(least, low_mean(sum->scaled * sum->scaled / sum->variance) * sum->variance /
                                sum->scaled);
    estimate.low = sum->exact + fmin(least, sum->scaled);
    /* As if one more sample, the heaviest, had been taken. */
    mean = sum->scaled + step;
    variance = sum->variance + step * step;
    estimate.high =
        sum->exact + lr_gamma_quantile(1 - TAIL, mean * mean / variance) * variance / mean;
    return estimate;
}
