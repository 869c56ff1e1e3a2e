/* judge_bounded.c -- pairs that are never ended and yet no leak: caches, pools, start-up.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * A recording of five minutes has a trend.  In a shorter one the numbers of live pairs, which are
 * exact, tell by themselves where there is turnover: twice as many were ended as are live, and over
 * the last two thirds of the recording their number changed by two, or 2 %, at most.  A leak of one
 * in a thousand changes it by more as soon as it has leaked three; of fewer than twenty live ones
 * nothing is said.
 */
#include "judge_internal.h"

#include <math.h>

enum { LEAST_POINTS = 8, LEAST_MS = 8000, MAY_CHANGE = 2, LEAST_LIVE = 20 };

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

static bool is_flat(const struct span *span)
{
    return span->points >= LEAST_POINTS && span->to_ms - span->from_ms >= LEAST_MS &&
           span->high - span->low <= fmax(MAY_CHANGE, 0.02 * span->high);
}

/* The site's own numbers, every ten seconds. */
static struct span own_numbers(const struct lr_model_pair_site *site, const struct lr_model *model)
{
    const struct lr_model_followed *followed = &model->series.followed;
    struct span span = {0};

    for (size_t i = 0; i < followed->points && site->followed; i++) {
        double count = lr_followed_count(followed, site->followed, i);

        if (followed->time_ms[i] * 3 >= model->run.duration_ms && !isnan(count))
            add(&span, followed->time_ms[i], count);
    }
    return span;
}

/* The numbers of all pairs, every second, which will do where the site has most of them. */
static struct span all_numbers(const struct lr_model_pair_site *site, const struct lr_model *model)
{
    const struct lr_model_column *live = lr_model_column(&model->series, "pairs_live");
    struct span span = {0};
    uint64_t all = 0;

    for (size_t i = 0; i < model->pair_count; i++)
        all += model->pairs[i].live;
    if (!live || (double)site->live < 0.9 * (double)all)
        return span;
    for (size_t i = 0; i < model->series.points; i++)
        if (model->series.time_ms[i] * 3 >= model->run.duration_ms &&
            live->values[i] != LR_MODEL_UNKNOWN)
            add(&span, model->series.time_ms[i], (double)live->values[i]);
    return span;
}

const char *lr_why_bounded(const struct lr_model_pair_site *site, const struct lr_model *model)
{
    if (site->released_by_cleaner > 0 || site->lost > 0)
        return NULL;
    if (site->trend.kind == LR_TREND_STARTUP)
        return "all came early, and their number has not changed since: start-up";
    if (site->trend.kind == LR_TREND_PLATEAU || site->trend.kind == LR_TREND_SAWTOOTH)
        return "their number does not grow: a cache or a pool";
    if (site->trend.kind == LR_TREND_GROWING || site->live < LEAST_LIVE ||
        lr_released_explicitly(site) < 2 * site->live)
        return NULL;
    struct span own = own_numbers(site, model), all = all_numbers(site, model);
    if (is_flat(&own) || (own.points < LEAST_POINTS && is_flat(&all)))
        return "as many are ended as acquired, their number stays: a cache or a pool";
    return NULL;
}
