/* model_trend.c -- which followed sites grow, and when the process meets a limit.
 *
 * Stage: JUDGE -> MODEL.  Context: analyzer only.
 */
#include <math.h>
#include <stdlib.h>

#include "model_build.h"

/* One series as the trend test wants it. */
struct judged {
    double *time_s, *value;
    size_t count;
};

static bool make_room(struct judged *judged, size_t points)
{
    judged->time_s = malloc((points + 1) * sizeof(*judged->time_s));
    judged->value = malloc((points + 1) * sizeof(*judged->value));
    judged->count = 0;
    return judged->time_s && judged->value;
}

static void add_value(struct judged *judged, uint64_t time_ms, double value)
{
    if (isnan(value))
        return;
    judged->time_s[judged->count] = (double)time_ms / 1000;
    judged->value[judged->count++] = value;
}

static void free_judged(struct judged *judged)
{
    free(judged->time_s);
    free(judged->value);
}

typedef double followed_value(const struct lr_model_followed *followed, uint64_t mask, size_t i);

static bool judge_followed(const struct lr_model_followed *followed, uint64_t mask,
                           followed_value *value, struct lr_trend *trend)
{
    struct judged judged;
    bool ok = make_room(&judged, followed->points);

    for (size_t i = 0; ok && i < followed->points; i++)
        add_value(&judged, followed->time_ms[i], value(followed, mask, i));
    if (ok)
        *trend = lr_trend_judge(judged.time_s, judged.value, judged.count);
    free_judged(&judged);
    return ok;
}

static bool judge_column(const struct lr_model_series *series, const char *name,
                         struct lr_trend *trend)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    struct judged judged;
    bool ok = make_room(&judged, series->points);

    for (size_t i = 0; ok && column && i < series->points; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN)
            add_value(&judged, series->time_ms[i], (double)column->values[i]);
    if (ok)
        *trend = lr_trend_judge(judged.time_s, judged.value, judged.count);
    free_judged(&judged);
    return ok;
}

static uint64_t last_known(const struct lr_model_series *series, const char *name)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t i = column ? lr_model_last_known(series, column) : series->points;

    return i < series->points ? column->values[i] : LR_MODEL_UNKNOWN;
}

/* Hours until `used` has grown by `room` at the trend's rate. */
static void project(struct lr_model_projection *projection, const char *limit, double room,
                    const struct lr_trend *trend)
{
    if (trend->kind != LR_TREND_GROWING || trend->low <= 0 ||
        (projection->limit && projection->hours <= room / trend->slope))
        return;
    *projection = (struct lr_model_projection){
        limit, room / trend->slope, room / trend->high, room / trend->low, trend->slope};
}

static bool project_all(struct lr_model *model)
{
    static const struct {
        const char *limit, *grows, *used, *most;
    } limits[] = {
        {"memory cgroup", "cgroup_used", "cgroup_used", "cgroup_limit"},
        {"address space (RLIMIT_AS)", "virtual_size", "virtual_size", "address_limit"},
    };
    const struct lr_model_series *series = &model->series;
    struct lr_trend trend;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        uint64_t used = last_known(series, limits[i].used);
        uint64_t most = last_known(series, limits[i].most);

        if (used == LR_MODEL_UNKNOWN || most == LR_MODEL_UNKNOWN || most <= used)
            continue;
        if (!judge_column(series, limits[i].grows, &trend))
            return false;
        project(&model->projection, limits[i].limit, (double)(most - used), &trend);
    }
    uint64_t available = last_known(series, "host_available");
    if (available == LR_MODEL_UNKNOWN)
        return true;
    if (!judge_column(series, "rss", &trend))
        return false;
    project(&model->projection, "machine's memory", (double)available, &trend);
    return true;
}

/* What was followed grows, or else something: but that it is bounded says nothing of the rest, nor
 * of what found no room in the file. */
static void doubt(struct lr_trend *trend, double followed, double live, uint64_t lost)
{
    const double MOST = 0.9;

    if (trend->kind == LR_TREND_GROWING || trend->kind == LR_TREND_UNKNOWN)
        return;
    if (lost > 0)
        trend->why = "some of it found no room in the file";
    else if (followed < MOST * live)
        trend->why = "only some of its stacks were followed";
    else
        return;
    trend->kind = LR_TREND_UNKNOWN;
}

static bool judge_pairs(struct lr_model *model)
{
    const struct lr_model_followed *followed = &model->series.followed;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (!site->followed)
                continue;
            if (!judge_followed(followed, site->followed, lr_followed_count, &site->trend))
                return false;
            doubt(&site->trend, (double)site->followed_live, (double)site->live, site->lost);
        }
    return true;
}

static bool judge_memory(struct lr_model *model)
{
    const struct lr_model_followed *followed = &model->series.followed;

    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        if (!site->followed)
            continue;
        if (!judge_followed(followed, site->followed, lr_followed_bytes, &site->trend))
            return false;
        doubt(&site->trend, site->followed_bytes, site->live_bytes.value, site->lost);
    }
    return true;
}

enum lr_status lr_build_trends(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    bool ok = judge_pairs(model) && judge_memory(model) && project_all(model);

    return ok ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}
