/* series.c -- series.h.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 */
#include "series.h"

#include "clock.h"
#include "file.h"
#include "followed.h"
#include "kin.h"
#include "live_scan.h"
#include "prim.h"
#include "ring.h"
#include "sources.h"

enum {
    SECOND = 1000,
    TEN_SECONDS = 10 * SECOND,
    MINUTE = 60 * SECOND,
    HALF_HOUR = 30 * MINUTE,
    STRIKES = 2,     /* what is slow so often in a row is read half as often, */
    MAX_STRETCH = 6, /* down to once in 64 periods, */
    CALM = 8,        /* and twice as often after so many readings that were half as slow */
    WAIT_LIMIT_NS = 200000000,
    SCAN_SHARE = 10000,        /* the part of our time that goes into scans, */
    FIRST_SCAN_SHARE = 500,    /* and in the first minute, so that short runs have something */
    SCAN_REST_MS = SECOND,     /* between two scans at least */
};

/* A reader, what it reads ([first, last] of a point), how often, and what it may cost: together
 * half a thousandth of a processor. */
struct source {
    lr_source_function *read;
    uint32_t first, last, period_ms, limit_us;
    uint32_t due_ms;
    uint8_t strikes, stretch, calm;
    bool given_up;
    bool opens_files;
};
#define RANGE(first, last) LR_SERIES_##first, LR_SERIES_##last
#define STATE 0, 0, 0, 0, false
static struct source sources[] = {
    {lr_source_statm, RANGE(rss, virtual_size), SECOND, 100, STATE, true},
    {lr_source_cgroup_use, RANGE(cgroup_used, cgroup_used), SECOND, 100, STATE, true},
    {lr_source_java, RANGE(java_old_used, java_classes), SECOND, 100, STATE, false},
    {lr_source_recorder, RANGE(pairs_live, helper_time), SECOND, 100, STATE, false},
    {lr_source_cgroup_events, RANGE(cgroup_limit, cgroup_stall_full), TEN_SECONDS, 500, STATE,
     true},
    {lr_source_status, RANGE(rss_peak, threads), TEN_SECONDS, 500, STATE, true},
    {lr_source_meminfo, RANGE(host_total, host_swap_free), MINUTE, 2000, STATE, true},
    {lr_source_vmstat, RANGE(host_balloon, host_oom_kill), MINUTE, 2000, STATE, true},
    {lr_source_zoneinfo, RANGE(host_withheld, host_withheld), MINUTE, 4000, STATE, true},
    {lr_source_tracer, RANGE(tracer_memory, tracer_memory), MINUTE, 4000, STATE, false},
    {lr_source_smaps, RANGE(pss, huge_pages), 5 * MINUTE, 20000, STATE, true},
    {lr_source_allocator, RANGE(allocator_allocated, allocator_retained), MINUTE, 2000, STATE,
     false},
};
enum { SOURCES = sizeof sources / sizeof *sources };

static uint64_t values[LR_SERIES_COUNT]; /* as last read */

static const struct ring {
    enum lr_section_id id;
    uint32_t period_ms;
    bool followed;
} rings[] = {
    {LR_SEC_SERIES_1S, SECOND, false},
    {LR_SEC_SERIES_1M, MINUTE, false},
    {LR_SEC_SERIES_30M, HALF_HOUR, false},
    {LR_SEC_FOLLOWED_10S, TEN_SECONDS, true},
    {LR_SEC_FOLLOWED_1M, MINUTE, true},
    {LR_SEC_FOLLOWED_30M, HALF_HOUR, true},
};
enum { RINGS = sizeof rings / sizeof *rings };
static uint32_t ring_due[RINGS];

static uint32_t point_due, scan_due;
static bool may_open_files = true;

bool lr_series_start(void)
{
    for (unsigned i = 0; i < LR_SERIES_COUNT; i++)
        values[i] = LR_NO_VALUE;
    for (unsigned i = 0; i < SOURCES; i++)
        if (sources[i].period_ms > SECOND)
            sources[i].due_ms = SECOND; /* programs that end at once don't pay for them */
    return lr_live_scan_start() && lr_followed_start();
}

static void forget(const struct source *source)
{
    if (source->read == lr_source_smaps)
        for (uint32_t i = LR_SERIES_resident_malloc; i <= LR_SERIES_resident_files; i++)
            values[i] = LR_NO_VALUE;
    if (source->read == lr_source_cgroup_events)
        values[LR_SERIES_cgroup_room] = LR_NO_VALUE;
    for (uint32_t i = source->first; i <= source->last; i++)
        values[i] = LR_NO_VALUE;
}

static void count_slow(void)
{
    uint64_t slow = 0;
    for (unsigned i = 0; i < SOURCES; i++)
        slow += sources[i].stretch > 0 || sources[i].given_up;
    values[LR_SERIES_slow_sources] = slow;
}

/* Would reading it twice as often be all right by now? */
static void relax(struct source *source, uint64_t cpu_ns)
{
    uint64_t limit_ns = (uint64_t)source->limit_us * 1000 << source->stretch;
    source->strikes = 0;
    if (!source->stretch || cpu_ns > limit_ns / 2 || ++source->calm < CALM)
        return;
    source->calm = 0;
    source->stretch--;
    count_slow();
}

/* One slow reading is the kernel's scheduler, two in a row are the source; or a machine that has
 * no processor to spare, whose figures are wanted all the more, if not so often.  To read less
 * often is no better where a lock of the program's is held meanwhile. */
