/* test_judge_doubt.c -- what a verdict must not claim: that garbage of one place acquits another,
 * that an incomplete recording shows no leak, that a machine is full of which nothing is known.
 *
 * Stage: unit tests of JUDGE (judged.h has the recording).
 */
#include "judge_internal.h"
#include "judged.h"

#include <stdio.h>
#include <stdlib.h>

/* That one place's streams were dropped says nothing of another's, which live on. */
static void garbage_of_one_place_does_not_acquit_another(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 1000, 1000, 1000, 0, 0);
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2",
                                        "com.acme.Cache.keep(Cache.java):5");
    uint32_t site = lr_make_pairsite(make, 0, stack, 3000, 0, 0);
    for (unsigned i = 0; i < 3000; i++) /* since the collection: nobody knows */
        lr_make_pair(make, 0x900000 + i * 0x100, 0, site, stack, 60 * STEP_MS);
    collect_at_half(make);
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    end();
    make = make_night(); /* two were closed by the Cleaner once, thousands came since */
    add_pairs(make, 3002, 2, 2, 3000, 60 * STEP_MS);
    collect_at_half(make);
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    end();
}

static void a_small_leak_of_streams_does_not_hide_one_of_memory(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 10, 9, 0, 1, 100);
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    judge_growing(make, stack, 1e8);
    assert_verdict(LR_VERDICT_LEAK);
    assert_non_null(strstr(model->verdict.summary, "1 java.util.zip.Inflater was never ended"));
    assert_non_null(strstr(model->verdict.summary, "memory of malloc grows by 100 MB an hour"));
    end();
}

/* Sentences have room for 600 bytes of a place; a character may end behind that. */
static void a_long_name_is_not_cut_inside_a_character(void **state)
{
    (void)state;
    for (unsigned front = 0; front < 3; front++) {
        char name[2000] = "";
        memset(name, 'a', front);
        while (strlen(name) < 1500)
            strcat(name, "\xe2\x82\xac");
        struct lr_make *make = make_night();
        uint32_t method = lr_make_method(make, "com.acme.A", name, "A.java", 0);
        uint64_t frame = lr_make_java_frame(make, method, 7);
        judge_growing(make, lr_make_stack(make, &frame, 1, 0), 1e6);
        size_t length = strlen(model->verdict.next), cut = strcspn(model->verdict.next, "\xe2");
        for (; strncmp(model->verdict.next + cut, "\xe2\x82\xac", 3) == 0; cut += 3)
            continue;
        assert_true(cut > 400 && cut < length);
        assert_string_equal(model->verdict.next + cut,
                            " allocates, or bound how much of it is kept.");
        end();
    }
}

/* One that nobody inflates is how large the machine is; and virtio's counts twice. */
static void an_old_balloon_is_no_verdict(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_balloon] = 3000000000;
    judge(make);
    assert_verdict(LR_VERDICT_NONE);
    end();
    make = make_night(); /* but for who is short of memory */
    for (unsigned i = 0; i < POINTS; i++) {
        values_at(make, i)[LR_SERIES_host_balloon] = 3000000000;
        values_at(make, i)[LR_SERIES_host_available] = 100000000;
    }
    judge(make);
    assert_verdict(LR_VERDICT_OUTSIDE);
    assert_non_null(strstr(model->verdict.summary, "3.00 GB of the machine's memory were withdrawn"));
    end();
    make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_balloon] =
            values_at(make, i)[LR_SERIES_host_withheld] = i < 30 ? 0 : 2000000000;
    judge(make);
    assert_non_null(strstr(model->verdict.summary, "2.00 GB of"));
    end();
}

static void an_unknown_machine_is_not_full(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_available] = LR_NO_VALUE;
    judge(make);
    assert_verdict(LR_VERDICT_NONE);
    end();
}

/* What is missing from the recording may leak. */
static void an_incomplete_recording_acquits_nobody(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    for (unsigned i = 30; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_host_withheld] = 3000000000;
    lr_make_counter(make, LR_CNT_live_full, 7);
    judge(make);
    assert_verdict(LR_VERDICT_OUTSIDE);
    assert_null(strstr(model->verdict.summary, "does not leak"));
    assert_true(has_evidence("the recording is incomplete"));
    end();
}

