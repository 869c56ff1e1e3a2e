/* trend.c -- trend.h: the decision.
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "trend.h"

#include <math.h>
#include <stdio.h>

#include "trend_internal.h"
#include "units.h"

/* Chosen on the seeds of simulate_series.h below LR_SIMULATE_HELD_OUT; see docs/STATISTICS.md. */
static const double TEST_LEVEL = 0.02;   /* of Mann-Kendall, */
static const double SHORT_LEVEL = 0.004; /* and of fewer than FULL_BLOCKS */
enum { FULL_BLOCKS = 40 };
static const double MARGIN = 5;         /* by which a growing shape must be better, in BIC, */
static const double FEW_BLOCKS = 48;    /* plus this by the number of blocks */
/* By which a line that has stopped must be better: to be a plateau; to leave it open when it
 * stopped a while ago (rather that than a leak), later, and in the last blocks. */
static const double RAMP_MARGIN = 2, LONG_RAMP_MARGIN = -3.5, RAMP_DOUBT = 0.5,
                    LAST_RAMP_MARGIN = 1;
static const double SLOW_MARGIN = -1; /* likewise one that grows ever more slowly */
/* Of a line that begins late: its slope in errors, and by how much it may be worse than one that
 * has stopped since. */
static const double LATE_ERRORS = 4, LATE_RAMP_MARGIN = 2;
static const double LATE_STOP_MARGIN = 6; /* by which the latter must be better than any growth */
static const double LASTS_MARGIN = 6; /* by which all of these must be worse, for it to last */
static const double FIT_ERRORS = 3;     /* of the fit's slope: its interval */
static const double CERTAIN = 8;        /* errors of the slope that make the test needless */
/* Quantile of the 95 % interval for so many blocks: more than 1.96, for the autocorrelation is an
 * estimate too, and a poor one where blocks are few. */
static double quantile_95(size_t blocks)
{
    return 1.5 + 38 / (double)blocks;
}

static double margin_of(size_t blocks)
{
    return MARGIN + FEW_BLOCKS / (double)blocks;
}

const char *lr_trend_name(enum lr_trend_class trend)
{
    static const char *const names[] = {"unknown",  "growing", "plateau",
                                        "sawtooth", "startup", "transient"};

    return names[trend];
}

struct range {
    double low, high, first, last, early; /* early: the least from a tenth of the time on */
    size_t known;
    size_t falls, rises; /* from one point to the next, by two fifths of the range or more */
};

static struct range range_of(const double *time_s, const double *value, size_t count)
{
    struct range range = {INFINITY, -INFINITY, 0, 0, INFINITY, 0, 0, 0};
    double tenth = time_s[0] + (time_s[count - 1] - time_s[0]) / 10;

    for (size_t i = 0; i < count; i++) {
        if (isnan(value[i]))
            continue;
        if (range.known++ == 0)
            range.first = value[i];
        range.last = value[i];
        range.low = fmin(range.low, value[i]);
        range.high = fmax(range.high, value[i]);
        if (time_s[i] >= tenth)
            range.early = fmin(range.early, value[i]);
    }
    for (size_t i = 1; i < count; i++) {
        double change = value[i] - value[i - 1], large = 0.4 * (range.high - range.low);

        range.falls += change < -large;
        range.rises += change > large;
    }
    return range;
}

/* Nothing changes from a tenth of the time on (one part in a thousand is nothing). */
static bool is_constant_since(const double *time_s, const double *value, size_t count,
                              const struct range *range)
{
    double tenth = time_s[0] + (time_s[count - 1] - time_s[0]) / 10, high = -INFINITY;

    for (size_t i = 0; i < count; i++)
        if (time_s[i] >= tenth && !isnan(value[i]))
            high = fmax(high, value[i]);
    return high - range->early <= 0.001 * fabs(high);
}

static struct lr_trend bounded(struct lr_trend trend, const struct range *range)
{
    bool falls_back = range->falls >= 3 && range->rises * 3 <= range->falls;