static void judge(struct source *source, uint64_t cpu_ns, uint64_t wall_ns)
{
    uint64_t limit_ns = (uint64_t)source->limit_us * 1000 << source->stretch;
    if (cpu_ns <= limit_ns && wall_ns <= WAIT_LIMIT_NS) {
        relax(source, cpu_ns);
        return;
    }
    source->calm = 0;
    if (++source->strikes < STRIKES)
        return;
    source->strikes = 0;
    if (source->read == lr_source_smaps && cpu_ns > limit_ns) {
        source->given_up = true;
        forget(source);
    } else if (source->stretch < MAX_STRETCH) {
        source->stretch++;
    }
    count_slow();
}

/* All that is due in the same second is done at once. */
static uint32_t next_multiple(uint32_t now_ms, uint32_t period_ms)
{
    return (now_ms / period_ms + 1) * period_ms;
}

static bool tells_of_memory(const struct source *source)
{
    return source->read == lr_source_smaps || source->read == lr_source_allocator;
}

/* A short run wants to know as well what its memory is made of, and at its end: nothing of that can
 * be asked when it is over.  So the first ones of these come at half as much again each. */
static uint32_t due_after(const struct source *source, uint32_t now_ms)
{
    uint32_t period = source->period_ms << source->stretch, soon = now_ms / 2 << source->stretch;
    if (!tells_of_memory(source) || soon >= period)
        return next_multiple(now_ms, period);
    return next_multiple(now_ms + soon, SECOND);
}

static void read_source(struct source *source, uint32_t now_ms)
{
    uint64_t wall = lr_prim_mono_exact_ns(), cpu = lr_prim_thread_cpu_ns();
    source->due_ms = due_after(source, now_ms);
    if (!source->read(values))
        forget(source);
    judge(source, lr_prim_thread_cpu_ns() - cpu, lr_prim_mono_exact_ns() - wall);
}

static void read_sources(uint32_t now_ms)
{
    for (unsigned i = 0; i < SOURCES; i++)
        if (sources[i].opens_files && !may_open_files)
            forget(&sources[i]);
        else if (!sources[i].given_up && !lr_is_later(sources[i].due_ms, now_ms))
            read_source(&sources[i], now_ms);
}

static uint64_t rounded(double value)
{
    return (uint64_t)(value + 0.5);
}

static void store_totals(void)
{
    const struct lr_live_totals *totals = lr_live_scan_totals();
    values[LR_SERIES_live_bytes] = rounded(totals->blocks.bytes);
    values[LR_SERIES_live_count] = rounded(totals->blocks.count);
    values[LR_SERIES_owned_bytes] = rounded(totals->owned.bytes);
    values[LR_SERIES_owned_count] = rounded(totals->owned.count);
    values[LR_SERIES_mapped_bytes] = rounded(totals->mapped.bytes);
    values[LR_SERIES_mapped_count] = rounded(totals->mapped.count);
}

/* A slice; its cost decides when the next one may be counted. */
static void scan(uint32_t now_ms)
{
    uint64_t before = lr_prim_thread_cpu_ns();
    bool complete = lr_live_scan_slice();
    if (complete) {
        store_totals();
        lr_followed_update(now_ms);
    }
    uint64_t cost = lr_prim_thread_cpu_ns() - before;
    unsigned share = now_ms < MINUTE ? FIRST_SCAN_SHARE : SCAN_SHARE;
    uint32_t rest = (uint32_t)(cost * share / 1000000);
    scan_due = now_ms + (complete && rest < SCAN_REST_MS ? SCAN_REST_MS : rest);
}

static void write_point(struct lr_section *ring, uint32_t now_ms)
{
    struct lr_point *point = (struct lr_point *)lr_ring_begin(ring);
    if (!point)
        return;
    point->time_ms = now_ms;
    __builtin_memcpy(point->values, values, sizeof values);
    lr_ring_end(ring, &point->sequence);
}

static bool write_followed(struct lr_section *ring, uint32_t now_ms)
{
    struct lr_followed_value followed[LR_FOLLOWED_SLOTS];
    if (!lr_followed_values(followed))
        return false;
    struct lr_followed_point *point = (struct lr_followed_point *)lr_ring_begin(ring);
    if (!point)
        return true;
    point->time_ms = now_ms;
    __builtin_memcpy(point->values, followed, sizeof followed);
    lr_ring_end(ring, &point->sequence);
    return true;
}

static void write_points(uint32_t now_ms)
{
    lr_kin_tell();
    for (unsigned i = 0; i < RINGS; i++) {
        struct lr_section *section = lr_file.section[rings[i].id];
        if (lr_is_later(ring_due[i], now_ms))
            continue;
        if (rings[i].followed && !write_followed(section, now_ms))
            continue;
        if (!rings[i].followed)
            write_point(section, now_ms);
        ring_due[i] = next_multiple(now_ms, rings[i].period_ms);
    }
}

void lr_series_use_files(bool may)
{
    may_open_files = may;
}

uint64_t lr_series_rss(void)
{
    uint64_t now[LR_SERIES_COUNT];
    return may_open_files && lr_source_statm(now) ? now[LR_SERIES_rss] : LR_NO_VALUE;
}

void lr_series_pass(uint32_t now_ms)
{
    if (!lr_is_later(scan_due, now_ms))
        scan(now_ms);
    if (lr_is_later(point_due, now_ms))
        return;
    read_sources(now_ms);
    write_points(now_ms);
    point_due = next_multiple(now_ms, SECOND);
}

uint32_t lr_series_due(void)
{
    return lr_is_later(point_due, scan_due) ? scan_due : point_due;
}
