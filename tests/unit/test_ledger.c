/* test_ledger.c -- resident memory split up, from synthetic snapshots: each kind finds its entry,
 * and the entries sum up to what is resident, whatever the file says.
 *
 * Stage: unit tests of LOAD and MODEL.
 */
#include "judged.h"

enum { MIB = 1024 }; /* in KiB */
#define BASE UINT64_C(0x7f0000000000)

static void sum_up(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < LR_LEDGER_ENTRIES; i++)
        sum += model->ledger.bytes[i];
    assert_int_equal(sum, model->ledger.resident);
    end();
}

static uint64_t entry(enum lr_ledger_entry which)
{
    return model->ledger.bytes[which] / 1024;
}

static void every_kind_has_its_entry(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Pool.grow(Pool.java):7");
    lr_make_area(make, LR_AREA_BRK, 4000, 0x10000, 512, MIB, 0);
    lr_make_area(make, LR_AREA_ANON, 4000, BASE, 4096, 8 * MIB, 7); /* half of it mapped by us */
    lr_make_region(make, BASE, 8 << 20, stack, 10, 0);
    lr_make_area(make, LR_AREA_FILE, 4000, BASE + 0x10000000, 256, 500, 0);
    lr_make_area(make, LR_AREA_ANON, 4000, BASE + 0x10100000, 16, 40, 0); /* that file's data */
    lr_make_area(make, LR_AREA_STACK, 4000, BASE + 0x20000000, 256, 60, 0);
    lr_make_area(make, LR_AREA_SHARED, 4000, BASE + 0x30000000, 256, 70, 0);
    lr_make_area(make, LR_AREA_TRACE, 4000, BASE + 0x40000000, 16384, 3 * MIB, 0);
    lr_make_area(make, LR_AREA_ANON, 4000, BASE + 0x50000000, 256, 900, 0); /* ours, in part */
    lr_make_area(make, LR_AREA_OWN, 4000, BASE + 0x50001000, 128, 300, 0);
    lr_make_area(make, LR_AREA_OTHER, 4000, 0, 0, 5, 0);
    lr_make_area_end(make, 4000, 10);
    lr_make_live(make, 0x10010, 100 << 10, LR_KIND_MALLOC, stack, 5, 0);
    judge(make);
    assert_true(model->ledger.known);
    assert_int_equal(model->ledger.time_ms, 4000);
    assert_int_equal(model->ledger.swapped, 7 * 1024);
    assert_int_equal(entry(LR_LEDGER_LIVE), 100);
    assert_int_equal(model->ledger.bytes[LR_LEDGER_LIVE], (100 << 10) + 16); /* and a header */
    assert_int_equal(model->ledger.bytes[LR_LEDGER_SLACK], (924 << 10) - 16);
    assert_int_equal(entry(LR_LEDGER_MAPPED), 4 * MIB);
    assert_int_equal(entry(LR_LEDGER_FILES), 540);
    assert_int_equal(entry(LR_LEDGER_STACKS), 60);
    assert_int_equal(entry(LR_LEDGER_SHARED), 70);
    assert_int_equal(entry(LR_LEDGER_OWN), 3 * MIB + 300);
    assert_int_equal(entry(LR_LEDGER_UNKNOWN), 4 * MIB + 600 + 5);
    sum_up();
}

/* Many threads' arenas, all but emptied. */
static struct lr_make *make_arenas(unsigned live_mib)
{
    struct lr_make *make = lr_make_new();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Pool.grow(Pool.java):7");
    for (unsigned i = 0; i < 10; i++)
        lr_make_area(make, LR_AREA_ARENA, 4000, BASE + i * LR_ARENA_ALIGNMENT, 4096, 12 * MIB, 0);
    lr_make_area_end(make, 4000, 10);
    for (unsigned i = 0; i < live_mib; i++)
        lr_make_live(make, BASE + i % 10 * LR_ARENA_ALIGNMENT + 0x40 + i / 10 * 0x100000,
                     (1 << 20) - 8, LR_KIND_MALLOC, stack, 5, 0);
    return make;
}

