/* emit_series.c -- emit_series.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_series.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { MAX_POINTS = 600, MAX_HISTORY = 200 };

/* Of `points`, `kept` evenly, with the first and the last: the index of number i. */
static size_t thinned(size_t points, size_t kept, size_t i)
{
    return kept < 2 ? i : i * (points - 1) / (kept - 1);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static json_object *new_seconds(uint64_t time_ms)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64 ".%03u", time_ms / 1000, (unsigned)(time_ms % 1000));
    return json_object_new_double_s((double)time_ms / 1000, text);
}

static json_object *new_times(const uint64_t *time_ms, size_t points, size_t kept)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < kept; i++)
        json_object_array_add(array, new_seconds(time_ms[thinned(points, kept, i)]));
    return array;
}

static json_object *new_column(const uint64_t *values, size_t points, size_t kept)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < kept; i++) {
        uint64_t value = values[thinned(points, kept, i)];

        json_object_array_add(array,
                              value == LR_MODEL_UNKNOWN ? NULL : json_object_new_uint64(value));
    }
    return array;
}

json_object *lr_series_to_json(const struct lr_model_series *series)
{
    json_object *object = json_object_new_object();
    size_t kept = least(series->points, MAX_POINTS);

    if (kept == 0)
        return object;
    json_object_object_add(object, "time_s", new_times(series->time_ms, series->points, kept));
    for (size_t i = 0; i < series->column_count; i++)
        json_object_object_add(object, series->columns[i].name,
                               new_column(series->columns[i].values, series->points, kept));
    return object;
}

/* To a tenth of a per mille, which is more than an estimate knows. */
static json_object *new_estimate(double value, double low, double high)
{
    json_object *object = json_object_new_object();
    const double values[] = {value, low, high};
    static const char *const keys[] = {"value", "low", "high"};

    for (int i = 0; i < 3; i++) {
        char text[32];

        bool plain = fabs(values[i]) >= 1000 && fabs(values[i]) < 1e15;
        snprintf(text, sizeof(text), plain ? "%.0f" : "%.4g", values[i]);
        json_object_object_add(object, keys[i], json_object_new_double_s(values[i], text));
    }
    return object;
}

json_object *lr_rate_to_json(const struct lr_trend *trend)
{
    bool judged = trend->kind == LR_TREND_GROWING || trend->kind == LR_TREND_PLATEAU ||
                  trend->kind == LR_TREND_SAWTOOTH;

    return judged ? new_estimate(trend->slope, trend->low, trend->high) : NULL;
}

json_object *lr_projection_to_json(const struct lr_model_projection *projection)
{
    json_object *object;

    if (!projection->limit)
        return NULL;
    object = json_object_new_object();
    json_object_object_add(object, "limit", json_object_new_string(projection->limit));
    json_object_object_add(object, "limit_bytes",
                           projection->limit_bytes == LR_MODEL_UNKNOWN
                               ? NULL
                               : json_object_new_uint64(projection->limit_bytes));
    json_object_object_add(object, "hours", new_estimate(projection->hours, projection->low,
                                                         projection->high));
    json_object_object_add(object, "bytes_per_hour",
                           json_object_new_uint64(lr_model_round(projection->rate)));
    json_object_object_add(object, "not_within_days",
                           projection->far ? json_object_new_int(LR_PROJECTION_DAYS) : NULL);
    return object;
}

json_object *lr_pressure_to_json(const struct lr_model_gc_pressure *pressure)
{
    json_object *object;
    char percent[32];

    if (pressure->band == LR_PRESSURE_UNKNOWN)
        return NULL;
    object = json_object_new_object();
    snprintf(percent, sizeof(percent), "%.1f", pressure->percent);
    json_object_object_add(object, "pool", json_object_new_string(pressure->pool));
    json_object_object_add(object, "collector", json_object_new_string(pressure->collector));
    json_object_object_add(object, "used", json_object_new_uint64(pressure->used));
    json_object_object_add(object, "max", json_object_new_uint64(pressure->most));
    json_object_object_add(object, "percent",
                           json_object_new_double_s(pressure->percent, percent));
    json_object_object_add(object, "band",
                           json_object_new_string(lr_pressure_name(pressure->band)));
    json_object_object_add(object, "collected_s", new_seconds(pressure->time_ms));
    return object;
}

static json_object *new_value(double value)
{
    return isnan(value) ? NULL : json_object_new_uint64(lr_model_round(value));
}

json_object *lr_history_to_json(const struct lr_model_followed *followed, uint64_t mask)
{
    size_t kept = least(followed->points, MAX_HISTORY);
    json_object *object, *bytes, *count;

    if (mask == 0 || kept == 0)
        return NULL;
    object = json_object_new_object();
    bytes = json_object_new_array();
    count = json_object_new_array();
    for (size_t i = 0; i < kept; i++) {
        size_t at = thinned(followed->points, kept, i);

        json_object_array_add(bytes, new_value(lr_followed_bytes(followed, mask, at)));
        json_object_array_add(count, new_value(lr_followed_count(followed, mask, at)));
    }
    json_object_object_add(object, "time_s", new_times(followed->time_ms, followed->points, kept));
    json_object_object_add(object, "bytes", bytes);
    json_object_object_add(object, "count", count);
    return object;
}
