/* simulate_series.h -- synthetic series of live memory, of every kind that a trend test meets.
 *
 * Stage: tests.  Deterministic: a seed gives the same series everywhere.  Seeds below
 * LR_SIMULATE_HELD_OUT were used to choose thresholds; those from there on never were.
 */
#ifndef LEAKRING_SIMULATE_SERIES_H
#define LEAKRING_SIMULATE_SERIES_H

#include <stddef.h>
#include <stdint.h>

enum lr_simulated {
    LR_SIM_FLAT,      /* noise about a level */
    LR_SIM_WARM_UP,   /* saturating, time constant up to a quarter of the recording, and noise */
    LR_SIM_LONG_TAIL, /* a warm-up that isn't exponential: hyperbolic, or of two parts */
    LR_SIM_SAWTOOTH,  /* fills and falls back, periods of up to an eighth of the recording */
    LR_SIM_STEP,      /* one or two steps, up or down, and noise */
    LR_SIM_CACHE,     /* grows linearly to a limit that it meets in the first half, and stays */
    LR_SIM_START_UP,  /* all at once, then nothing */
    LR_SIM_TRANSIENT, /* comes and goes */
    LR_SIM_LEAK,      /* linear, and noise */
    LR_SIM_WARM_UP_LEAK, /* a warm-up, and a leak from the beginning */
    LR_SIM_SAWTOOTH_LEAK,
    LR_SIM_STAIRS,    /* a leak in many steps */
    LR_SIM_LATE_CACHE, /* as LR_SIM_CACHE, full after 60 to 85 % of the recording */
    LR_SIM_LAST_CACHE, /* the same after 85 to 97 % */
    LR_SIM_SLOW_FILL, /* as LR_SIM_WARM_UP, time constant from a third of the recording to all */
    LR_SIM_LATE_LEAK, /* flat, then linear in the last 10 to 60 % of the recording */
    LR_SIM_LATE_FILL, /* flat, fills linearly, and is full for the last 15 % or more */
    LR_SIM_KINDS
};
const char *lr_simulated_name(enum lr_simulated kind);

enum { LR_SIMULATE_HELD_OUT = 2000000, LR_SIMULATE_MAX = 2000 };

struct lr_simulation {
    enum lr_simulated kind;
    double hours;        /* of recording */
    int points;          /* equally spaced, at most LR_SIMULATE_MAX */
    double level;        /* MB */
    double noise;        /* MB, standard deviation of the AR(1) noise */
    double correlation;  /* of neighbouring points, 0 .. 1 */
    double leak;         /* MB an hour */
    double swing;        /* MB: height of sawtooth, steps, warm-up; 0: chosen by the seed */
};

/* Fills time_s and value (bytes), `points` of each. */
void lr_simulate(const struct lr_simulation *simulation, uint64_t seed, double *time_s,
                 double *value);

#endif