static void freed_but_resident_is_retention(void **state)
{
    (void)state;
    judge(make_arenas(1));
    assert_int_equal(entry(LR_LEDGER_SLACK), 119 * MIB);
    assert_int_equal(model->verdict.kind, LR_VERDICT_RETENTION);
    assert_non_null(strstr(model->verdict.next, "MALLOC_ARENA_MAX=2"));
    sum_up();
    struct lr_make *make = make_arenas(1);
    lr_make_meta(make, LR_META_ALLOCATOR, "/usr/lib/libjemalloc.so.2");
    judge(make);
    assert_non_null(strstr(model->verdict.next, "dirty_decay_ms"));
    sum_up();
    judge(make_arenas(70)); /* half full, as allocators are */
    assert_int_equal(entry(LR_LEDGER_LIVE), 70 * MIB);
    assert_true(model->verdict.kind != LR_VERDICT_RETENTION);
    sum_up();
}

/* Who frees all before he exits retains nothing: it was live when it was resident. */
static void what_was_live_then_was_not_kept(void **state)
{
    (void)state;
    struct lr_make *make = make_arenas(1);
    lr_make_point(make, LR_SEC_SERIES_1S, 3000)->values[LR_SERIES_live_bytes] = 110 << 20;
    lr_make_point(make, LR_SEC_SERIES_1S, 9000)->values[LR_SERIES_live_bytes] = 1 << 20;
    judge(make);
    assert_in_range(entry(LR_LEDGER_SLACK), 9 * MIB, 11 * MIB);
    assert_true(model->verdict.kind != LR_VERDICT_RETENTION);
    sum_up();
}

/* 50 MB in use of 200 MB. */
static uint64_t *asked(struct lr_make *make, uint32_t time_ms, uint64_t live)
{
    uint64_t *values = lr_make_point(make, LR_SEC_SERIES_1S, time_ms)->values;
    values[LR_SERIES_live_bytes] = live;
    values[LR_SERIES_rss] = 230000000;
    values[LR_SERIES_allocator_allocated] = 50000000;
    values[LR_SERIES_allocator_active] = 60000000;
    values[LR_SERIES_allocator_resident] = 200000000;
    values[LR_SERIES_allocator_mapped] = 210000000;
    values[LR_SERIES_allocator_retained] = 7000000;
    return values;
}

/* Points repeat what was asked for once; what is live is counted all the time, and a little late. */
static void an_allocator_speaks_of_the_moment_it_was_asked(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_meta(make, LR_META_ALLOCATOR, "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2");
    asked(make, 1000, 7)[LR_SERIES_allocator_allocated] = 9;
    asked(make, 2000, 77000000);
    asked(make, 3000, 76000000);
    asked(make, 4000, 48000000);
    asked(make, 5000, 49000000);
    lr_make_point(make, LR_SEC_SERIES_1S, 6000)->values[LR_SERIES_live_bytes] = 5;
    judge(make);
    assert_string_equal(model->allocator.name, "jemalloc");
    assert_int_equal(model->allocator.time_ms, 4000);
    assert_int_equal(model->allocator.live, 48000000);
    assert_int_equal(model->allocator.allocated, 50000000);
    assert_int_equal(model->allocator.active, 60000000);
    assert_int_equal(model->allocator.mapped, 210000000);
    assert_int_equal(model->allocator.retained, 7000000);
    assert_int_equal(lr_allocator_slack(&model->allocator), 152000000);
    end();
}

static void without_a_ledger_the_allocator_tells_of_retention(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_meta(make, LR_META_ALLOCATOR, "/usr/lib/libtcmalloc_minimal.so.4");
    asked(make, 2000, 48000000);
    judge(make);
    assert_false(model->ledger.known);
    assert_verdict(LR_VERDICT_RETENTION);
    assert_true(has_evidence("keeps 152 MB resident that was freed; 48.0 MB of its memory"));
    assert_true(has_evidence("tcmalloc itself says: 200 MB resident, 50.0 MB handed out"));
    end();
    make = lr_make_new(); /* as much is live */
    asked(make, 2000, 120000000);
    judge(make);
    assert_true(model->verdict.kind != LR_VERDICT_RETENTION);
    end();
}

