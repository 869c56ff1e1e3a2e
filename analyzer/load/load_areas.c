/* load_areas.c -- what resident memory was made of: the last complete snapshot.
 *
 * Stage: LOAD.  Context: analyzer only.
 */
#include <string.h>

#include "load_internal.h"

/* Record number `number`, if it is valid. */
static bool record_at(const struct lr_trace *trace, uint64_t number, struct lr_area *out)
{
    const struct lr_part *part = &trace->parts[LR_SEC_AREAS];

    return part->count > 0 &&
           lr_part_entry(trace, LR_SEC_AREAS, number % part->count, out, sizeof(*out)) &&
           out->sequence != 0 && out->sequence == (uint32_t)(number + 1);
}

static bool is_whole(const struct lr_trace *trace, uint64_t first, uint64_t end, uint32_t time_ms)
{
    struct lr_area area;

    /* Backwards: what is not of it comes at once where there are many ends. */
    for (uint64_t number = end; number-- > first;)
        if (!record_at(trace, number, &area) || area.time_ms != time_ms ||
            area.kind == LR_AREA_END)
            return false;
    return true;
}

bool lr_trace_last_snapshot(const struct lr_trace *trace, struct lr_snapshot_view *out)
{
    const struct lr_part *part = &trace->parts[LR_SEC_AREAS];
    uint64_t used = part->used, oldest = used > part->count ? used - part->count : 0;
    struct lr_area end;

    if (part->count == 0)
        return false;
    for (uint64_t number = used; number > oldest; number--) {
        if (!record_at(trace, number - 1, &end) || end.kind != LR_AREA_END ||
            end.start > number - 1 - oldest)
            continue;
        if (!is_whole(trace, number - 1 - end.start, number - 1, end.time_ms))
            continue;
        *out = (struct lr_snapshot_view){number - 1 - end.start, end.start,
                                         lr_trace_time(trace, end.time_ms),
                                         (uint64_t)end.resident * 1024,
                                         (uint64_t)end.swapped * 1024};
        return true;
    }
    return false;
}

bool lr_trace_area_at(const struct lr_trace *trace, const struct lr_snapshot_view *snapshot,
                      uint64_t i, struct lr_area_view *out)
{
    uint64_t page = trace->info.page_size;
    struct lr_area area;

    if (i >= snapshot->count || !record_at(trace, snapshot->first + i, &area))
        return false;
    uint64_t length = (uint64_t)area.pages * page;
    if (length > UINT64_MAX - area.start)
        length = UINT64_MAX - area.start;
    *out = (struct lr_area_view){area.kind, area.start, area.start + length,
                                 (uint64_t)area.resident * 1024, (uint64_t)area.swapped * 1024};
    return true;
}

const char *lr_area_kind_name(uint32_t kind)
{
    static const char *const names[] = {
        [LR_AREA_END] = "end",       [LR_AREA_ANON] = "anonymous", [LR_AREA_ARENA] = "arena",
        [LR_AREA_BRK] = "heap",      [LR_AREA_STACK] = "stack",    [LR_AREA_FILE] = "file",
        [LR_AREA_SHARED] = "shared", [LR_AREA_TRACE] = "trace",    [LR_AREA_OTHER] = "other",
        [LR_AREA_OWN] = "own",
    };

    return kind > 0 && kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}
