/* test_judge.c -- the verdict on a process, from synthetic recordings: one of each kind, and what
 * only looks like it.
 *
 * Stage: unit tests of JUDGE (judged.h has the recording).
 */
#include "judged.h"

#include "culprit.h"
#include "jvm_memory.h"

static void streams_that_grow_are_a_leak(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t site = add_pairs(make, 1000, 520, 0, 480, 100);
    lr_make_followed(make, PAIR_SLOT, LR_FOLLOWED_PAIR, site, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        double hours = (double)i * 5 / 60;
        followed_at(make, i)[PAIR_SLOT] =
            (struct lr_followed_value){(float)(3e6 * hours), (float)floor(60 * hours)};
        values_at(make, i)[LR_SERIES_host_available] = 60000000;
    }
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    assert_non_null(strstr(model->verdict.next, "com.acme.Codec.read(Codec.java:9)"));
    assert_true(has_evidence("growing by") && has_evidence("no collection of the whole heap"));
    /* 60 MB are left, at 3 MB an hour. */
    assert_string_equal(model->projection.limit, "machine's memory");
    assert_true(model->projection.low <= 20 && model->projection.high >= 20);
    assert_true(fabs(model->projection.hours - 20) < 1 && !model->projection.far);
    end();
}

static void what_a_collection_frees_is_garbage(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 1000, 1000, 1000, 0, 0);
    collect_at_half(make);
    judge(make);
    assert_verdict(LR_VERDICT_GARBAGE_WAITING);
    assert_true(has_evidence("none of them was in use"));
    end();
    make = make_night(); /* five more since: nobody knows, but the others were garbage */
    add_pairs(make, 1005, 1000, 1000, 5, 60 * STEP_MS);
    collect_at_half(make);
    judge(make);
    assert_verdict(LR_VERDICT_GARBAGE_WAITING);
    assert_int_equal(model->pairs[0].sites[0].untested, 5);
    end();
}

static void what_survives_a_collection_is_held(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 1005, 1000, 1000, 5, 20 * STEP_MS);
    collect_at_half(make);
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    assert_int_equal(model->pairs[0].sites[0].survived, 5);
    assert_true(has_evidence("5 of them were in use"));
    end();
    make = make_night(); /* no collection: not garbage by guess, whoever closed some */
    add_pairs(make, 1005, 1000, 1000, 5, 20 * STEP_MS);
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    end();
}

/* Collected once, at point 50, with that much in use from then on. */
static void judge_heap(double used)
{
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_java_old_used] = (uint64_t)(i < 50 ? 990e6 : used + 1e6 * i);
    collect_at_half(make);
    judge(make);
}

static void a_full_heap_is_no_leak(void **state)
{
    (void)state;
    judge_heap(850e6);
    assert_verdict(LR_VERDICT_JAVA_HEAP);
    assert_int_equal(model->gc_pressure.band, LR_PRESSURE_ACT);
    assert_true(fabs(model->gc_pressure.percent - 90) < 0.01); /* as it was right after it */
    assert_string_equal(model->gc_pressure.pool, "old generation");
    assert_string_equal(model->gc_pressure.collector, "Parallel");
    end();
    judge_heap(730e6);
    assert_verdict(LR_VERDICT_NONE);
    assert_int_equal(model->gc_pressure.band, LR_PRESSURE_WATCH);
    assert_true(has_evidence("acceptable while the load"));
    end();
    judge_heap(600e6);
    assert_verdict(LR_VERDICT_NONE);
    assert_int_equal(model->gc_pressure.band, LR_PRESSURE_FINE);
    assert_int_equal(model->verdict.evidence.count, 0);
    end();
}

/* Before a collection the old generation holds garbage. */
static void a_heap_that_was_never_collected_says_nothing(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_java_old_used] = 990000000;
    judge(make);
    assert_verdict(LR_VERDICT_NONE);
    assert_int_equal(model->gc_pressure.band, LR_PRESSURE_UNKNOWN);
    end();
}

