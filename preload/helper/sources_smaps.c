/* sources_smaps.c -- what resident memory is made of: /proc/self/smaps, area by area, to the file.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 *
 * The kernel holds the lock of the process' mappings for a page of this text at a time, so the
 * program may go on between two reads; what the areas are for is found out by the analyzer.  Cost:
 * 5 us an area, and a walk over the page tables.
 */
#include "sources.h"

#include <string.h>

#include "file.h"
#include "prim.h"
#include "proc_lines.h"
#include "ring.h"
#include "text.h"
#include "threads.h"
#include "trace.h"

enum { KIB = 1024, MOST_PLACES = LR_THREAD_SLOTS };

/* The area whose lines are being read. */
struct area {
    uint64_t start, end, resident, swapped; /* the last two in KiB */
    enum lr_area_kind kind;
    bool open;
};

static struct {
    struct lr_section *ring;
    uint64_t room, count;         /* records of this snapshot */
    uint64_t resident, swapped, pss, huge; /* KiB */
    uint64_t of_kind[LR_AREA_OWN + 1];
    uint64_t rest_resident, rest_swapped; /* of areas that found no room */
    uint32_t time_ms;
} snapshot;

/* Addresses in threads' stacks, sorted. */
static uintptr_t *places;
static size_t place_count;

static void sort_places(void)
{
    for (size_t gap = place_count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < place_count; i++) {
            uintptr_t place = places[i];
            size_t at = i;
            for (; at >= gap && places[at - gap] > place; at -= gap)
                places[at] = places[at - gap];
            places[at] = place;
        }
}

static void find_places(void)
{
    if (!places)
        places = lr_prim_map(MOST_PLACES * sizeof *places);
    place_count = 0;
    if (!places)
        return;
    place_count = lr_threads_places(places, MOST_PLACES - 1);
    places[place_count++] = (uintptr_t)__builtin_frame_address(0); /* our own */
    sort_places();
}

