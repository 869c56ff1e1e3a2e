/* gc_pressure.c -- gc_pressure.h.
 *
 * Stage: MODEL -> JUDGE.  Context: analyzer only.
 */
#include "gc_pressure.h"

#include <string.h>

static uint64_t value_at(const struct lr_model_column *column, size_t i)
{
    return column ? column->values[i] : LR_MODEL_UNKNOWN;
}

/* Collections of the old generation up to point `i`: stop-the-world ones and concurrent cycles. */
static uint64_t old_collections(const struct lr_model_series *series, size_t i)
{
    uint64_t full = value_at(lr_model_column(series, "java_full_gcs"), i);
    uint64_t other = value_at(lr_model_column(series, "java_other_gcs"), i);

    return (full == LR_MODEL_UNKNOWN ? 0 : full) + (other == LR_MODEL_UNKNOWN ? 0 : other);
}

/* The first point after the last collection; `points` when there was none. */
static size_t after_last(const struct lr_model_series *series)
{
    uint64_t last = series->points ? old_collections(series, series->points - 1) : 0;
    size_t i = series->points;

    if (last == 0)
        return series->points;
    while (i > 0 && old_collections(series, i - 1) == last)
        i--;
    return i;
}

/* A mixed collection may empty it further than the cycle that it belongs to. */
static uint64_t least_since(const struct lr_model_series *series, size_t first)
{
    const struct lr_model_column *used = lr_model_column(series, "java_old_used");
    uint64_t least = LR_MODEL_UNKNOWN;

    for (size_t i = first; used && i < series->points; i++)
        if (used->values[i] < least)
            least = used->values[i];
    return least;
}

static bool has_old_generation(const char *gc)
{
    return strcmp(gc, "Serial") == 0 || strcmp(gc, "Parallel") == 0 || strcmp(gc, "CMS") == 0;
}

static enum lr_pressure band_of(double percent)
{
    if (percent > LR_PRESSURE_ACT_PERCENT)
        return LR_PRESSURE_ACT;
    return percent >= LR_PRESSURE_WATCH_PERCENT ? LR_PRESSURE_WATCH : LR_PRESSURE_FINE;
}

void lr_gc_pressure(struct lr_model *model)
{
    const struct lr_model_series *series = &model->series;
    const struct lr_model_column *limit = lr_model_column(series, "java_old_limit");
    size_t first = after_last(series), last = limit ? lr_model_last_known(series, limit) : 0;
    uint64_t used = least_since(series, first);
    bool old = has_old_generation(model->run.java_gc);

    if (!limit || used == LR_MODEL_UNKNOWN || last >= series->points || limit->values[last] == 0)
        return;
    model->gc_pressure = (struct lr_model_gc_pressure){
        .pool = old ? "old generation" : "whole heap",
        .collector = model->run.java_gc,
        .used = used,
        .most = limit->values[last],
        .percent = 100.0 * (double)used / (double)limit->values[last],
        .time_ms = series->time_ms[first],
    };
    model->gc_pressure.band = band_of(model->gc_pressure.percent);
}

/* From the first point at or behind the moment on: one that ended between the two may have begun
 * before. */
static uint64_t counted_since(const struct lr_model_series *series, const char *name,
                              uint64_t time_ms)
{
    const struct lr_model_column *count = lr_model_column(series, name);
    size_t last = count ? lr_model_last_known(series, count) : series->points, i = 0;

    if (last >= series->points)
        return LR_MODEL_UNKNOWN;
    while (i < series->points &&
           (series->time_ms[i] < time_ms || count->values[i] == LR_MODEL_UNKNOWN))
        i++;
    if (i > last || count->values[i] > count->values[last])
        return LR_MODEL_UNKNOWN;
    return count->values[last] - count->values[i];
}

uint64_t lr_gc_since(const struct lr_model_series *series, uint64_t time_ms)
{
    uint64_t young = counted_since(series, "java_young_gcs", time_ms);
    uint64_t full = counted_since(series, "java_full_gcs", time_ms);

    if (young == LR_MODEL_UNKNOWN || full == LR_MODEL_UNKNOWN)
        return young == LR_MODEL_UNKNOWN ? full : young; /* collectors have both, or the one */
    return young + full;
}

/* It ended between two points, and began that much earlier. */
uint64_t lr_gc_last_full(const struct lr_model_series *series)
{
    const struct lr_model_column *count = lr_model_column(series, "java_full_gcs");
    const struct lr_model_column *spent = lr_model_column(series, "java_full_gc_time");
    size_t i = count ? lr_model_last_known(series, count) : series->points;

    if (i >= series->points || count->values[i] == 0)
        return 0;
    uint64_t last = count->values[i];
    while (i > 0 && count->values[i - 1] == last)
        i--;
    if (i == 0 || count->values[i - 1] == LR_MODEL_UNKNOWN)
        return 0; /* before the first point */
    uint64_t took_ms = 0;
    if (spent && spent->values[i] > spent->values[i - 1])
        took_ms = (spent->values[i] - spent->values[i - 1]) / 1000 + 1;
    uint64_t before = series->time_ms[i - 1];
    return before > took_ms ? before - took_ms : 0;
}
