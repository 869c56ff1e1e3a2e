/* dump_series.c -- dump_series.h.  Stage: LOAD -> OUTPUT.  Context: analyzer only. */
#include "dump_series.h"

void lr_dump_points(struct lr_dump *dump, const struct lr_trace *trace,
                    enum lr_resolution resolution)
{
    struct lr_point_view point;
    for (uint64_t cursor = 0; lr_trace_each_point(trace, resolution, &cursor, &point);) {
        lr_dump_record(dump);
        lr_dump_u64(dump, "number", point.number);
        lr_dump_u64(dump, "time_ms", point.time_ms);
        for (unsigned i = 0; i < LR_SERIES_COUNT; i++)
            if (point.values[i] != LR_NO_VALUE)
                lr_dump_u64(dump, lr_series_name((enum lr_series)i), point.values[i]);
        lr_dump_record_end(dump);
    }
}

void lr_dump_followed(struct lr_dump *dump, const struct lr_trace *trace)
{
    struct lr_followed_view followed;
    for (uint32_t slot = 0; slot < LR_FOLLOWED_SLOTS; slot++) {
        if (!lr_trace_followed_at(trace, slot, &followed))
            continue;
        lr_dump_record(dump);
        lr_dump_u64(dump, "slot", slot);
        lr_dump_text(dump, "kind", followed.kind == LR_FOLLOWED_PAIR ? "pairsite" : "stack");
        lr_dump_u64(dump, "id", followed.id);
        lr_dump_u64(dump, "since_ms", followed.since_ms);
        lr_dump_record_end(dump);
    }
}

static uint64_t whole(float value)
{
    return value < 1e18f ? (uint64_t)((double)value + 0.5) : (uint64_t)1e18;
}

static void dump_value(struct lr_dump *dump, uint32_t slot, const struct lr_followed_value *value)
{
    lr_dump_record(dump);
    lr_dump_u64(dump, "slot", slot);
    lr_dump_u64(dump, "bytes", whole(value->bytes));
    lr_dump_u64(dump, "count", whole(value->count));
    lr_dump_record_end(dump);
}

void lr_dump_followed_points(struct lr_dump *dump, const struct lr_trace *trace,
                             enum lr_resolution resolution)
{
    struct lr_followed_point_view point;
    for (uint64_t cursor = 0; lr_trace_each_followed_point(trace, resolution, &cursor, &point);) {
        lr_dump_record(dump);
        lr_dump_u64(dump, "number", point.number);
        lr_dump_u64(dump, "time_ms", point.time_ms);
        lr_dump_list(dump, "values");
        for (uint32_t slot = 0; slot < LR_FOLLOWED_SLOTS; slot++)
            if (point.values[slot].count >= 0)
                dump_value(dump, slot, &point.values[slot]);
        lr_dump_list_end(dump);
        lr_dump_record_end(dump);
    }
}

void lr_dump_intervals(struct lr_dump *dump, const struct lr_trace *trace)
{
    struct lr_interval_view change;
    for (uint64_t cursor = 0; lr_trace_each_interval(trace, &cursor, &change);) {
        lr_dump_record(dump);
        lr_dump_u64(dump, "time_ms", change.time_ms);
        lr_dump_text(dump, "why", lr_interval_why_name(change.why));
        lr_dump_u64(dump, "from", change.from);
        lr_dump_u64(dump, "to", change.to);
        lr_dump_u64(dump, "cost", change.cost);
        lr_dump_record_end(dump);
    }
}

void lr_dump_areas(struct lr_dump *dump, const struct lr_trace *trace)
{
    struct lr_snapshot_view snapshot;
    struct lr_area_view area;
    if (!lr_trace_last_snapshot(trace, &snapshot))
        return;
    for (uint64_t i = 0; i < snapshot.count; i++) {
        if (!lr_trace_area_at(trace, &snapshot, i, &area))
            continue;
        lr_dump_record(dump);
        lr_dump_u64(dump, "time_ms", snapshot.time_ms);
        lr_dump_text(dump, "kind", lr_area_kind_name(area.kind));
        lr_dump_hex(dump, "start", area.start);
        lr_dump_u64(dump, "length", area.end - area.start);
        lr_dump_u64(dump, "resident", area.resident);
        lr_dump_u64(dump, "swapped", area.swapped);
        lr_dump_record_end(dump);
    }
}

static void dump_known(struct lr_dump *dump, const char *name, uint64_t value)
{
    if (value != LR_NO_VALUE)
        lr_dump_u64(dump, name, value);
}

static void dump_pair_counts(struct lr_dump *dump, const struct lr_trace *trace,
                             const struct lr_collection_view *collection)
{
    uint32_t known = lr_trace_pairdef_entries(trace);
    lr_dump_list(dump, "pairs");
    for (uint32_t i = 0; i < LR_COLLECTION_PAIRS && i < known; i++) {
        if (collection->pairs_before[i] == 0 && collection->pairs_after[i] == 0)
            continue;
        lr_dump_record(dump);
        lr_dump_text(dump, "pair", lr_trace_pair_name(trace, i));
        dump_known(dump, "before", collection->pairs_before[i]);
        dump_known(dump, "after", collection->pairs_after[i]);
        lr_dump_record_end(dump);
    }
    lr_dump_list_end(dump);
}

void lr_dump_collections(struct lr_dump *dump, const struct lr_trace *trace)
{
    struct lr_collection_view collection;
    for (uint64_t cursor = 0; lr_trace_each_collection(trace, &cursor, &collection);) {
        lr_dump_record(dump);
        lr_dump_u64(dump, "number", collection.number);
        lr_dump_text(dump, "why", collection.asked ? "asked" : "seen");
        lr_dump_u64(dump, "request", collection.request);
        lr_dump_text(dump, "result", lr_collect_result_name(collection.result));
        lr_dump_u64(dump, "bound_ms", collection.bound_ms);
        lr_dump_u64(dump, "end_ms", collection.end_ms);
        lr_dump_u64(dump, "drained_ms", collection.drained_ms);
        lr_dump_u64(dump, "collections", collection.collections);
        lr_dump_u64(dump, "cleaned", collection.cleaned);
        dump_known(dump, "rss_before", collection.rss.before);
        dump_known(dump, "rss_after", collection.rss.after);
        dump_known(dump, "used_before", collection.used.before);
        dump_known(dump, "used_after", collection.used.after);
        dump_known(dump, "kept_before", collection.kept.before);
        dump_known(dump, "kept_after", collection.kept.after);
        dump_pair_counts(dump, trace, &collection);
        lr_dump_record_end(dump);
    }
}

void lr_dump_marks(struct lr_dump *dump, const struct lr_trace *trace)
{
    struct lr_mark_view mark;
    for (uint64_t cursor = 0; lr_trace_each_mark(trace, &cursor, &mark);) {
        lr_dump_record(dump);
        lr_dump_text(dump, "name", mark.name);
        lr_dump_u64(dump, "time_ms", mark.time_ms);
        lr_dump_text(dump, "source", lr_mark_source_name(mark.source));
        lr_dump_u64(dump, "tid", mark.tid);
        lr_dump_record_end(dump);
    }
}