static bool has_place(uint64_t start, uint64_t end)
{
    size_t low = 0, high = place_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (places[middle] < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < place_count && places[low] < end;
}

static void write_record(enum lr_area_kind kind, uint64_t start, uint64_t length,
                         uint64_t resident, uint64_t swapped)
{
    struct lr_area *record = lr_ring_begin(snapshot.ring);
    record->time_ms = snapshot.time_ms;
    record->start = start;
    record->pages = (uint32_t)(length / lr_prim_page_size());
    record->resident = (uint32_t)resident;
    record->swapped = (uint32_t)swapped;
    record->kind = kind;
    lr_ring_end(snapshot.ring, record);
    snapshot.count++;
}

static void end_area(struct area *area)
{
    if (!area->open || (!area->resident && !area->swapped))
        return;
    area->open = false;
    snapshot.resident += area->resident;
    snapshot.swapped += area->swapped;
    snapshot.of_kind[area->kind] += area->resident;
    if (snapshot.count < snapshot.room) {
        write_record(area->kind, area->start, area->end - area->start, area->resident,
                     area->swapped);
        return;
    }
    snapshot.rest_resident += area->resident;
    snapshot.rest_swapped += area->swapped;
}

static uint64_t hex_number(const char **at)
{
    uint64_t value = 0;
    for (;; (*at)++) {
        unsigned char digit = (unsigned char)**at;
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (digit - 'a' + 10u);
        else
            return value;
    }
}

/* Behind the next blanks. */
static const char *next_word(const char *at)
{
    while (*at && *at != ' ')
        at++;
    while (*at == ' ')
        at++;
    return at;
}

static enum lr_area_kind kind_of_name(const char *name)
{
    if (lr_text_starts(name, "[heap]"))
        return LR_AREA_BRK;
    if (lr_text_starts(name, "[stack"))
        return LR_AREA_STACK;
    if (lr_text_starts(name, "[anon"))
        return LR_AREA_ANON;
    if (*name == '[')
        return LR_AREA_OTHER;
    if (lr_text_starts(name, "/memfd:") || lr_text_starts(name, "/SYSV") ||
        lr_text_starts(name, "/dev/zero") || lr_text_starts(name, "/dev/shm/"))
        return LR_AREA_SHARED;
    return *name ? LR_AREA_FILE : LR_AREA_ANON;
}

/* "7f0a1c000000-7f0a1c021000 rw-p 00000000 00:00 0     /path" */
static bool begin_area(struct area *area, const char *line)
{
    const char *at = line;
    uint64_t start = hex_number(&at);
    if (at == line || *at != '-')
        return false;
    at++;
    uint64_t end = hex_number(&at);
    if (*at != ' ' || end < start)
        return false;
    for (unsigned i = 0; i < 5; i++)
        at = next_word(at);
    *area = (struct area){start, end, 0, 0, kind_of_name(at), true};
    uint64_t file = (uint64_t)(uintptr_t)lr_file.header;
    if (start <= file && file < end)
        area->kind = LR_AREA_TRACE;
    else if (area->kind == LR_AREA_ANON && has_place(start, end))
        area->kind = LR_AREA_STACK;
    else if (area->kind == LR_AREA_ANON && start % LR_ARENA_ALIGNMENT == 0)
        area->kind = LR_AREA_ARENA;
    return true;
}

static void read_key(struct area *area, const char *line)
{
    uint64_t value = 0;
    if (*line == 'R')
        lr_proc_value(line, "Rss", 1, &area->resident);
    else if (*line == 'S')
        lr_proc_value(line, "Swap", 1, &area->swapped);
    else if (*line == 'P' && lr_proc_value(line, "Pss", 1, &value))
        snapshot.pss += value;
    else if (*line == 'A' && lr_proc_value(line, "AnonHugePages", 1, &value))
        snapshot.huge += value;
}

static bool read_areas(void)
{
    struct lr_proc_lines lines;
    struct area area = {.open = false}, next;
    bool any = false;
    if (!lr_proc_open(&lines, "/proc/self/smaps"))
        return false;
    for (const char *line; (line = lr_proc_next(&lines));) {
        if (*line >= 'A' && *line <= 'Z') {
            read_key(&area, line);
        } else if (begin_area(&next, line)) {
            end_area(&area);
            area = next;
            any = true;
        }
    }
    end_area(&area);
    return any;
}

static void write_own(void)
{
    uintptr_t at;
    size_t size;
    uint64_t resident;
    for (unsigned i = 0; lr_prim_own_part(i, &at, &size, &resident); i++)
        if (resident)
            write_record(LR_AREA_OWN, at, size, resident / KIB, 0);
}

/* Two snapshots fit into the ring, so that one that isn't finished leaves the one before. */
static bool begin_snapshot(void)
{
    enum { OWN_PARTS = 160, LEAST = 64 };
    memset(&snapshot, 0, sizeof snapshot);
    snapshot.ring = lr_file.section[LR_SEC_AREAS];
    snapshot.time_ms = lr_trace_ms();
    uint64_t half = snapshot.ring->capacity / 2;
    snapshot.room = half > OWN_PARTS + LEAST ? half - OWN_PARTS : 0;
    return snapshot.room > 0;
}

bool lr_source_smaps(uint64_t *values)
{
    bool room = begin_snapshot();
    find_places();
    if (!read_areas())
        return false;
    values[LR_SERIES_pss] = snapshot.pss * KIB;
    values[LR_SERIES_huge_pages] = snapshot.huge * KIB;
    values[LR_SERIES_resident_malloc] =
        (snapshot.of_kind[LR_AREA_BRK] + snapshot.of_kind[LR_AREA_ARENA]) * KIB;
    values[LR_SERIES_resident_stacks] = snapshot.of_kind[LR_AREA_STACK] * KIB;
    values[LR_SERIES_resident_files] = snapshot.of_kind[LR_AREA_FILE] * KIB;
    if (!room)
        return true;
    if (snapshot.rest_resident || snapshot.rest_swapped)
        write_record(LR_AREA_OTHER, 0, 0, snapshot.rest_resident, snapshot.rest_swapped);
    write_own();
    write_record(LR_AREA_END, snapshot.count, 0, snapshot.resident, snapshot.swapped);
    return true;
}
