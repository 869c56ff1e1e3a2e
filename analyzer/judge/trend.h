/* trend.h -- does it grow, how fast, and is that growth or only a warm-up?
 *
 * Stage: JUDGE.  Context: analyzer only; pure functions on arrays, no I/O, no allocation.
 * Method, thresholds and their measured errors: docs/STATISTICS.md, "Trends".
 */
#ifndef LEAKRING_TREND_H
#define LEAKRING_TREND_H

#include <stdbool.h>
#include <stddef.h>

enum lr_trend_class {
    LR_TREND_UNKNOWN,   /* cannot tell: too short, too few points, or ambiguous */
    LR_TREND_GROWING,   /* steadily, to the end of the recording */
    LR_TREND_PLATEAU,   /* bounded: flat, or it was and has stopped growing */
    LR_TREND_SAWTOOTH,  /* bounded, and falls back to its floor again and again */
    LR_TREND_STARTUP,   /* all of it came early and nothing has changed since */
    LR_TREND_TRANSIENT, /* next to nothing of it is left */
};
const char *lr_trend_name(enum lr_trend_class trend);

/* Shorter series, or such with fewer points, are LR_TREND_UNKNOWN. */
#define LR_TREND_MIN_SECONDS 300.0
#define LR_TREND_MIN_POINTS 30

struct lr_trend {
    enum lr_trend_class kind;
    /* Growth per hour, and its 95 % interval, from `from_s` to the end.  Zeros when the series is
     * too short; else there also when it isn't growing: then `high` is what may be hidden. */
    double slope, low, high;
    double p;      /* of the trend test (Mann-Kendall, corrected for autocorrelation), one-sided */
    double from_s; /* when the part begins that the slope is of: behind the warm-up */
    double to_s;
    double began_s; /* when it began to grow, if that was late; else 0 */
    double autocorrelation; /* of neighbouring blocks */
    bool lasts; /* growing, and that it has stopped in the last part, or slows down, is ruled out */
    const char *why; /* one of a few short sentences */
};

/* `why`, with how long ago it began to grow, if that was late. */
const char *lr_trend_say(char *out, size_t size, const struct lr_trend *trend);

/* `value` at `time_s`, ascending; NAN values are left out.  Cost: 0.3 to 2.2 ms. */
struct lr_trend lr_trend_judge(const double *time_s, const double *value, size_t count);

#endif
