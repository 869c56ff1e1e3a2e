/* model_trend.c -- which followed sites grow.
 *
 * Stage: JUDGE -> MODEL.  Context: analyzer only.
 */
#include <math.h>
#include <stdlib.h>

#include "jvm_memory.h"
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

/* Points before `until_ms` only. */
static bool judge_followed(const struct lr_model_followed *followed, uint64_t mask,
                           uint64_t until_ms, followed_value *value, struct lr_trend *trend)
{
    struct judged judged;
    bool ok = make_room(&judged, followed->points);

    for (size_t i = 0; ok && i < followed->points && followed->time_ms[i] < until_ms; i++)
        add_value(&judged, followed->time_ms[i], value(followed, mask, i));
    if (ok)
        *trend = lr_trend_judge(judged.time_s, judged.value, judged.count);
    free_judged(&judged);
    return ok;
}

bool lr_judge_column(const struct lr_model_series *series, const char *name,
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

static const double FOLLOWED_MOST = 0.9; /* more is as good as all */

/* What was followed grows, or else something: but that it is bounded says nothing of the rest, nor
 * of what found no room in the file. */
static void doubt(struct lr_trend *trend, double followed, double live, uint64_t lost)
{
    if (trend->kind == LR_TREND_GROWING || trend->kind == LR_TREND_UNKNOWN)
        return;
    if (lost > 0)
        trend->why = "some of it found no room in the file";
    else if (followed < FOLLOWED_MOST * live)
        trend->why = "only some of its stacks were followed";
    else
        return;
    trend->kind = LR_TREND_UNKNOWN;
}

/* When something was lost for the first time: where there is no room, all growth seems to stop. */
static uint64_t first_loss(const struct lr_model_series *series)
{
    const struct lr_model_column *lost = lr_model_column(series, "lost");

    for (size_t i = 0; lost && i < series->points; i++)
        if (lost->values[i] != LR_MODEL_UNKNOWN && lost->values[i] > 0)
            return series->time_ms[i];
    return UINT64_MAX;
}

static bool judge_pairs(struct lr_model *model, uint64_t loss_ms)
{
    const struct lr_model_followed *followed = &model->series.followed;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (!site->followed)
                continue;
            uint64_t until = site->lost ? loss_ms : UINT64_MAX;
            if (!judge_followed(followed, site->followed, until, lr_followed_count, &site->trend) ||
                !judge_followed(followed, site->followed, until, lr_followed_bytes,
                                &site->bytes_trend))
                return false;
            doubt(&site->trend, (double)site->followed_live, (double)site->live, site->lost);
            doubt(&site->bytes_trend, (double)site->followed_live, (double)site->live, site->lost);
        }
    return true;
}

static bool judge_memory(struct lr_model *model, uint64_t loss_ms)
{
    const struct lr_model_followed *followed = &model->series.followed;

    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        site->jvm = lr_jvm_owns(&site->path);
        if (!site->followed)
            continue;
        uint64_t until = site->lost ? loss_ms : UINT64_MAX;
        if (!judge_followed(followed, site->followed, until, lr_followed_bytes, &site->trend) ||
            !judge_followed(followed, site->followed, until, lr_followed_count,
                            &site->count_trend))
            return false;
        site->part_followed = site->followed_bytes < FOLLOWED_MOST * site->live_bytes.value;
        doubt(&site->trend, site->followed_bytes, site->live_bytes.value, site->lost);
    }
    return true;
}

enum lr_status lr_build_trends(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    uint64_t loss_ms = first_loss(&model->series);
    bool ok = judge_pairs(model, loss_ms) && judge_memory(model, loss_ms);

    return ok ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}
