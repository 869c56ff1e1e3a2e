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
