/* test_series.c -- the time series' sources, the counting of the tables, and what is followed.
 *
 * Stage: unit tests of the helper thread's part, on a real file.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "followed.h"
#include "proc_lines.h"
#include "live_scan.h"
#include "record.h"
#include "recording.h"
#include "series.h"
#include "sources.h"
#include "table.h"

static const char *path;
static char root[64];
static uint64_t values[LR_SERIES_COUNT];

static int start(void **state)
{
    (void)state;
    path = recording_create_sized("test_series", "32M");
    snprintf(root, sizeof root, "root.%d", getpid());
    assert_true(lr_series_start());
    memset(values, 0xff, sizeof values);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[80];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command) | unlink(path);
}

/* Writes `text` to a file below the root of the test, with the directories that lead there. */
static void put(const char *name, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, name);
    for (char *at = strchr(whole, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(whole, 0700);
        *at = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void lines_of_any_length(void **state)
{
    (void)state;
    static char text[20000];
    struct lr_proc_lines lines;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "first 1\n", 8);
    text[15000] = '\n';
    memcpy(text + 15001, "second: 2 kB\n\nlast=3", 21);
    put("/lines", text);
    char whole[96];
    snprintf(whole, sizeof whole, "%s/lines", root);
    assert_true(lr_proc_open(&lines, whole));
    uint64_t value = 0;
    assert_true(lr_proc_value(lr_proc_next(&lines), "first", 10, &value));
    assert_int_equal(value, 10);
    assert_int_equal(strlen(lr_proc_next(&lines)), 4095);
    const char *line = lr_proc_next(&lines);
    assert_false(lr_proc_value(line, "sec", 1, &value));
    assert_true(lr_proc_value(line, "second", 1024, &value));
    assert_int_equal(value, 2048);
    assert_string_equal(lr_proc_next(&lines), "");
    assert_true(lr_proc_value(lr_proc_next(&lines), "last", 1, &value));
    assert_int_equal(value, 3);
    assert_null(lr_proc_next(&lines));
    assert_null(lr_proc_next(&lines));
    assert_false(lr_proc_open(&lines, "/nowhere"));
}

static void this_process(void **state)
{
    (void)state;
    assert_true(lr_source_statm(values) && lr_source_status(values));
    assert_in_range(values[LR_SERIES_rss], 1 << 16, values[LR_SERIES_virtual_size]);
    assert_in_range(values[LR_SERIES_rss_shared], 1, values[LR_SERIES_rss]);
    assert_int_equal(values[LR_SERIES_threads], 1);
    assert_true(values[LR_SERIES_rss_peak] != LR_NO_VALUE);
}

static void the_machine(void **state)
{
    (void)state;
    lr_sources_root = root;
    put("/proc/meminfo", "MemTotal:  1000 kB\nMemFree: 5 kB\nMemAvailable:  600 kB\nSwapFree: 7 kB\n");
    put("/proc/vmstat", "nr_free_pages 1\npswpin 1\npswpout 3\noom_kill 2\nballoon_inflate 100\n"
                        "balloon_deflate 60\nballoon_migrate 5\n");
    put("/proc/zoneinfo", "Node 0, zone DMA\n  per-node stats\n        present  50\n"
                          "        managed  40\nNode 0, zone Normal\n        spanned  90\n"
                          "        present  80\n        managed  70\n");
    assert_true(lr_source_meminfo(values) && lr_source_vmstat(values) &&
                lr_source_zoneinfo(values));
    assert_int_equal(values[LR_SERIES_host_total], 1000 * 1024);
    assert_int_equal(values[LR_SERIES_host_available], 600 * 1024);
    assert_int_equal(values[LR_SERIES_host_swap_free], 7 * 1024);
    assert_int_equal(values[LR_SERIES_host_swapped_out], 3 * 4096);
    assert_int_equal(values[LR_SERIES_host_oom_kill], 2);
    assert_int_equal(values[LR_SERIES_host_balloon], 40 * 4096);
    assert_int_equal(values[LR_SERIES_host_withheld], 20 * 4096);
}

/* v2, in a slice whose parent has the smaller limit. */
static void the_cgroup(void **state)
{
    (void)state;
    lr_sources_root = root;
    put("/proc/self/cgroup", "1:name=systemd:/x\n0::/app.slice/one\n");
    put("/sys/fs/cgroup/app.slice/memory.max", "1048576\n");
    put("/sys/fs/cgroup/app.slice/memory.current", "1000000\n");
    put("/sys/fs/cgroup/app.slice/one/memory.max", "max\n");
    put("/sys/fs/cgroup/app.slice/one/memory.current", "4096\n");
    put("/sys/fs/cgroup/app.slice/one/memory.peak", "8192\n");
    put("/sys/fs/cgroup/app.slice/one/memory.events",
        "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
    put("/sys/fs/cgroup/app.slice/one/memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=70\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=30\n");
    assert_true(lr_source_cgroup_use(values) && lr_source_cgroup_events(values));
    assert_int_equal(values[LR_SERIES_cgroup_used], 4096);
    assert_int_equal(values[LR_SERIES_cgroup_limit], 1048576);
    assert_int_equal(values[LR_SERIES_cgroup_room], 48576); /* others fill the slice */
    assert_int_equal(values[LR_SERIES_cgroup_peak], 8192);
    assert_int_equal(values[LR_SERIES_cgroup_swap], LR_NO_VALUE);
    assert_int_equal(values[LR_SERIES_cgroup_high_events], 2);
    assert_int_equal(values[LR_SERIES_cgroup_max_events], 3);
    assert_int_equal(values[LR_SERIES_cgroup_oom], 4);
    assert_int_equal(values[LR_SERIES_cgroup_oom_kill], 5);
    assert_int_equal(values[LR_SERIES_cgroup_stall_some], 70);
    assert_int_equal(values[LR_SERIES_cgroup_stall_full], 30);
}

/* The C library keeps no such figures. */
static void no_other_allocator(void **state)
{
    (void)state;
    assert_false(lr_source_allocator(values) || lr_source_allocator(values));
    assert_int_equal(values[LR_SERIES_allocator_mapped], LR_NO_VALUE);
}

static void whole_scan(uint32_t now_ms)
{
    while (!lr_live_scan_slice())
        continue;
    lr_followed_update(now_ms);
}

static void set_live(uint32_t slot, uint32_t stack, uint64_t size, uint64_t flags)
{
    lr_file.live[slot] = (struct lr_live){.key = 0x10000 + 64 * slot,
                                          .info = size | flags,
                                          .stack = stack,
                                          .weight = 1};
}

static float followed_bytes(enum lr_followed_kind kind, uint32_t id, float *count)
{
    struct lr_followed_value all[LR_FOLLOWED_SLOTS];
    assert_true(lr_followed_values(all));
    for (uint32_t i = 0; i < LR_FOLLOWED_SLOTS; i++)
        if (lr_file.followed[i].kind == kind && lr_file.followed[i].id == id) {
            *count = all[i].count;
            return all[i].bytes;
        }
    return -1;
}

static void what_is_live_is_counted(void **state)
{
    (void)state;
    float count;
    lr_file.section[LR_SEC_STACKS]->used = 10;
    lr_file.section[LR_SEC_PAIRSITES]->used = 1;
    lr_file.pairsites[0] = (struct lr_pairsite){.stack = 3, .acquired = 10, .released = 8};
    set_live(0, 1, 100, 0);
    set_live(5000, 1, 50, 0);
    set_live(6000, 2, 7, 0);
    set_live(7000, 3, 1000, LR_LIVE_OWNED);
    lr_file.live[7001].key = 0x5000 | LR_KEY_BUSY; /* being written */
    lr_file.live[7001].info = 1 << 30;
    lr_file.regions[2] = (struct lr_region){.start = 4096, .length = 8192, .stack = 4};
    whole_scan(1000);
    const struct lr_live_totals *totals = lr_live_scan_totals();
    assert_true(totals->blocks.bytes == 1157.0 && totals->blocks.count == 4.0);
    assert_true(totals->owned.bytes == 1000.0 && totals->owned.count == 1.0);
    assert_true(totals->mapped.bytes == 8192.0 && totals->mapped.count == 1.0);
    whole_scan(6000); /* the end of the first epoch */
    assert_true(followed_bytes(LR_FOLLOWED_STACK, 1, &count) == 150.0f && count == 2.0f);
    assert_true(followed_bytes(LR_FOLLOWED_STACK, 4, &count) == 8192.0f && count == 1.0f);
    assert_true(followed_bytes(LR_FOLLOWED_STACK, 3, &count) < 0); /* the pair's */
    assert_true(followed_bytes(LR_FOLLOWED_PAIR, 0, &count) == 1000.0f && count == 2.0f);
    lr_file.live[0].key = 0; /* released */
    whole_scan(7000);
    assert_true(followed_bytes(LR_FOLLOWED_STACK, 1, &count) == 50.0f && count == 1.0f);
}

/* What was never written isn't brought into memory by looking. */
static void only_touched_parts_are_looked_at(void **state)
{
    (void)state;
    struct lr_table *live = lr_record_live_table();
    uint8_t *touched = calloc(1, lr_table_parts(lr_file_capacity(LR_SEC_LIVE)));
    live->touched = touched;
    whole_scan(8000);
    double before = lr_live_scan_totals()->blocks.count;
    touched[0] = 1; /* slots 0 to 2047 */
    set_live(9, 1, 100, 0);
    set_live(5000, 1, 50, 0);
    whole_scan(9000);
    assert_true(before == 0.0 && lr_live_scan_totals()->blocks.count == 1.0);
    live->touched = NULL;
    free(touched);
}

/* A hundred larger stacks that come and go, or stay as they are, and one that leaks a little. */
static void a_slow_leak_is_followed(void **state)
{
    (void)state;
    enum { FIRST = 100, STACKS = 200, LEAK = FIRST + STACKS, SLOT = 8000 };
    float count;
    unsigned minute = 1;
    lr_file.section[LR_SEC_STACKS]->used = LEAK + 1;
    for (; minute < 40; minute++) {
        for (uint32_t i = 0; i < STACKS; i++) /* half of them a sawtooth, of periods up to 9 */
            set_live(SLOT + i, FIRST + i, i % 2 ? 100000 + i : 50000 + minute % (i % 8 + 2) * 9999, 0);
        set_live(SLOT + STACKS, LEAK, 16 * minute, 0);
        whole_scan(minute * 60000);
        if (minute > 8 && followed_bytes(LR_FOLLOWED_STACK, LEAK, &count) >= 0)
            break;
    }
    if (minute > 15)
        fail_msg("followed after %u minutes", minute);
    for (; minute < 60; minute++) /* and stays, though it is the smallest of all */
        whole_scan(minute * 60000);
    assert_true(followed_bytes(LR_FOLLOWED_STACK, LEAK, &count) > 0);
}

/* More stacks have something live than there are places for; one of them leaks. */
static void a_leak_among_very_many_stacks_is_followed(void **state)
{
    (void)state;
    enum { FIRST = 1000, STACKS = 3 * LR_TALLIES, LEAK = FIRST + STACKS, SLOT = 10000 };
    struct lr_followed_value all[LR_FOLLOWED_SLOTS];
    float count, largest = 0;
    unsigned minute = 60;
    lr_file.section[LR_SEC_STACKS]->used = LEAK + 1;
    for (uint32_t i = 0; i < STACKS; i++)
        set_live(SLOT + i, FIRST + i, i == STACKS - 1 ? 1 << 28 : 1000 + i % 100, 0);
    for (; minute < 300; minute++) {
        set_live(SLOT + STACKS, LEAK, 16 * minute, 0);
        whole_scan(minute * 60000);
        assert_int_equal(lr_live_scan_totals()->blocks.count >= STACKS, true);
        if (followed_bytes(LR_FOLLOWED_STACK, LEAK, &count) > 0 &&
            followed_bytes(LR_FOLLOWED_STACK, LEAK - 1, &count) > 0)
            break;
    }
    assert_in_range(minute, 61, 299);
    assert_true(lr_followed_values(all));
    for (uint32_t i = 0; i < LR_FOLLOWED_SLOTS; i++)
        largest = all[i].bytes > largest ? all[i].bytes : largest;
    assert_true(largest == (float)(1 << 28));
    for (uint32_t i = 0; i <= STACKS; i++) /* all are released, and places are free again */
        lr_file.live[SLOT + i].key = 0;
    whole_scan(minute * 60000 + 1000);
    assert_true(followed_bytes(LR_FOLLOWED_STACK, LEAK, &count) == 0);
}

static void points_are_written(void **state)
{
    (void)state;
    uint32_t now = 0;
    lr_sources_root = "";
    for (; now < 125000; now += 50)
        lr_series_pass(now);
    assert_int_equal(lr_file.section[LR_SEC_SERIES_1S]->used, 125);
    assert_int_equal(lr_file.section[LR_SEC_SERIES_1M]->used, 3);
    assert_int_equal(lr_file.section[LR_SEC_SERIES_30M]->used, 1);
    assert_in_range(lr_file.section[LR_SEC_FOLLOWED_10S]->used, 10, 13);
    assert_in_range(lr_file.section[LR_SEC_FOLLOWED_1M]->used, 2, 3);
    const struct lr_section *ring = lr_file.section[LR_SEC_SERIES_1S];
    uint64_t last = ring->used - 1;
    const struct lr_point *point =
        (const struct lr_point *)((const char *)lr_file.header + ring->offset +
                                  last % ring->capacity * ring->entry_size);
    assert_int_equal(point->sequence, last + 1);
    assert_int_equal(point->time_ms, 124000);
    assert_in_range(point->values[LR_SERIES_rss], 1 << 16, LR_NO_VALUE - 1);
    assert_int_equal(point->values[LR_SERIES_live_count], lr_live_scan_totals()->blocks.count);
    assert_in_range(lr_series_due(), now - 50, now + 1000);
}

/* Records of the last snapshot; its end is the last of all. */
static const struct lr_area *area_of(uint64_t number)
{
    const struct lr_section *ring = lr_file.section[LR_SEC_AREAS];
    return (const struct lr_area *)((const char *)lr_file.header + ring->offset) +
           number % ring->capacity;
}

static const struct lr_area *area_at(uint64_t address)
{
    uint64_t used = lr_file.section[LR_SEC_AREAS]->used;
    for (uint64_t i = 2; i <= area_of(used - 1)->start + 1; i++) {
        const struct lr_area *area = area_of(used - i);
        if (area->kind != LR_AREA_OWN && area->start <= address &&
            address < area->start + (uint64_t)area->pages * 4096)
            return area;
    }
    return NULL;
}

/* 3 MiB where an arena would be: at a multiple of 64 MiB, the rest of which is reserved. */
static char *make_arena(void)
{
    enum { SIZE = 256 << 20, USED = 3 << 20 };
    char *all = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(all != MAP_FAILED);
    char *arena =
        (char *)(((uintptr_t)all + LR_ARENA_ALIGNMENT) & ~(uintptr_t)(LR_ARENA_ALIGNMENT - 1));
    assert_int_equal(mprotect(arena, USED, PROT_READ | PROT_WRITE), 0);
    madvise(arena, USED, MADV_NOHUGEPAGE);
    memset(arena, 1, USED);
    return arena;
}

static void resident_memory_by_area(void **state)
{
    (void)state;
    char *arena = make_arena();
    int local = 0;
    assert_true(lr_source_smaps(values));
    uint64_t used = lr_file.section[LR_SEC_AREAS]->used, sum = 0, own = 0;
    const struct lr_area *end = area_of(used - 1);
    assert_int_equal(end->kind, LR_AREA_END);
    for (uint64_t i = 2; i <= end->start + 1; i++) {
        const struct lr_area *area = area_of(used - i);
        assert_int_equal(area->sequence, used - i + 1);
        assert_int_equal(area->time_ms, end->time_ms);
        *(area->kind == LR_AREA_OWN ? &own : &sum) += area->resident;
    }
    assert_int_equal(sum, end->resident);
    assert_true(own > 0 && sum > 3 << 10);
    assert_int_equal(area_at((uintptr_t)arena)->kind, LR_AREA_ARENA);
    assert_int_equal(area_at((uintptr_t)arena)->resident, 3 << 10);
    assert_int_equal(area_at((uintptr_t)&local)->kind, LR_AREA_STACK);
    assert_int_equal(area_at((uintptr_t)lr_file.header)->kind, LR_AREA_TRACE);
    assert_int_equal(area_at((uintptr_t)&the_machine)->kind, LR_AREA_FILE);
    assert_in_range(values[LR_SERIES_resident_malloc], 3 << 20, sum << 10);
    assert_in_range(values[LR_SERIES_resident_files], 1, sum << 10);
    assert_in_range(values[LR_SERIES_pss], 3 << 20, sum << 10);
    assert_int_equal(munmap(arena, 3 << 20), 0);
}

/* A due time that a pass came a moment too late for, because the milliseconds began anew. */
static void points_go_on_after_49_days(void **state)
{
    (void)state;
    const struct lr_section *ring = lr_file.section[LR_SEC_SERIES_1S];
    uint32_t now = 0;
    for (; now < 0xc0000000u; now += 0x10000000)
        lr_series_pass(now);
    lr_series_pass(4294966900u); /* the next ones are due at 4294967000 */
    uint64_t before = ring->used;
    lr_series_pass(104);
    assert_int_equal(ring->used, before + 1);
    for (now = 154; now < 61000; now += 50)
        lr_series_pass(now);
    assert_int_equal(ring->used, before + 61);
    assert_in_range(lr_series_due(), 60000, 70000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_any_length),    cmocka_unit_test(this_process),
        cmocka_unit_test(the_machine),            cmocka_unit_test(the_cgroup),
        cmocka_unit_test(no_other_allocator),
        cmocka_unit_test(what_is_live_is_counted), cmocka_unit_test(a_slow_leak_is_followed),
        cmocka_unit_test(only_touched_parts_are_looked_at),
        cmocka_unit_test(a_leak_among_very_many_stacks_is_followed),
        cmocka_unit_test(points_are_written),     cmocka_unit_test(resident_memory_by_area),
        cmocka_unit_test(points_go_on_after_49_days),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