/* A trace of 1 GiB was said to be helped by one of 256 MiB. */
static void a_larger_file_is_larger(void **state)
{
    (void)state;
    static const struct {
        uint64_t mib;
        const char *advice;
    } known[] = {{4, "size=256M"}, {64, "size=256M"}, {128, "size=512M"}, {1024, "size=4096M"}};
    struct lr_make *make = lr_make_new();
    lr_make_counter(make, LR_CNT_live_full, 7);
    judge(make);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        free(model->verdict.next);
        free(model->verdict.summary);
        model->run.trace_bytes = known[i].mib << 20;
        assert_int_equal(lr_judge_say(model, &(struct lr_facts){0}, NULL), LR_OK);
        assert_non_null(strstr(model->verdict.next, known[i].advice));
    }
    end();
}

/* The stripped `java` that starts every JVM holds 90 kB. */
static size_t notes_with_nameless(uint64_t bytes)
{
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    uint32_t module = lr_make_module(make, "/nowhere/bin/java", 0, 0x10000, 0x20000, "");
    uint64_t frame = lr_make_native_frame(module, 0x100);
    lr_make_live(make, 0x8000, 9000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_live(make, 0x2000000, bytes, LR_KIND_MALLOC, lr_make_stack(make, &frame, 1, 0), 5, 0);
    judge_looking(make, true);
    size_t notes = model->completeness.notes.count;
    end();
    return notes;
}

static void a_little_nameless_memory_is_no_note(void **state)
{
    (void)state;
    assert_int_equal(notes_with_nameless(90000), 0);
    assert_int_equal(notes_with_nameless(900000), 1);
}

/* A buffer that is made larger and larger. */
static void one_block_that_grows_is_not_0_blocks_an_hour(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    lr_make_live(make, 0x8000, 28000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++)
        followed_at(make, i)[SLOT] =
            (struct lr_followed_value){(float)(20e6 + 1e6 * i / 12 + 1e4 * jitter(i)), 1};
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    assert_true(has_evidence("grows by ") && !has_evidence(" blocks an hour"));
    end();
}

/* Their sites found no room in the file: each stack's count at one place all the same. */
static void streams_without_a_site_are_counted_by_stack(void **state)
{
    (void)state;
    enum { STACKS = 150, EACH = 3 };
    struct lr_make *make = make_night();
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    for (unsigned i = 0; i < STACKS * EACH; i++) {
        char where[64];
        snprintf(where, sizeof(where), "com.acme.Codec.read%u(Codec.java):9", i % STACKS);
        uint32_t stack = lr_make_java_stack(make, 1, where);
        lr_make_pair(make, 0x7000 + i * 0x100, pair, 77 + i, stack, 100);
    }
    judge(make);
    assert_int_equal(model->pairs[0].site_count, STACKS);
    for (unsigned i = 0; i < STACKS; i++)
        assert_int_equal(model->pairs[0].sites[i].live, EACH);
    assert_int_equal(model->completeness.verdict, LR_INCOMPLETE);
    end();
}

/* A minute, in which that much was allocated, and no stream acquired. */
static void judge_minute(uint64_t bytes, bool java)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->compat |= java ? LR_COMPAT_JAVA : 0;
    header->end_unix_ns = header->start_unix_ns + UINT64_C(60000000000);
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Buffers.take(Buffers.java):7");
    lr_make_live(make, 0x8000, bytes, LR_KIND_MALLOC, stack, 5, 0);
    judge(make);
}

static void a_minute_does_not_acquit_plain_memory(void **state)
{
    (void)state;
    judge_minute(3000000, true);
    assert_verdict(LR_VERDICT_NONE); /* of streams */
    assert_non_null(strstr(model->verdict.summary, "so none leaks; whether 3.00 MB of plain memory "
                                                   "grow, 1 min 0 s don't tell."));
    end();
    judge_minute(30000000, true);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(model->verdict.next, "record for 10 minutes"));
    end();
    judge_minute(3000, false);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    assert_non_null(strstr(model->verdict.summary, "too short"));
    assert_non_null(strstr(model->verdict.next, "record for 10 minutes"));
    end();
}

/* Eight hours without a time series: they weren't too short. */
static void a_night_without_history_was_not_too_short(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->end_unix_ns = header->start_unix_ns + (uint64_t)NIGHT_MS * 1000000;
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Buffers.take(Buffers.java):7");
    lr_make_live(make, 0x8000, 9000, LR_KIND_MALLOC, stack, 5, 0);
    judge(make);
    assert_verdict(LR_VERDICT_CANNOT_TELL);
    assert_null(strstr(model->verdict.summary, "too short"));
    end();
}