static void what_an_allocator_does_not_say_stays_unknown(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    judge(make);
    assert_null(model->allocator.name);
    assert_true(lr_allocator_slack(&model->allocator) == LR_MODEL_UNKNOWN);
    end();
    make = lr_make_new();
    lr_make_meta(make, LR_META_ALLOCATOR, "/usr/lib/libmimalloc.so.2");
    lr_make_point(make, LR_SEC_SERIES_1S, 2000)->values[LR_SERIES_allocator_mapped] = 90000000;
    judge(make);
    assert_string_equal(model->allocator.name, "mimalloc");
    assert_int_equal(model->allocator.mapped, 90000000);
    assert_true(model->allocator.allocated == LR_MODEL_UNKNOWN);
    assert_true(lr_allocator_slack(&model->allocator) == LR_MODEL_UNKNOWN);
    assert_true(model->verdict.kind != LR_VERDICT_RETENTION);
    end();
}

static void only_a_whole_snapshot_counts(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    judge(make);
    assert_false(model->ledger.known); /* none at all */
    sum_up();
    make = lr_make_new();
    lr_make_area(make, LR_AREA_FILE, 1000, BASE, 256, 500, 0);
    lr_make_area_end(make, 1000, 1);
    lr_make_area(make, LR_AREA_FILE, 2000, BASE, 256, 900, 0); /* killed while it was written */
    judge(make);
    assert_int_equal(model->ledger.time_ms, 1000);
    assert_int_equal(entry(LR_LEDGER_FILES), 500);
    sum_up();
    make = lr_make_new();
    lr_make_area(make, LR_AREA_FILE, 1000, BASE, 256, 500, 0)->sequence = 77;
    lr_make_area_end(make, 1000, 1);
    judge(make);
    assert_false(model->ledger.known);
    sum_up();
    make = lr_make_new(); /* says more than there are */
    lr_make_area(make, LR_AREA_END, 1000, UINT64_MAX, 0, 0, 0);
    judge(make);
    assert_false(model->ledger.known);
    sum_up();
}

/* Nothing in a file is to be believed. */
static void hostile_areas_do_no_harm(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Pool.grow(Pool.java):7");
    lr_make_area(make, LR_AREA_ANON, 1, UINT64_MAX - 10, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    lr_make_area(make, LR_AREA_ANON, 1, BASE, 0, 100, 0);
    lr_make_area(make, LR_AREA_OWN, 1, BASE, 1, UINT32_MAX, 0);
    lr_make_area(make, 4711, 1, BASE, 100, 100, 0);
    lr_make_area(make, LR_AREA_ARENA, 1, BASE, 4096, 100, 0);
    lr_make_area(make, LR_AREA_ARENA, 1, BASE, 4096, 100, 0); /* twice */
    lr_make_region(make, BASE, 1 << 20, stack, 1, 0);
    lr_make_region(make, BASE, 1 << 20, stack, 1, 0);
    lr_make_region(make, UINT64_MAX - 5, UINT64_MAX, stack, 1, 0);
    lr_make_live(make, BASE + 16, (UINT64_C(1) << 48) - 1, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_area(make, LR_AREA_END, 1, 6, 0, 50, 0);
    judge(make);
    assert_true(model->ledger.known);
    assert_int_equal(model->ledger.resident, 50 * 1024);
    sum_up();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_entry),
        cmocka_unit_test(freed_but_resident_is_retention),
        cmocka_unit_test(what_was_live_then_was_not_kept),
        cmocka_unit_test(an_allocator_speaks_of_the_moment_it_was_asked),
        cmocka_unit_test(without_a_ledger_the_allocator_tells_of_retention),
        cmocka_unit_test(what_an_allocator_does_not_say_stays_unknown),
        cmocka_unit_test(only_a_whole_snapshot_counts),
        cmocka_unit_test(hostile_areas_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
