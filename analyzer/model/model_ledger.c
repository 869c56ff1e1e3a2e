/* model_ledger.c -- what resident memory is for: the ledger.
 *
 * Stage: MODEL.  Context: analyzer only.
 *
 * The last snapshot of /proc/self/smaps says how much of each area is resident.  Who mapped a part
 * of it is known by the stack of an interposed mmap (ledger_regions.c); what holds live blocks is
 * malloc's, and so is what lies where glibc's arenas do.  Live blocks take their size, rounded up
 * as the allocator does; the rest of malloc's resident memory is what it keeps.  The sum is that of
 * the snapshot, to the byte; what nothing explains is an entry of its own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_regions.h"
#include "model_build.h"

enum { LR_AREA_DATA = 1000 }; /* of a module, beside enum lr_area_kind */

struct area {
    uint64_t start, end;
    uint32_t kind;
    double resident; /* without the tracer's */
    double live;     /* footprint of the live blocks in it */
};

struct ledger {
    struct lr_build *build;
    struct area *areas; /* by address */
    size_t count;
    double bytes[LR_LEDGER_ENTRIES];
    double malloc_resident, malloc_live;
    struct lr_ledger_regions regions;
};

/* The area that holds `address`; NULL for none. */
static struct area *area_at(const struct ledger *ledger, uint64_t address)
{
    size_t low = 0, high = ledger->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ledger->areas[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ledger->count && ledger->areas[low].start <= address ? &ledger->areas[low] : NULL;
}

static bool read_areas(struct ledger *ledger, const struct lr_snapshot_view *snapshot)
{
    struct lr_area_view view;

    ledger->areas = calloc(snapshot->count + 1, sizeof(*ledger->areas));
    if (!ledger->areas)
        return false;
    for (uint64_t i = 0; i < snapshot->count; i++)
        if (lr_trace_area_at(ledger->build->trace, snapshot, i, &view) && view.kind != LR_AREA_OWN)
            ledger->areas[ledger->count++] =
                (struct area){view.start, view.end, view.kind, (double)view.resident, 0};
    lr_ledger_ranges_sort(ledger->areas, ledger->count, sizeof(*ledger->areas));
    return true;
}

/* What a file's mapping is followed by without a gap: its zero-initialized data. */
static void find_data(struct ledger *ledger)
{
    for (size_t i = 1; i < ledger->count; i++) {
        const struct area *before = &ledger->areas[i - 1];
        struct area *area = &ledger->areas[i];

        if (area->kind == LR_AREA_ANON && before->kind == LR_AREA_FILE &&
            area->start == before->end)
            area->kind = LR_AREA_DATA;
    }
}

static void take_own(struct ledger *ledger, const struct lr_snapshot_view *snapshot)
{
    struct lr_area_view view;

    for (uint64_t i = 0; i < snapshot->count; i++) {
        struct area *area;
        double own;

        if (!lr_trace_area_at(ledger->build->trace, snapshot, i, &view) ||
            view.kind != LR_AREA_OWN || !(area = area_at(ledger, view.start)))
            continue;
        own = fmin((double)view.resident, area->resident);
        area->resident -= own;
        ledger->bytes[LR_LEDGER_OWN] += own;
    }
}

/* glibc's chunks: a header of eight bytes, multiples of 16, at least 32. */
static double footprint(const struct lr_live_view *block)
{
    return (double)((block->size + 8 + 15) & ~UINT64_C(15)) * block->weight;
}

static void add_live(struct ledger *ledger)
{
    struct lr_live_view block;

    for (uint64_t cursor = 0; lr_trace_each_live(ledger->build->trace, &cursor, &block);) {
        struct area *area = area_at(ledger, block.address);

        if (area)
            area->live += fmax(footprint(&block), 32 * block.weight);
    }
}

static void add_malloc(struct ledger *ledger, double resident, double live)
{
    ledger->malloc_resident += resident;
    ledger->malloc_live += fmin(live, resident);
}

/* Of an area that may have been mapped in parts by several callers. */
static void add_anonymous(struct ledger *ledger, const struct area *area)
{
    double shares[LR_LEDGER_ENTRIES] = {0}, rest = 1;
    bool malloced = area->live > 0 || area->kind == LR_AREA_ARENA || area->kind == LR_AREA_BRK;

    lr_ledger_regions_share(&ledger->regions, area->start, area->end, shares);
    if (area->live > 0) { /* an allocator that maps by mmap */
        shares[LR_LEDGER_LIVE] += shares[LR_LEDGER_MAPPED];
        shares[LR_LEDGER_MAPPED] = 0;
    }
    for (int i = 0; i < LR_LEDGER_ENTRIES; i++) {
        rest -= shares[i];
        if (i != LR_LEDGER_LIVE)
            ledger->bytes[i] += shares[i] * area->resident;
    }
    rest = fmax(rest, 0);
    if (malloced)
        add_malloc(ledger, (rest + shares[LR_LEDGER_LIVE]) * area->resident, area->live);
    else if (shares[LR_LEDGER_LIVE] > 0)
        add_malloc(ledger, shares[LR_LEDGER_LIVE] * area->resident, 0);
    if (!malloced && area->kind == LR_AREA_DATA)
        ledger->bytes[LR_LEDGER_FILES] += rest * area->resident;
}

static void add_area(struct ledger *ledger, const struct area *area)
{
    double shares[LR_LEDGER_ENTRIES] = {0};

    switch (area->kind) {
    case LR_AREA_ANON:
    case LR_AREA_DATA:
    case LR_AREA_ARENA:
    case LR_AREA_BRK:
        add_anonymous(ledger, area);
        break;
    case LR_AREA_STACK:
        ledger->bytes[LR_LEDGER_STACKS] += area->resident;
        break;
    case LR_AREA_FILE:
        ledger->bytes[LR_LEDGER_FILES] += area->resident;
        break;
    case LR_AREA_SHARED: /* ZGC's heap is a memfd */
        lr_ledger_regions_share(&ledger->regions, area->start, area->end, shares);
        ledger->bytes[LR_LEDGER_JAVA_HEAP] += shares[LR_LEDGER_JAVA_HEAP] * area->resident;
        ledger->bytes[LR_LEDGER_SHARED] += (1 - shares[LR_LEDGER_JAVA_HEAP]) * area->resident;
        break;
    case LR_AREA_TRACE:
        ledger->bytes[LR_LEDGER_OWN] += area->resident;
        break;
    }
}

static uint64_t known_at(const struct lr_model_series *series, const char *name, uint64_t time_ms)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    uint64_t value = LR_MODEL_UNKNOWN;