    trend.kind = falls_back ? LR_TREND_SAWTOOTH : LR_TREND_PLATEAU;
    trend.why = trend.kind == LR_TREND_SAWTOOTH ? "it falls back again and again"
                                                : "it has not grown, or has stopped to";
    return trend;
}

/* What is left of the warm-up behind its greater part would count as growth. */
static void take_warm_up(struct lr_blocks *blocks, const struct lr_shapes *shapes)
{
    double length = blocks->time_s[blocks->count - 1] - blocks->time_s[0];

    for (size_t i = 0; i < blocks->count; i++) {
        double t = (blocks->time_s[i] - blocks->time_s[0]) / length;

        blocks->value[i] -= shapes->warm_height * exp(-t / shapes->warm_share);
    }
}

/* Behind a step or a warm-up few blocks are left for ranks.  The fit, which has them all, tells
 * that it grows where these can't, and how far that can be told from what is left of a warm-up. */
static void heed_fit(struct lr_rank *rank, const struct lr_shapes *shapes, bool grows)
{
    double low = shapes->slope - FIT_ERRORS * shapes->slope_error;
    double high = shapes->slope + FIT_ERRORS * shapes->slope_error;

    if (shapes->warm_s > 0 && grows && rank->low <= 0 && low > 0) {
        rank->slope = shapes->slope;
        rank->low = low;
        rank->high = high;
    } else if (fabs(shapes->warm_height) > 0) {
        rank->low = fmin(rank->low, low);
        rank->high = fmax(rank->high, high);
    }
}

static struct lr_trend doubtful(struct lr_trend trend, const char *why)
{
    trend.kind = LR_TREND_UNKNOWN;
    trend.why = why;
    return trend;
}

static bool may_have_stopped(const struct lr_shapes *shapes)
{
    return shapes->long_ramp + LONG_RAMP_MARGIN < shapes->unbent ||
           shapes->ramp + RAMP_DOUBT < shapes->unbent ||
           shapes->last_ramp + LAST_RAMP_MARGIN < shapes->unbent;
}

static struct lr_trend decide(struct lr_trend trend, struct lr_blocks *blocks,
                              const struct range *range, const struct lr_shapes *fitted)
{
    struct lr_shapes shapes = *fitted;
    struct lr_rank rank;
    size_t first = 0;

    while (first + blocks->count / 2 < blocks->count &&
           blocks->time_s[first] - blocks->time_s[0] < shapes.warm_s)
        first++;
    take_warm_up(blocks, &shapes);
    lr_rank_slope(blocks, first, shapes.autocorrelation, quantile_95(blocks->count), &rank);
    double errors = shapes.slope / shapes.slope_error;
    bool grows = shapes.growing + margin_of(blocks->count) < shapes.bounded &&
                 errors > 3.5;
    heed_fit(&rank, &shapes, grows);
    trend.slope = rank.slope * 3600;
    trend.low = rank.low * 3600;
    trend.high = rank.high * 3600;
    trend.p = rank.p;
    trend.from_s = blocks->time_s[first] - blocks->width_s / 2;
    trend.autocorrelation = shapes.autocorrelation;
    double level = blocks->count < FULL_BLOCKS ? SHORT_LEVEL : TEST_LEVEL;
    grows = grows && (rank.p < level || errors > CERTAIN) && rank.low > 0;
    if (grows && (shapes.ramp + RAMP_MARGIN < shapes.unbent ||
                  shapes.late_ramp + LATE_STOP_MARGIN < fmin(shapes.unbent, shapes.late_unbent)))
        return bounded(trend, range);
    if (grows && may_have_stopped(&shapes))
        return doubtful(trend, "it grew, and may have stopped before the end");
    if (grows && shapes.slow_fill + SLOW_MARGIN < shapes.unbent)
        return doubtful(trend, "it grows, but ever more slowly: it may be filling up");
    if (grows) {
        trend.kind = LR_TREND_GROWING;
        trend.lasts = fmin(shapes.any_ramp, shapes.slow_fill) > shapes.unbent + LASTS_MARGIN;
        trend.why = trend.lasts ? "it grows steadily to the end"
                                : "it grows; whether to the end, its last part does not tell";
        return trend;
    }
    if (rank.low <= 0 || shapes.bounded < shapes.growing)
        return bounded(trend, range);
    return doubtful(trend, "it rises, but a warm-up, a step or chance would explain that as well");
}

