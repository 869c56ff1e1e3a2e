/* model_series.c -- model_series.h.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include "model_series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_build.h"

/* Where a point is: its resolution's n-th. */
struct place {
    uint64_t time_ms;
    uint32_t resolution, index;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return (a->resolution > b->resolution) - (a->resolution < b->resolution);
}

/* Points of all resolutions; those of one moment, written to several rings, count once. */
static size_t sort_places(struct place *places, size_t count)
{
    size_t kept = 0;

    if (count > 0)
        qsort(places, count, sizeof(*places), compare_places);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || places[kept - 1].time_ms != places[i].time_ms)
            places[kept++] = places[i];
    return kept;
}

/* All points of one kind and where they lie in time. */
struct points {
    size_t count, room, size;
    unsigned char *items; /* `size` bytes each */
    struct place *places; /* sorted, one for each moment */
    size_t moments;
};

static bool add_point(struct points *points, const void *item, struct place place)
{
    if (points->count == points->room) {
        size_t room = points->room ? 2 * points->room : 256;
        void *items = realloc(points->items, room * points->size);
        void *places = items ? realloc(points->places, room * sizeof(*points->places)) : NULL;

        if (items)
            points->items = items;
        if (!places)
            return false;
        points->places = places;
        points->room = room;
    }
    memcpy(points->items + points->count * points->size, item, points->size);
    place.index = (uint32_t)points->count;
    points->places[points->count++] = place;
    return true;
}

static const void *point_at(const struct points *points, size_t moment)
{
    return points->items + points->places[moment].index * points->size;
}

static bool read_points(const struct lr_trace *trace, struct points *points)
{
    struct lr_point_view view;

    for (unsigned resolution = 0; resolution < LR_RESOLUTIONS; resolution++) {
        for (uint64_t cursor = 0; lr_trace_each_point(trace, resolution, &cursor, &view);)
            if (!add_point(points, &view, (struct place){view.time_ms, resolution, 0}))
                return false;
    }
    points->moments = sort_places(points->places, points->count);
    return true;
}

static bool read_followed(const struct lr_trace *trace, struct points *points)
{
    struct lr_followed_point_view view;

    for (unsigned resolution = 0; resolution < LR_RESOLUTIONS; resolution++) {
        uint64_t cursor = 0;

        while (lr_trace_each_followed_point(trace, resolution, &cursor, &view))
            if (!add_point(points, &view, (struct place){view.time_ms, resolution, 0}))
                return false;
    }
    points->moments = sort_places(points->places, points->count);
    return true;
}

static uint64_t figure_at(const struct points *points, size_t moment, unsigned figure)
{
    const struct lr_point_view *point = point_at(points, moment);

    return point->values[figure];
}

static bool is_known(const struct points *points, unsigned figure)
{
    for (size_t i = 0; i < points->moments; i++)
        if (figure_at(points, i, figure) != LR_NO_VALUE)
            return true;
    return false;
}

static bool add_column(struct lr_model_series *series, const struct points *points,
                       unsigned figure)
{
    struct lr_model_column *column = &series->columns[series->column_count];

    column->name = lr_series_name((enum lr_series)figure);
    column->text = lr_series_text((enum lr_series)figure);
    column->values = malloc(series->points * sizeof(*column->values));
    if (!column->values)
        return false;
    series->column_count++;
    for (size_t i = 0; i < series->points; i++)
        column->values[i] = figure_at(points, i, figure);
    return true;
}

/* The times of all moments; NULL without memory. */
static uint64_t *times_of(const struct points *points)
{
    uint64_t *times = malloc(points->moments * sizeof(*times));

    for (size_t i = 0; times && i < points->moments; i++)
        times[i] = points->places[i].time_ms;
    return times;
}

static bool fill_columns(struct lr_build *build, const struct points *points)
{
    struct lr_model_series *series = &build->model->series;

    series->points = points->moments;
    series->time_ms = times_of(points);
    series->columns = calloc(LR_SERIES_COUNT, sizeof(*series->columns));
    if (!series->time_ms || !series->columns)
        return false;
    for (unsigned figure = 0; figure < LR_SERIES_COUNT; figure++)
        if (is_known(points, figure) && !add_column(series, points, figure))
            return false;
    return true;
}