    for (size_t i = 0; column && i < series->points && series->time_ms[i] <= time_ms + 1000; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN)
            value = column->values[i];
    return value;
}

/* What was live then is known by its sum alone; which blocks these were isn't. */
static double live_then(const struct ledger *ledger, uint64_t time_ms)
{
    const struct lr_model_series *series = &ledger->build->model->series;
    uint64_t then = known_at(series, "live_bytes", time_ms);
    double now = 0;
    struct lr_live_view block;

    for (uint64_t cursor = 0; lr_trace_each_live(ledger->build->trace, &cursor, &block);)
        now += (double)block.size * block.weight;
    if (then == LR_MODEL_UNKNOWN || (double)then <= now)
        return ledger->malloc_live;
    return fmin(ledger->malloc_live + (double)then - now, ledger->malloc_resident);
}

/* Whole bytes, whose sum is that of the snapshot. */
static void store(const struct ledger *ledger, const struct lr_snapshot_view *snapshot)
{
    struct lr_model *model = ledger->build->model;
    struct lr_model_ledger *out = &model->ledger;
    uint64_t sum = 0;

    *out = (struct lr_model_ledger){.known = true,
                                    .time_ms = snapshot->time_ms,
                                    .resident = snapshot->resident,
                                    .swapped = snapshot->swapped,
                                    .pss = known_at(&model->series, "pss", snapshot->time_ms)};
    for (int i = 0; i < LR_LEDGER_UNKNOWN; i++) {
        uint64_t bytes = lr_model_round(ledger->bytes[i]);

        out->bytes[i] = bytes < out->resident - sum ? bytes : out->resident - sum;
        sum += out->bytes[i];
    }
    out->bytes[LR_LEDGER_UNKNOWN] = out->resident - sum;
}

enum lr_status lr_build_ledger(struct lr_build *build, struct lr_error *error)
{
    struct ledger ledger = {.build = build};
    struct lr_snapshot_view snapshot;
    enum lr_status status;

    if (!lr_trace_last_snapshot(build->trace, &snapshot))
        return LR_OK;
    status = lr_ledger_regions_read(build, &ledger.regions, error);
    if (status == LR_OK && !read_areas(&ledger, &snapshot))
        status = lr_fail(error, LR_FAILED, "out of memory");
    if (status == LR_OK) {
        find_data(&ledger);
        take_own(&ledger, &snapshot);
        add_live(&ledger);
        for (size_t i = 0; i < ledger.count; i++)
            add_area(&ledger, &ledger.areas[i]);
        ledger.bytes[LR_LEDGER_LIVE] = live_then(&ledger, snapshot.time_ms);
        ledger.bytes[LR_LEDGER_SLACK] = ledger.malloc_resident - ledger.bytes[LR_LEDGER_LIVE];
        store(&ledger, &snapshot);
    }
    free(ledger.areas);
    lr_ledger_regions_free(&ledger.regions);
    return status;
}