static void class_metadata_is_the_jvms(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_java_metaspace] = (uint64_t)(60e6 + 5e5 * i + 1e5 * jitter(i));
    judge(make);
    assert_verdict(LR_VERDICT_JVM_OTHER);
    assert_non_null(strstr(model->verdict.next, "class loaders"));
    assert_null(model->projection.limit);
    end();
}

static void plain_memory_that_grows_is_a_leak(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    judge_growing(make, stack, 1e6);
    assert_verdict(LR_VERDICT_LEAK);
    assert_non_null(strstr(model->verdict.summary, "com.acme.Leak.add(Leak.java:7)"));
    assert_true(has_evidence("and 1,000 blocks an hour"));
    assert_true(model->projection.far); /* 5 GB are left */
    end();
    make = make_night(); /* 50 kB an hour are nobody's trouble */
    stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    judge_growing(make, stack, 5e4);
    assert_verdict(LR_VERDICT_NONE);
    end();
}

static void the_jvms_own_memory_is_the_jvms(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t module = lr_make_module(make, "/jdk/lib/server/libjvm.so", 0, 0x10000, 0x20000, "");
    uint64_t frame = lr_make_native_frame(module, 0x100);
    judge_growing(make, lr_make_stack(make, &frame, 1, 0), 1e6);
    assert_verdict(LR_VERDICT_JVM_OTHER);
    end();
}

/* What the VM allocates for the program is the program's. */
static void unsafe_memory_is_the_programs(void **state)
{
    (void)state;
    struct lr_model_frame frames[] = {
        {.function = "os::malloc", .file = "", .module = "/jdk/lib/server/libjvm.so"},
        {.function = "Unsafe_AllocateMemory0", .file = "", .module = "/jdk/lib/server/libjvm.so"},
        {.java = true, .function = "com.acme.Pool.grow", .file = "", .module = ""},
    };
    struct lr_model_path path = {.frames = frames, .count = 3};
    assert_false(lr_jvm_owns(&path));
    frames[1].function = "SymbolTable::do_lookup";
    assert_true(lr_jvm_owns(&path));
    frames[0].module = frames[1].module = "/app/libnative.so";
    assert_false(lr_jvm_owns(&path));
    frames[0].owner = LR_OWNER_MACHINERY; /* a wrapper of an allocator's */
    frames[1].module = "/jdk/lib/server/libjvm.so";
    assert_true(lr_jvm_owns(&path));
    path.count = 0;
    assert_false(lr_jvm_owns(&path));
    struct lr_model_frame tail[] = { /* as JDK 25 has it: Unsafe's native function jumps to malloc */
        {.function = "os::malloc", .file = "", .module = "/jdk/lib/server/libjvm.so",
         .owner = LR_OWNER_MACHINERY},
        {.java = true, .function = "jdk.internal.misc.Unsafe.allocateMemory0", .file = "",
         .module = ""},
    };
    path = (struct lr_model_path){.frames = tail, .count = 2};
    assert_false(lr_jvm_owns(&path));
}

/* What the C library allocates for a thread of the VM's is the VM's, too. */
static void a_java_threads_block_is_the_jvms(void **state)
{
    (void)state;
    struct lr_model_frame frames[] = {
        {.function = "calloc", .file = "", .module = "", .owner = LR_OWNER_MACHINERY},
        {.function = "_dl_allocate_tls", .file = "", .module = "/lib/ld-linux-x86-64.so.2",
         .owner = LR_OWNER_PLATFORM},
        {.function = "os::create_thread", .file = "", .module = "/jdk/lib/server/libjvm.so"},
        {.java = true, .function = "java.lang.Thread.start0", .file = "", .module = ""},
    };
    struct lr_model_path path = {.frames = frames, .count = 4};
    assert_true(lr_jvm_owns(&path));
    frames[1].owner = LR_OWNER_USER;
    assert_false(lr_jvm_owns(&path));
}