static bool fill_slot(struct lr_model_followed *followed, uint32_t slot, uint64_t since_ms,
                      const struct points *points)
{
    double *bytes = malloc(followed->points * sizeof(*bytes));
    double *count = malloc(followed->points * sizeof(*count));

    followed->bytes[slot] = bytes;
    followed->count[slot] = count;
    if (!bytes || !count)
        return false;
    for (size_t i = 0; i < followed->points; i++) {
        const struct lr_followed_point_view *point = point_at(points, i);
        const struct lr_followed_value *value = &point->values[slot];
        bool known = value->count >= 0 && followed->time_ms[i] >= since_ms;

        bytes[i] = known ? (double)value->bytes : (double)NAN;
        count[i] = known ? (double)value->count : (double)NAN;
    }
    return true;
}

static bool fill_followed(struct lr_build *build, const struct points *points)
{
    struct lr_model_followed *followed = &build->model->series.followed;

    followed->points = points->moments;
    followed->time_ms = times_of(points);
    if (!followed->time_ms)
        return false;
    for (uint32_t slot = 0; slot < LR_MODEL_SLOTS; slot++)
        if (lr_trace_followed_at(build->trace, slot, &build->followed[slot]) &&
            !fill_slot(followed, slot, build->followed[slot].since_ms, points))
            return false;
    return true;
}
_Static_assert(LR_MODEL_SLOTS == LR_FOLLOWED_SLOTS, "a mask has a bit for each slot");

static bool build_one(struct lr_build *build, size_t size,
                      bool (*read)(const struct lr_trace *trace, struct points *points),
                      bool (*fill)(struct lr_build *build, const struct points *points))
{
    struct points points = {.size = size};
    bool ok = read(build->trace, &points) && (points.moments == 0 || fill(build, &points));

    free(points.items);
    free(points.places);
    return ok;
}

enum lr_status lr_build_series(struct lr_build *build, struct lr_error *error)
{
    bool ok = build_one(build, sizeof(struct lr_point_view), read_points, fill_columns) &&
              build_one(build, sizeof(struct lr_followed_point_view), read_followed,
                        fill_followed);

    return ok ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

uint64_t lr_followed_mask(const struct lr_build *build, bool pair, uint32_t id)
{
    uint32_t kind = pair ? LR_FOLLOWED_PAIR : LR_FOLLOWED_STACK;
    uint64_t mask = 0;

    for (uint32_t slot = 0; slot < LR_MODEL_SLOTS; slot++)
        if (build->followed[slot].kind == kind && build->followed[slot].id == id)
            mask |= UINT64_C(1) << slot;
    return mask;
}

const struct lr_model_column *lr_model_column(const struct lr_model_series *series,
                                              const char *name)
{
    for (size_t i = 0; i < series->column_count; i++)
        if (strcmp(series->columns[i].name, name) == 0)
            return &series->columns[i];
    return NULL;
}

size_t lr_model_first_known(const struct lr_model_series *series,
                            const struct lr_model_column *column)
{
    size_t i = 0;

    while (i < series->points && column->values[i] == LR_MODEL_UNKNOWN)
        i++;
    return i;
}

size_t lr_model_last_known(const struct lr_model_series *series,
                           const struct lr_model_column *column)
{
    for (size_t i = series->points; i > 0; i--)
        if (column->values[i - 1] != LR_MODEL_UNKNOWN)
            return i - 1;
    return series->points;
}

static double sum_of(double *const *slots, uint64_t mask, size_t i)
{
    double sum = mask ? 0 : (double)NAN;

    for (unsigned slot = 0; slot < LR_MODEL_SLOTS; slot++)
        if (mask >> slot & 1)
            sum += slots[slot] ? slots[slot][i] : (double)NAN;
    return sum;
}

double lr_followed_bytes(const struct lr_model_followed *followed, uint64_t mask, size_t i)
{
    return sum_of(followed->bytes, mask, i);
}

double lr_followed_count(const struct lr_model_followed *followed, uint64_t mask, size_t i)
{
    return sum_of(followed->count, mask, i);
}

void lr_model_series_free(struct lr_model_series *series)
{
    for (size_t i = 0; i < series->column_count; i++)
        free(series->columns[i].values);
    for (unsigned slot = 0; slot < LR_MODEL_SLOTS; slot++) {
        free(series->followed.bytes[slot]);
        free(series->followed.count[slot]);
    }
    free(series->columns);
    free(series->time_ms);
    free(series->followed.time_ms);
}