/* That it was flat and then began to grow explains the blocks clearly better than anything else. */
static bool began_late(const struct lr_shapes *shapes)
{
    return shapes->late + margin_of(shapes->blocks) < fmin(shapes->bounded, shapes->growing) &&
           shapes->late_errors > LATE_ERRORS &&
           shapes->late_unbent < shapes->late_ramp + LATE_RAMP_MARGIN;
}

static struct lr_trend judge_whole(const double *time_s, const double *value, size_t count,
                                   struct lr_shapes *shapes);

/* What began to grow late is a leak if what is behind the bend is one by itself. */
static struct lr_trend heed_late(struct lr_trend trend, const double *time_s, const double *value,
                                 size_t count, double began_s)
{
    struct lr_shapes unused;
    size_t first = 0;

    while (first < count && time_s[first] < began_s)
        first++;
    struct lr_trend tail = judge_whole(time_s + first, value + first, count - first, &unused);
    if (tail.kind == LR_TREND_GROWING) {
        tail.began_s = began_s;
        return tail;
    }
    if (trend.kind == LR_TREND_GROWING || trend.kind == LR_TREND_UNKNOWN)
        return trend;
    trend.began_s = began_s;
    return doubtful(trend, "it began to grow late; whether it goes on, the recording is too short "
                           "to tell");
}

const char *lr_trend_say(char *out, size_t size, const struct lr_trend *trend)
{
    char ago[LR_UNIT_SIZE];

    if (trend->began_s <= 0 || !trend->why)
        return trend->why;
    lr_unit_duration(ago, (uint64_t)((trend->to_s - trend->began_s) * 1000));
    snprintf(out, size, "%s (it has grown for %s)", trend->why, ago);
    return out;
}

struct lr_trend lr_trend_judge(const double *time_s, const double *value, size_t count)
{
    struct lr_shapes shapes = {.late = INFINITY};
    struct lr_trend trend = judge_whole(time_s, value, count, &shapes);

    if (isinf(shapes.late) || !began_late(&shapes))
        return trend;
    return heed_late(trend, time_s, value, count, time_s[0] + shapes.late_s);
}

static struct lr_trend judge_whole(const double *time_s, const double *value, size_t count,
                                   struct lr_shapes *shapes)
{
    struct lr_trend trend = {.p = 1, .why = "the recording is too short to tell"};

    if (count == 0)
        return trend;
    struct range range = range_of(time_s, value, count);
    trend.from_s = time_s[0];
    trend.to_s = time_s[count - 1];
    if (range.known < LR_TREND_MIN_POINTS || trend.to_s - trend.from_s < LR_TREND_MIN_SECONDS)
        return trend;
    if (range.last <= 0.05 * range.high) {
        trend.kind = LR_TREND_TRANSIENT;
        trend.why = "next to nothing of it is left";
        return trend;
    }
    if (is_constant_since(time_s, value, count, &range)) {
        trend.kind = LR_TREND_STARTUP;
        trend.why = "it came early and has not changed since";
        return trend;
    }
    struct lr_blocks blocks;
    lr_blocks_choose(time_s, value, count, &blocks);
    if (blocks.count < 12) {
        trend.why = "too few points are spread over the recording";
        return trend;
    }
    lr_shapes_fit(&blocks, shapes);
    return decide(trend, &blocks, &range, shapes);
}