static void mappings_are_named_by_who_made_them(void **state)
{
    (void)state;
    static const struct {
        const char *function;
        enum lr_jvm_area area;
    } truth[] = {
        {"ReservedHeapSpace::ReservedHeapSpace", LR_JVM_AREA_HEAP},
        {"G1CollectedHeap::create_aux_memory_mapper", LR_JVM_AREA_GC},
        {"metaspace::VirtualSpaceNode::create_node", LR_JVM_AREA_METASPACE},
        {"CodeCache::initialize_heaps", LR_JVM_AREA_CODE},
        {"PerfMemory::initialize", LR_JVM_AREA_OTHER},
    };
    struct lr_model_frame frames[] = {
        {.function = "os::reserve_memory", .file = "", .module = "/jdk/lib/server/libjvm.so"},
        {.function = "", .file = "", .module = "/jdk/lib/server/libjvm.so"},
    };
    struct lr_model_path path = {.frames = frames, .count = 2};
    for (size_t i = 0; i < sizeof(truth) / sizeof(truth[0]); i++) {
        frames[1].function = truth[i].function;
        assert_int_equal(lr_jvm_area_of(&path), truth[i].area);
    }
    frames[0].module = "/usr/lib/libfoo.so";
    assert_int_equal(lr_jvm_area_of(&path), LR_JVM_AREA_NONE);
}

static void a_balloon_is_outside(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 30; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_withheld] = 3000000000;
    judge(make);
    assert_verdict(LR_VERDICT_OUTSIDE);
    assert_non_null(strstr(model->verdict.next, "balloon"));
    end();
    make = make_night();
    for (unsigned i = 30; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_available] = 100000000;
    judge(make);
    assert_verdict(LR_VERDICT_OUTSIDE);
    end();
}

/* Files that are mapped and read come into memory, and go. */
static void files_in_memory_are_not_projected(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++) {
        values_at(make, i)[LR_SERIES_rss_shared] += 10000000 * (uint64_t)i;
        values_at(make, i)[LR_SERIES_rss] += 10000000 * (uint64_t)i;
    }
    judge(make);
    assert_verdict(LR_VERDICT_NONE);
    assert_true(has_evidence("mapped files grow"));
    assert_null(model->projection.limit);
    end();
}

static void what_nobody_followed_is_not_judged(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Buffers.take(Buffers.java):7");
    lr_make_live(make, 0x8000, 20000000, LR_KIND_MALLOC, stack, 5, 0);
    judge(make);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(model->verdict.next, "record for longer"));
    end();
    make = make_night();
    lr_make_counter(make, LR_CNT_live_full, 7);
    judge(make);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(model->verdict.next, "larger file"));
    end();
}

/* Twelve seconds, with a point each; 50 live at the first, `more` more at each. */
static void judge_pool(unsigned live, unsigned more, uint64_t acquired)
{
    struct lr_make *make = lr_make_new();
    lr_make_header(make)->compat |= LR_COMPAT_JAVA;
    lr_make_header(make)->end_unix_ns += UINT64_C(2000000000);
    add_pairs(make, acquired, acquired - live, 0, live, 100);
    for (unsigned i = 0; i < 13; i++)
        lr_make_point(make, LR_SEC_SERIES_1S, i * 1000)->values[LR_SERIES_pairs_live] =
            live - (12 - i) * more + i % 2;
    judge(make);
}

static void a_full_cache_is_expected(void **state)
{
    (void)state;
    judge_pool(300, 0, 9000);
    assert_verdict(LR_VERDICT_NONE);
    assert_int_equal(model->pairs[0].sites[0].class, LR_CLASS_EXPECTED);
    assert_non_null(strstr(model->pairs[0].sites[0].expected, "a cache or a pool"));
    end();
    judge_pool(300, 0, 800); /* hardly any turnover: that proves nothing */
    assert_verdict(LR_VERDICT_LEAK);
    end();
}

