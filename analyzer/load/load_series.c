/* load_series.c -- the time series of a trace, point by point.
 *
 * Stage: LOAD.  Context: analyzer only.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "load_internal.h"

static const struct {
    const char *name, *text;
    enum lr_series_unit unit;
} series[LR_SERIES_COUNT] = {
#define bytes LR_UNIT_BYTES
#define count LR_UNIT_COUNT
#define us LR_UNIT_US
#define percent LR_UNIT_PERCENT
#define LR_SERIES(name, unit, text) {#name, text, unit},
#include "leakring/series.def"
#undef LR_SERIES
#undef bytes
#undef count
#undef us
#undef percent
};

const char *lr_series_name(enum lr_series which)
{
    return which < LR_SERIES_COUNT ? series[which].name : "unknown";
}

const char *lr_series_text(enum lr_series which)
{
    return which < LR_SERIES_COUNT ? series[which].text : "unknown to this leakring";
}

enum lr_series_unit lr_series_unit(enum lr_series which)
{
    return which < LR_SERIES_COUNT ? series[which].unit : LR_UNIT_COUNT;
}

/* The next valid record of a ring of points, all of which begin with their sequence.  The cursor
 * is the next record's number + 1.  The two oldest are left out once the ring is full: a writer
 * that goes on may have been replacing them while they were copied. */
const unsigned char *lr_part_next_record(const struct lr_part *part, uint64_t *cursor,
                                         uint64_t *number)
{
    const uint64_t BEING_REPLACED = 2;
    if (part->count == 0 || part->used >= UINT64_MAX - BEING_REPLACED)
        return NULL;
    if (*cursor == 0)
        *cursor = (part->used > part->count ? part->used - part->count + BEING_REPLACED : 0) + 1;
    while (*cursor <= part->used) {
        uint32_t sequence;
        *number = (*cursor)++ - 1;
        const unsigned char *record = part->bytes + *number % part->count * part->stride;
        memcpy(&sequence, record, sizeof(sequence));
        if (sequence != 0 && sequence == (uint32_t)(*number + 1))
            return record;
    }
    return NULL;
}

struct ring {
    enum lr_section_id id;
    uint64_t period_ms;
};

/* The same, of those that lie in the window (time_ms follows the sequence). */
static const unsigned char *next_in_window(const struct lr_trace *trace, const struct ring *ring,
                                           uint64_t *cursor, uint64_t *number, uint64_t *time_ms)
{
    const unsigned char *record;
    uint32_t written_ms;
    do {
        record = lr_part_next_record(&trace->parts[ring->id], cursor, number);
        if (record == NULL)
            break;
        memcpy(&written_ms, record + offsetof(struct lr_point, time_ms), sizeof(written_ms));
        *time_ms = lr_point_time(*number, ring->period_ms, written_ms);
    } while (!lr_in_window(trace, *time_ms));
    return record;
}

bool lr_trace_each_point(const struct lr_trace *trace, enum lr_resolution resolution,
                         uint64_t *cursor, struct lr_point_view *out)
{
    static const struct ring rings[LR_RESOLUTIONS] = {
        {LR_SEC_SERIES_1S, 1000}, {LR_SEC_SERIES_1M, 60000}, {LR_SEC_SERIES_30M, 1800000}};
    const struct lr_part *part = &trace->parts[rings[resolution].id];
    const unsigned char *record =
        next_in_window(trace, &rings[resolution], cursor, &out->number, &out->time_ms);
    if (record == NULL)
        return false;
    size_t known = sizeof(out->values), there = part->stride - offsetof(struct lr_point, values);
    memset(out->values, 0xff, known); /* LR_NO_VALUE */
    memcpy(out->values, record + offsetof(struct lr_point, values),
           there < known ? there / sizeof(uint64_t) * sizeof(uint64_t) : known);
    return true;
}

/* Does the id still mean what it meant when the slot was given to it? */
static bool is_current(const struct lr_trace *trace, const struct lr_followed *followed)
{
    struct lr_stack stack;
    struct lr_pairsite site;
    if (followed->kind == LR_FOLLOWED_PAIR)
        return lr_part_entry(trace, LR_SEC_PAIRSITES, followed->id, &site, sizeof(site)) &&
               followed->check == site.first_ms + 1;
    return lr_part_entry(trace, LR_SEC_STACKS, followed->id, &stack, sizeof(stack)) &&
           !(stack.flags & LR_STACK_FREE) && followed->check == stack.first_ms + 1;
}

bool lr_trace_followed_at(const struct lr_trace *trace, uint32_t slot, struct lr_followed_view *out)
{
    struct lr_followed followed;
    *out = (struct lr_followed_view){0};
    if (!lr_part_entry(trace, LR_SEC_FOLLOWED, slot, &followed, sizeof(followed)))
        return false;
    bool stack = followed.kind == LR_FOLLOWED_STACK, pair = followed.kind == LR_FOLLOWED_PAIR;
    uint64_t ids = trace->parts[stack ? LR_SEC_STACKS : LR_SEC_PAIRSITES].count;
    if ((!stack && !pair) || followed.id >= ids || !is_current(trace, &followed))
        return false;
    *out = (struct lr_followed_view){followed.kind, followed.id,
                                     lr_trace_time(trace, followed.since_ms)};
    return true;
}

bool lr_trace_each_followed_point(const struct lr_trace *trace, enum lr_resolution resolution,
                                  uint64_t *cursor, struct lr_followed_point_view *out)
{
    static const struct ring rings[LR_RESOLUTIONS] = {{LR_SEC_FOLLOWED_10S, 10000},
                                                      {LR_SEC_FOLLOWED_1M, 60000},
                                                      {LR_SEC_FOLLOWED_30M, 1800000}};
    struct lr_followed_point point;
    const unsigned char *record =
        next_in_window(trace, &rings[resolution], cursor, &out->number, &out->time_ms);
    if (record == NULL)
        return false;
    memcpy(&point, record, sizeof(point));
    for (size_t i = 0; i < LR_FOLLOWED_SLOTS; i++) {
        const struct lr_followed_value none = {-1, -1}, *value = &point.values[i];
        bool good = isfinite(value->bytes) && isfinite(value->count) && value->bytes >= 0 &&
                    value->count >= 0;
        out->values[i] = good ? *value : none;
    }
    return true;
}
