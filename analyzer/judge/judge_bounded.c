/* judge_bounded.c -- pairs that are never ended and yet no leak: caches, pools, start-up.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * A recording of five minutes has a trend.  In a shorter one the numbers of live pairs, which are
 * exact, tell by themselves where there is turnover: twice as many were ended as are live, and over
 * the last two thirds of the recording their number changed by two, or 2 %, at most; or, where few
 * numbers are known yet, four times as many were ended and it changed by one at most.  A leak from
 * the beginning would have made them three times as many meanwhile.  One that is so slow that it
 * hides behind a large pool is found when there is a trend.  Of fewer than twenty live ones nothing
 * is said.
 *
 * A trend says that they have stopped to grow, not why.  Where next to none was ever ended, a
 * program that has done its work looks as a cache does that is full; so that acquits only where
 * they were about as many for the last third of the recording.
 */
#include "judge_internal.h"

#include <math.h>

enum {
    MANY_POINTS = 8,
    MAY_CHANGE = 2,
    FEW_POINTS = 3,
    FEW_MAY_CHANGE = 1,
    LEAST_MS = 8000,
    LEAST_LIVE = 20,
    TURNOVER = 2, /* times what is live; */
    FEW_TURNOVER = 4,
};

static const double LATE_SHARE = 0.1; /* of what is live; a warm-up of a third's constant: 0.09 */

struct span {
    double low, high;
    size_t points;
    uint64_t from_ms, to_ms;
};

static void add(struct span *span, uint64_t time_ms, double value)
{
    if (span->points++ == 0) {
        span->low = span->high = value;
        span->from_ms = time_ms;
    }
    span->low = fmin(span->low, value);
    span->high = fmax(span->high, value);
    span->to_ms = time_ms;
}

/* Of none at all it can't be said that they don't. */
static bool stays(const struct span *span, const struct lr_model_pair_site *site)
{
    return span->high - span->low <= fmax(MAY_CHANGE, 0.02 * (double)site->live);
}

static bool is_flat(const struct span *span, const struct lr_model_pair_site *site)
{
    if (span->to_ms - span->from_ms < LEAST_MS)
        return false;
    if (span->points >= MANY_POINTS)
        return stays(span, site);
    return span->points >= FEW_POINTS && span->high - span->low <= FEW_MAY_CHANGE &&
           lr_released_explicitly(site) >= FEW_TURNOVER * site->live;
}

/* In the last two thirds of what is looked at, or in the last one. */
static bool is_judged(uint64_t time_ms, const struct lr_model *model, unsigned thirds)
{
    uint64_t from_ms = model->phase.from_ms;

    return time_ms >= from_ms && (time_ms - from_ms) * 3 >= lr_model_span_ms(model) * (3 - thirds);
}

/* The site's own numbers, every ten seconds. */
static struct span own_numbers(const struct lr_model_pair_site *site, const struct lr_model *model,
                               unsigned thirds)
{
    const struct lr_model_followed *followed = &model->series.followed;
    struct span span = {0};

    for (size_t i = 0; i < followed->points && site->followed; i++) {
        double count = lr_followed_count(followed, site->followed, i);

        if (is_judged(followed->time_ms[i], model, thirds) && !isnan(count))
            add(&span, followed->time_ms[i], count);
    }
    return span;
}

/* The numbers of all pairs, every second: they stay only where each place's do. */
static struct span all_numbers(const struct lr_model *model)
{
    const struct lr_model_column *live = lr_model_column(&model->series, "pairs_live");
    struct span span = {0};

    for (size_t i = 0; live && i < model->series.points; i++)
        if (is_judged(model->series.time_ms[i], model, 2) &&
            live->values[i] != LR_MODEL_UNKNOWN)
            add(&span, model->series.time_ms[i], (double)live->values[i]);
    return span;
}

/* The end of work, perhaps: few were ended, and many came in the last third. */
static bool came_late(const struct lr_model_pair_site *site, const struct lr_model *model)
{
    struct span last = own_numbers(site, model, 1);

    return lr_released_explicitly(site) < site->live &&
           last.high - last.low > fmax(MAY_CHANGE, LATE_SHARE * (double)site->live);
}

const char *lr_why_bounded(const struct lr_model_pair_site *site, const struct lr_model *model)
{
    if (site->released_by_cleaner > 0 || site->lost > 0)
        return NULL;
    if (site->trend.kind == LR_TREND_STARTUP)
        return "all came early, and their number has not changed since: start-up";
    if (site->trend.kind == LR_TREND_SAWTOOTH ||
        (site->trend.kind == LR_TREND_PLATEAU && !came_late(site, model)))
        return "their number does not grow: a cache or a pool";
    if (site->trend.kind == LR_TREND_GROWING || site->trend.kind == LR_TREND_PLATEAU ||
        site->live < LEAST_LIVE ||
        lr_released_explicitly(site) < TURNOVER * site->live)
        return NULL;
    struct span own = own_numbers(site, model, 2), all = all_numbers(model);
    bool of_all = own.points < MANY_POINTS && stays(&own, site) && is_flat(&all, site);
    if (is_flat(&own, site) || of_all)
        return "as many are ended as acquired, their number stays: a cache or a pool";
    return NULL;
}