/* The noise is larger than what a night of growth would be. */
static void noise_is_no_verdict(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Cache.put(Cache.java):7");
    lr_make_live(make, 0x8000, 40000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++) /* it rises for a while, and again: chance, or a leak */
        followed_at(make, i)[SLOT] = (struct lr_followed_value){
            (float)(20e6 + 20e6 * (i > 40) * (i - 40.0) / 57 * (i % 12 < 8) + 8e6 * jitter(i)), 1};
    judge(make);
    assert_true(model->verdict.kind != LR_VERDICT_LEAK);
    assert_true(model->verdict.kind != LR_VERDICT_NONE ||
                model->sites[0].trend.kind != LR_TREND_UNKNOWN);
    end();
}

/* One page has room for a few kinds only; evidence and JSON have all of them. */
static void a_hundred_kinds_are_not_all_in_the_first_line(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint64_t handle = 0x7000;
    for (unsigned kind = 0; kind < 100; kind++) {
        char name[64], where[64];
        snprintf(name, sizeof(name), "com.acme.Handle%02u", kind);
        snprintf(where, sizeof(where), "com.acme.Use.take%u(Use.java):9", kind);
        uint32_t pair = lr_make_pairdef(make, name, LR_PAIR_JAVA);
        uint32_t stack = lr_make_java_stack(make, 1, where);
        unsigned live = kind < 2 ? 1200 - 50 * kind : kind == 2 ? 50 : 2;
        uint32_t site = lr_make_pairsite(make, pair, stack, live, 0, 0);
        for (unsigned i = 0; i < live; i++)
            lr_make_pair(make, handle += 0x100, pair, site, stack, 100);
    }
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    const char *first = "1,200 com.acme.Handle00, 1,150 com.acme.Handle01, 50 com.acme.Handle02 and "
                        "194 of 97 other kinds were never ended";
    if (strncmp(model->verdict.summary, first, strlen(first)) != 0)
        fail_msg("%s", model->verdict.summary);
    assert_true(has_evidence("1,200 of 1,200 com.acme.Handle00 acquired in com.acme.Use.take0"));
    assert_true(has_evidence("com.acme.Handle99 acquired in com.acme.Use.take99"));
    end();
}

/* The newest stream is of hour 4; by then there were 48 young collections and one of all, in the end
 * 96 and 3. */
static void collections_since_the_newest_stream_are_counted(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 1000, 520, 0, 480, 48 * STEP_MS);
    for (unsigned i = 0; i < POINTS; i++) {
        values_at(make, i)[LR_SERIES_java_young_gcs] = i;
        values_at(make, i)[LR_SERIES_java_full_gcs] = i < 10 ? 0 : i < 60 ? 1 : 3;
    }
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    assert_true(has_evidence("50 collections since the newest of them was acquired"));
    end();
    make = make_night();
    add_pairs(make, 1000, 520, 0, 480, 60 * STEP_MS);
    collect_at_half(make);
    judge(make);
    assert_true(has_evidence("no collections since the newest of them"));
    end();
    make = make_night(); /* counters that nobody could read */
    add_pairs(make, 1000, 520, 0, 480, 100);
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_java_full_gcs] = LR_NO_VALUE;
    judge(make);
    assert_false(has_evidence("since the newest"));
    end();
}

