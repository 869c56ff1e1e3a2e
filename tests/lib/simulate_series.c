/* simulate_series.c -- simulate_series.h.  Stage: tests. */
#include "simulate_series.h"

#include <math.h>
#include <stdbool.h>

struct random {
    uint64_t state;
};

/* splitmix64 */
static uint64_t next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(struct random *random, double low, double high)
{
    return low + (high - low) * ((double)(next(random) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(struct random *random)
{
    double radius = sqrt(-2 * log(uniform(random, 0, 1)));
    return radius * cos(6.283185307179586 * uniform(random, 0, 1));
}

const char *lr_simulated_name(enum lr_simulated kind)
{
    static const char *const names[] = {"flat",  "warm-up",  "long-tail", "sawtooth",
                                        "step",  "cache",    "start-up",  "transient",
                                        "leak",  "warm-up+", "sawtooth+", "stairs",
                                        "late-cache", "last-cache",
                                        "slow-fill", "late-leak", "late-fill"};
    return names[kind];
}

/* What is there without noise and leak, as share of the swing, over time x in 0 .. 1. */
struct shape {
    enum lr_simulated kind;
    double a, b, up;
    double next_fall, filled, rate; /* sawtooth */
};

static void begin_shape(struct shape *shape, enum lr_simulated kind, struct random *random)
{
    *shape = (struct shape){.kind = kind};
    shape->a = uniform(random, 0, 1);
    shape->b = uniform(random, 0, 1);
    shape->up = uniform(random, 0, 1) < 0.75 ? 1 : -1;
}

/* Periods differ by up to a half; what a collection leaves is the same. */
static double sawtooth(struct shape *shape, double x, struct random *random)
{
    double period = 1 / (8 + 60 * shape->a);
    if (x >= shape->next_fall) {
        shape->filled = x;
        shape->next_fall = x + period * uniform(random, 0.75, 1.25);
    }
    return (x - shape->filled) / period;
}

static double value_of(struct shape *shape, double x, struct random *random)
{
    switch (shape->kind) {
    case LR_SIM_WARM_UP:
    case LR_SIM_WARM_UP_LEAK:
        return 1 - exp(-x / (0.01 + 0.24 * shape->a));
    case LR_SIM_LONG_TAIL:
        if (shape->b > 0.5)
            return x / (x + 0.005 + 0.06 * shape->a);
        return 1 - 0.7 * exp(-x / (0.01 + 0.05 * shape->a)) - 0.3 * exp(-x / (0.05 + 0.4 * shape->b));
    case LR_SIM_SAWTOOTH:
    case LR_SIM_SAWTOOTH_LEAK:
        return sawtooth(shape, x, random);
    case LR_SIM_STEP:
        return shape->up * ((x > shape->a) + (shape->b > 0.5) * (x > shape->b));
    case LR_SIM_CACHE:
        return fmin(x / (0.02 + 0.48 * shape->a), 1);
    case LR_SIM_SLOW_FILL:
        return 1 - exp(-x / (0.33 + 0.67 * shape->a));
    case LR_SIM_LATE_CACHE:
        return fmin(x / (0.6 + 0.25 * shape->a), 1);
    case LR_SIM_LAST_CACHE:
        return fmin(x / (0.85 + 0.12 * shape->a), 1);
    case LR_SIM_LATE_LEAK:
        return fmax(x - (0.4 + 0.5 * shape->a), 0) / (0.6 - 0.5 * shape->a);
    case LR_SIM_LATE_FILL: {
        double from = 0.1 + 0.6 * shape->a, to = from + (0.85 - from) * shape->b;
        return fmin(fmax(x - from, 0) / (to - from), 1);
    }
    case LR_SIM_START_UP:
        return x > 0.08 * shape->a;
    case LR_SIM_TRANSIENT:
        return x > 0.3 * shape->a && x < 0.5 + 0.4 * shape->b;
    default:
        return 0;
    }
}

void lr_simulate(const struct lr_simulation *simulation, uint64_t seed, double *time_s,
                 double *value)
{
    struct random random = {seed * UINT64_C(0xd1342543de82ef95) + (uint64_t)simulation->kind};
    struct shape shape;
    begin_shape(&shape, simulation->kind, &random);
    double swing = simulation->swing, r = simulation->correlation, deviation = normal(&random);
    if (swing == 0)
        swing = exp(uniform(&random, log(0.5), log(100)));
    bool quiet = simulation->kind == LR_SIM_START_UP || simulation->kind == LR_SIM_TRANSIENT;
    double level = simulation->kind == LR_SIM_TRANSIENT ? 0 : simulation->level;
    for (int i = 0; i < simulation->points; i++) {
        double x = (double)i / (simulation->points - 1);
        double leak = simulation->leak * simulation->hours * x;
        if (simulation->kind == LR_SIM_STAIRS)
            leak = floor(x * 12 + shape.a) / 12 * simulation->leak * simulation->hours;
        double noise = quiet ? 0 : simulation->noise * deviation;
        double sum = level + swing * value_of(&shape, x, &random) + leak + noise;
        time_s[i] = x * simulation->hours * 3600;
        value[i] = fmax(sum, 0) * 1e6;
        deviation = r * deviation + sqrt(1 - r * r) * normal(&random);
    }
}