/* Fifty seconds of two places; history has a point every ten, of 50 live at first. */
static void judge_young(unsigned ended, unsigned more)
{
    struct lr_make *make = lr_make_new();
    lr_make_header(make)->compat |= LR_COMPAT_JAVA;
    lr_make_header(make)->end_unix_ns += UINT64_C(45000000000);
    unsigned live = 50 + 4 * more;
    uint32_t sites[2];
    sites[0] = add_pairs(make, ended + live, ended, 0, live, 100);
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2",
                                        "com.acme.Other.read(Other.java):5");
    sites[1] = lr_make_pairsite(make, 0, stack, ended + 50, ended, 0);
    for (unsigned i = 0; i < 50; i++)
        lr_make_pair(make, 0x900000 + i * 0x100, 0, sites[1], stack, 100);
    for (unsigned s = 0; s < 2; s++)
        lr_make_followed(make, PAIR_SLOT + s, LR_FOLLOWED_PAIR, sites[s], 0);
    for (unsigned i = 0; i < 5; i++) {
        struct lr_followed_point *point =
            lr_make_followed_point(make, LR_SEC_FOLLOWED_10S, i * 10000 + 1000);
        point->values[PAIR_SLOT] = (struct lr_followed_value){4e6f, (float)(50 + i * more)};
        point->values[PAIR_SLOT + 1] = (struct lr_followed_value){4e6f, (float)(50 + i % 2)};
    }
    judge(make);
}

static void a_young_cache_is_expected(void **state)
{
    (void)state;
    judge_young(742, 0);
    assert_verdict(LR_VERDICT_NONE);
    assert_int_equal(model->pairs[0].sites[1].class, LR_CLASS_EXPECTED);
    end();
    judge_young(742, 1); /* six a minute stay: no cache, whatever its neighbour is */
    assert_verdict(LR_VERDICT_LEAK);
    assert_int_equal(model->verdict.sites, 1);
    end();
    judge_young(150, 0); /* few numbers, and little turnover */
    assert_verdict(LR_VERDICT_LEAK);
    end();
}

/* One in a thousand. */
static void a_slow_leak_among_many_is_found(void **state)
{
    (void)state;
    judge_pool(160, 13, 160000);
    assert_verdict(LR_VERDICT_LEAK);
    assert_int_equal(model->verdict.never_ended, 160);
    end();
    judge_pool(30, 1, 160000);
    assert_verdict(LR_VERDICT_LEAK);
    end();
    judge_pool(3, 0, 160000); /* too few to call them a cache */
    assert_verdict(LR_VERDICT_LEAK);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_that_grow_are_a_leak),
        cmocka_unit_test(what_a_collection_frees_is_garbage),
        cmocka_unit_test(what_survives_a_collection_is_held),
        cmocka_unit_test(a_full_heap_is_no_leak),
        cmocka_unit_test(a_heap_that_was_never_collected_says_nothing),
        cmocka_unit_test(class_metadata_is_the_jvms),
        cmocka_unit_test(plain_memory_that_grows_is_a_leak),
        cmocka_unit_test(the_jvms_own_memory_is_the_jvms),
        cmocka_unit_test(unsafe_memory_is_the_programs),
        cmocka_unit_test(a_java_threads_block_is_the_jvms),
        cmocka_unit_test(mappings_are_named_by_who_made_them),
        cmocka_unit_test(a_balloon_is_outside),
        cmocka_unit_test(files_in_memory_are_not_projected),
        cmocka_unit_test(what_nobody_followed_is_not_judged),
        cmocka_unit_test(a_full_cache_is_expected),
        cmocka_unit_test(a_young_cache_is_expected),
        cmocka_unit_test(a_slow_leak_among_many_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