/* It grew steadily for four hours; then there was no more room, and all lines are flat. */
static void growth_until_the_recording_was_full_stands(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    lr_make_live(make, 0x8000, 24000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    lr_make_stack_totals(make, stack, 9000, 90000000, 4000, 4000000);
    lr_make_counter(make, LR_CNT_live_full, 4000);
    for (unsigned i = 0; i < POINTS; i++) {
        double hours = fmin((double)i * 5 / 60, 4);
        values_at(make, i)[LR_SERIES_lost] = i <= 48 ? 0 : i - 48;
        followed_at(make, i)[SLOT] = (struct lr_followed_value){
            (float)(20e6 + 1e6 * hours + 1e4 * jitter(i) * (i <= 48)), (float)(20000 + 1000 * hours)};
    }
    judge(make);
    assert_verdict(LR_VERDICT_LEAK);
    assert_non_null(strstr(model->verdict.summary, "the recording was full after 4 h 00 min"));
    assert_non_null(strstr(model->verdict.summary, "at least 24.0 MB are held"));
    assert_true(has_evidence("4,000 more that it allocated found no room"));
    assert_true(has_evidence("is incomplete: what leaks is at least that much"));
    end();
}

/* 480 streams, which came evenly until that share of the night; so many more were ended meanwhile. */
static void judge_streams_until(double share, unsigned ended)
{
    struct lr_make *make = make_night();
    uint32_t site = add_pairs(make, 480 + ended, ended, 0, 480, 100);
    lr_make_followed(make, PAIR_SLOT, LR_FOLLOWED_PAIR, site, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        double live = floor(480 * fmin((double)i / (POINTS - 1) / share, 1));
        followed_at(make, i)[PAIR_SLOT] = (struct lr_followed_value){(float)(3e4 * live), (float)live};
    }
    judge(make);
}

/* It looked like a cache that was full: the program had only done its work. */
static void work_that_ended_is_no_full_cache(void **state)
{
    (void)state;
    static const double shares[] = {0.8, 0.85, 0.95};
    for (unsigned i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        judge_streams_until(shares[i], 0);
        assert_verdict(LR_VERDICT_LEAK);
        assert_null(model->pairs[0].sites[0].expected);
        end();
    }
    judge_streams_until(0.85, 9000); /* it ends its streams: those are kept */
    assert_verdict(LR_VERDICT_NONE);
    assert_non_null(model->pairs[0].sites[0].expected);
    end();
}

static void a_pool_that_stays_is_expected(void **state)
{
    (void)state;
    judge_streams_until(0.5, 0);
    assert_verdict(LR_VERDICT_NONE);
    assert_non_null(model->pairs[0].sites[0].expected);
    const char *all = "all 480 streams are live as expected (caches, pools, start-up)";
    assert_int_equal(strncmp(model->verdict.summary, all, strlen(all)), 0);
    end();
    judge_streams_until(0.5, 20);
    const char *most = "20 streams acquired, all ended; 480 more live as expected";
    assert_int_equal(strncmp(model->verdict.summary, most, strlen(most)), 0);
    end();
}

/* 50 MB in the last 96 minutes: the night was said to show no leak. */
static void a_leak_of_the_last_hours_is_one(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    lr_make_live(make, 0x8000, 70000000, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        double late = fmax((double)i / (POINTS - 1) - 0.8, 0) / 0.2;
        followed_at(make, i)[SLOT] = (struct lr_followed_value){
            (float)(20e6 + 50e6 * late + 1e5 * jitter(i)), (float)(20000 + 50000 * late)};
    }
    judge(make);
    assert_verdict(LR_VERDICT_CANNOT_TELL); /* 20 points are too few for a line of their own */
    assert_non_null(strstr(model->verdict.summary, "it began to grow late"));
    if (!strstr(model->verdict.summary, "(it has grown for 1 h "))
        fail_msg("%s", model->verdict.summary);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_of_one_place_does_not_acquit_another),
        cmocka_unit_test(a_small_leak_of_streams_does_not_hide_one_of_memory),
        cmocka_unit_test(a_long_name_is_not_cut_inside_a_character),
        cmocka_unit_test(an_old_balloon_is_no_verdict),
        cmocka_unit_test(an_unknown_machine_is_not_full),
        cmocka_unit_test(an_incomplete_recording_acquits_nobody),
        cmocka_unit_test(a_larger_file_is_larger),
        cmocka_unit_test(a_little_nameless_memory_is_no_note),
        cmocka_unit_test(one_block_that_grows_is_not_0_blocks_an_hour),
        cmocka_unit_test(streams_without_a_site_are_counted_by_stack),
        cmocka_unit_test(a_minute_does_not_acquit_plain_memory),
        cmocka_unit_test(a_night_without_history_was_not_too_short),
        cmocka_unit_test(noise_is_no_verdict),
        cmocka_unit_test(a_hundred_kinds_are_not_all_in_the_first_line),
        cmocka_unit_test(collections_since_the_newest_stream_are_counted),
        cmocka_unit_test(growth_until_the_recording_was_full_stands),
        cmocka_unit_test(work_that_ended_is_no_full_cache),
        cmocka_unit_test(a_pool_that_stays_is_expected),
        cmocka_unit_test(a_leak_of_the_last_hours_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
