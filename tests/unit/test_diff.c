/* test_diff.c -- two made runs compared: which places are the same, and what changed.
 *
 * Stage: unit tests of DIFF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "diff.h"
#include "load.h"
#include "make_trace.h"
#include "symbolize.h"

#define INIT "java.util.zip.Inflater.init:-2"
#define MALLOC "java.nio.Bits.allocate:-2"

struct run {
    struct lr_make *make;
    uint32_t inflater;
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
};

struct fixture {
    struct run old, new;
    struct lr_diff *diff;
};

static void begin_run(struct run *run)
{
    run->make = lr_make_new();
    run->inflater = lr_make_pairdef(run->make, "java.util.zip.Inflater", LR_PAIR_JAVA);
}

static void end_run(struct run *run)
{
    lr_model_free(run->model);
    lr_symbolizer_close(run->symbolizer);
    lr_trace_close(run->trace);
    lr_make_free(run->make);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    begin_run(&fixture->old);
    begin_run(&fixture->new);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    lr_diff_free(fixture->diff);
    end_run(&fixture->old);
    end_run(&fixture->new);
    free(fixture);
    return 0;
}

static void build(struct run *run)
{
    struct lr_symbolizer_options options = {.no_files = true};
    struct lr_error error = {{0}, {0}};
    size_t size;
    const unsigned char *bytes;

    lr_make_seal(run->make);
    bytes = lr_make_bytes(run->make, &size);
    if (lr_trace_open_bytes(bytes, size, "made.lkr", &run->trace, &error) != LR_OK)
        fail_msg("%s", error.text);
    run->symbolizer = lr_symbolizer_open(run->trace, &options);
    assert_non_null(run->symbolizer);
    if (lr_model_build(run->trace, run->symbolizer, &run->model, &error) != LR_OK)
        fail_msg("%s", error.text);
}

static const struct lr_diff *diff_with(struct fixture *fixture, struct lr_diff_options options)
{
    struct lr_error error = {{0}, {0}};

    build(&fixture->old);
    build(&fixture->new);
    if (lr_diff_make(fixture->old.model, fixture->new.model, &options, &fixture->diff, &error) !=
        LR_OK)
        fail_msg("%s", error.text);
    return fixture->diff;
}

static const struct lr_diff *diff(struct fixture *fixture)
{
    return diff_with(fixture, LR_DIFF_DEFAULTS);
}

static void lasts(struct run *run, uint64_t seconds)
{
    struct lr_header *header = lr_make_header(run->make);

    header->end_unix_ns = header->start_unix_ns + seconds * 1000000000u;
    header->heartbeat_ms = (uint32_t)(seconds * 1000);
}

/* `live` streams at the stack that the frames make, none released. */
static void leak(struct run *run, uint32_t stack, uint64_t live)
{
    static uint64_t handle = 0x10000;
    uint32_t site = lr_make_pairsite(run->make, run->inflater, stack, live, 0, 0);

    for (uint64_t i = 0; i < live; i++)
        lr_make_pair(run->make, handle += 16, run->inflater, site, stack, 100);
}

static void leak_at(struct run *run, const char *frame, const char *caller, uint64_t live)
{
    leak(run, lr_make_java_stack(run->make, 3, INIT, frame, caller), live);
}

static void hold(struct run *run, uint32_t stack, uint64_t bytes)
{
    static uint64_t address = 0x1000000;

    lr_make_live(run->make, address += 0x1000000, bytes, LR_KIND_MALLOC, stack, 100, 0);
}

static void hold_at(struct run *run, const char *frame, uint64_t bytes)
{
    hold(run, lr_make_java_stack(run->make, 2, MALLOC, frame), bytes);
}

static void equal_runs_are_equal(void **state)
{
    struct fixture *fixture = *state;
    struct run *runs[] = {&fixture->old, &fixture->new};

    for (int i = 0; i < 2; i++) {
        leak_at(runs[i], "com.acme.Codec.read(Codec.java):42", "com.acme.web.H.handle:7", 50);
        hold_at(runs[i], "com.acme.Cache.fill(Cache.java):9", 5000000);
    }
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_int_equal(fixture->diff->count, 2);
    assert_int_equal(fixture->diff->counted, 2);
    assert_int_equal(fixture->diff->states[LR_DIFF_EQUAL], 2);
    assert_true(fixture->diff->alike_long);
}

static void another_line_is_the_same_place(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.Codec.read(Codec.java):42", "com.acme.web.H.handle:7", 50);
    leak_at(&fixture->new, "com.acme.Codec.read(Codec.java):57", "com.acme.web.H.handle:11", 20);
    leak_at(&fixture->new, "com.acme.Codec.read(Codec.java):61", "com.acme.web.H.handle:13", 30);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_int_equal(fixture->diff->count, 1);
    assert_int_equal(fixture->diff->items[0].new.sites, 2);
    /* The one with most lends its frames. */
    assert_int_equal(fixture->diff->items[0].path->frames[1].line, 61);
}

static void new_and_gone_both_ways_round(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.Codec.read:42", "com.acme.web.H.handle:7", 50);
    leak_at(&fixture->new, "com.acme.Other.read:42", "com.acme.web.H.handle:7", 60);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_REGRESSION);
    assert_int_equal(fixture->diff->count, 2);
    assert_int_equal(fixture->diff->items[0].state, LR_DIFF_NEW);
    assert_true(lr_diff_is_regression(&fixture->diff->items[0]));
    assert_int_equal(fixture->diff->items[0].count.delta.value, 60);
    assert_int_equal(fixture->diff->items[1].state, LR_DIFF_GONE);
    assert_int_equal(fixture->diff->items[1].count.delta.low, -50);
    assert_int_equal(fixture->diff->items[1].count.delta.high, -50);
}

/* In the new run the place is there, and ends what it acquires. */
static void mended_is_gone_and_an_improvement(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->new.make, 3, INIT, "com.acme.Codec.read:42",
                                        "com.acme.web.H.handle:7");

    leak_at(&fixture->old, "com.acme.Codec.read:40", "com.acme.web.H.handle:7", 50);
    lr_make_pairsite(fixture->new.make, fixture->new.inflater, stack, 500, 500, 0);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_IMPROVEMENT);
    assert_int_equal(fixture->diff->count, 1);
    assert_int_equal(fixture->diff->items[0].state, LR_DIFF_GONE);
    assert_int_equal(fixture->diff->items[0].new.acquired, 500);
}

static void what_the_cleaner_closed_counts(void **state)
{
    struct fixture *fixture = *state;
    const char *frames[] = {INIT, "com.acme.Codec.read:42"};
    struct run *runs[] = {&fixture->old, &fixture->new};

    for (int i = 0; i < 2; i++) {
        uint32_t stack = lr_make_java_stack(runs[i]->make, 2, frames[0], frames[1]);

        lr_make_pairsite(runs[i]->make, runs[i]->inflater, stack, 1000, 1000, i == 0 ? 0 : 800);
    }
    assert_int_equal(diff(fixture)->items[0].state, LR_DIFF_NEW);
    assert_int_equal(fixture->diff->items[0].count.delta.value, 800);
}

static void lambdas_and_anonymous_classes_may_be_renumbered(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.Codec$$Lambda$14/0x7f00.run:1", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->new, "com.acme.Codec$$Lambda$92/0x7f88.run:1", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->old, "com.acme.Codec.lambda$read$0:5", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->new, "com.acme.Codec.lambda$read$3:5", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->old, "com.acme.Reader$1.call:5", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->new, "com.acme.Reader$12.call:5", "com.acme.web.H.go:7", 50);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_int_equal(fixture->diff->count, 3);
}

/* Which of the two would be the old one's?  Both stay what they are. */
static void two_candidates_are_none(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.Reader$1.call:5", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->new, "com.acme.Reader$2.call:5", "com.acme.web.H.go:7", 50);
    leak_at(&fixture->new, "com.acme.Reader$3.call:5", "com.acme.web.H.go:7", 50);
    assert_int_equal(diff(fixture)->count, 3);
    assert_int_equal(fixture->diff->states[LR_DIFF_NEW], 2);
    assert_int_equal(fixture->diff->states[LR_DIFF_GONE], 1);
}

/* Outer frames don't tell places apart; what happens between the culprit and who decided does. */
static void the_deciding_caller_tells_places_apart(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.Codec.read:42", "com.acme.web.H.handle:7", 50);
    leak_at(&fixture->new, "com.acme.Codec.read:42", "com.acme.batch.B.nightly:7", 50);
    diff(fixture);
    assert_int_equal(fixture->diff->states[LR_DIFF_NEW], 1);
    assert_int_equal(fixture->diff->states[LR_DIFF_GONE], 1);
}

static void little_is_nothing(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.A.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.A.read:42", "com.acme.web.H.handle:7", 125); /* a quarter */
    leak_at(&fixture->new, "com.acme.B.read:42", "com.acme.web.H.handle:7", 4);
    hold_at(&fixture->new, "com.acme.C.fill:9", 262144);
    hold_at(&fixture->old, "com.acme.D.fill:9", 10000000);
    hold_at(&fixture->new, "com.acme.D.fill:9", 12400000);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_int_equal(fixture->diff->count, 4);
}

static void more_than_little_is_grown_or_shrunk(void **state)
{
    struct fixture *fixture = *state;

    leak_at(&fixture->old, "com.acme.A.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.A.read:42", "com.acme.web.H.handle:7", 126);
    leak_at(&fixture->new, "com.acme.B.read:42", "com.acme.web.H.handle:7", 5);
    hold_at(&fixture->old, "com.acme.D.fill:9", 12600000);
    hold_at(&fixture->new, "com.acme.D.fill:9", 10000000);
    diff(fixture);
    assert_int_equal(fixture->diff->states[LR_DIFF_GROWN], 1);
    assert_int_equal(fixture->diff->states[LR_DIFF_NEW], 1);
    assert_int_equal(fixture->diff->states[LR_DIFF_SHRUNK], 1);
    assert_int_equal(fixture->diff->verdict, LR_DIFF_REGRESSION);
}

/* One block of 1 MB in 4 that was recorded, and none: chance. */
static void chance_of_sampling_is_no_change(void **state)
{
    struct fixture *fixture = *state;
    struct run *runs[] = {&fixture->old, &fixture->new};
    struct lr_live *block;

    for (int i = 0; i < 2; i++)
        lr_make_header(runs[i]->make)->max_interval = 4 << 20;
    hold_at(&fixture->new, "com.acme.C.fill:9", 1 << 20);
    block = lr_make_entry(fixture->new.make, LR_SEC_LIVE, 0);
    block->weight = 4.5;
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_true(fixture->diff->items[0].bytes.delta.low < 0);
    assert_true(fixture->diff->items[0].bytes.delta.high > 4 << 20);
}

static void a_hundred_samples_are_a_change(void **state)
{
    struct fixture *fixture = *state;
    struct run *runs[] = {&fixture->old, &fixture->new};

    for (int i = 0; i < 2; i++)
        lr_make_header(runs[i]->make)->max_interval = 1 << 20;
    for (int i = 0; i < 100; i++) {
        struct lr_live *block;

        hold_at(&fixture->new, "com.acme.C.fill:9", 1 << 20);
        block = lr_make_entry(fixture->new.make, LR_SEC_LIVE, (uint64_t)i);
        block->weight = 1.5;
    }
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_REGRESSION);
    assert_int_equal(fixture->diff->items[0].state, LR_DIFF_NEW);
    assert_true(fixture->diff->items[0].bytes.delta.low > 100 << 20);
}

/* A loaded machine makes a short run of the same work three times as long. */
static void how_long_short_runs_take_does_not_matter(void **state)
{
    struct fixture *fixture = *state;

    lasts(&fixture->old, 10);
    lasts(&fixture->new, 30);
    leak_at(&fixture->old, "com.acme.More.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.More.read:42", "com.acme.web.H.handle:7", 200);
    assert_int_equal(diff(fixture)->items[0].state, LR_DIFF_GROWN);
}

/* Six times as long: what leaks at the same pace isn't grown, what leaks faster is; a cache that
 * is as full isn't shrunk. */
static void runs_of_unequal_length_are_compared_per_hour_too(void **state)
{
    struct fixture *fixture = *state;

    lasts(&fixture->old, 60);
    lasts(&fixture->new, 360);
    leak_at(&fixture->old, "com.acme.Same.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.Same.read:42", "com.acme.web.H.handle:7", 600);
    leak_at(&fixture->old, "com.acme.Faster.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.Faster.read:42", "com.acme.web.H.handle:7", 1200);
    leak_at(&fixture->old, "com.acme.Slower.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.Slower.read:42", "com.acme.web.H.handle:7", 200);
    hold_at(&fixture->old, "com.acme.Cache.fill:9", 10000000);
    hold_at(&fixture->new, "com.acme.Cache.fill:9", 10000000);
    diff(fixture);
    assert_false(fixture->diff->alike_long);
    assert_int_equal(fixture->diff->states[LR_DIFF_GROWN], 1);
    assert_int_equal(fixture->diff->states[LR_DIFF_UNCLEAR], 1);
    assert_int_equal(fixture->diff->states[LR_DIFF_EQUAL], 2);
    assert_string_equal(fixture->diff->items[0].path->frames[1].function, "com.acme.Faster.read");
    assert_int_equal(fixture->diff->items[0].count_rate.old.value, 6000);
    assert_int_equal(fixture->diff->items[0].count_rate.new.value, 12000);
}

static void totals_or_rates_can_be_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct lr_diff_options options = LR_DIFF_DEFAULTS;

    lasts(&fixture->old, 60);
    lasts(&fixture->new, 360);
    leak_at(&fixture->old, "com.acme.Slower.read:42", "com.acme.web.H.handle:7", 100);
    leak_at(&fixture->new, "com.acme.Slower.read:42", "com.acme.web.H.handle:7", 200);
    options.by = LR_DIFF_TOTALS;
    assert_int_equal(diff_with(fixture, options)->items[0].state, LR_DIFF_GROWN);
    lr_diff_free(fixture->diff);
    options.by = LR_DIFF_RATES;
    assert_int_equal(lr_diff_make(fixture->old.model, fixture->new.model, &options, &fixture->diff,
                                  NULL),
                     LR_OK);
    assert_int_equal(fixture->diff->items[0].state, LR_DIFF_SHRUNK);
    assert_int_equal(fixture->diff->items[0].basis, LR_DIFF_BY_RATE);
}

/* In the runs' last words: dropped records. */
static void incomplete_runs_are_never_the_same(void **state)
{
    struct fixture *fixture = *state;

    lr_make_counter(fixture->new.make, LR_CNT_pairs_full, 1);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_CANNOT_TELL);
}

static void incomplete_runs_may_have_a_regression(void **state)
{
    struct fixture *fixture = *state;

    lr_make_counter(fixture->new.make, LR_CNT_pairs_full, 1);
    leak_at(&fixture->new, "com.acme.B.read:42", "com.acme.web.H.handle:7", 5);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_REGRESSION);
}

static void a_blind_run_tells_nothing(void **state)
{
    struct fixture *fixture = *state;

    lr_make_header(fixture->old.make)->compat |= LR_COMPAT_BLIND;
    leak_at(&fixture->new, "com.acme.B.read:42", "com.acme.web.H.handle:7", 5);
    assert_int_equal(diff(fixture)->verdict, LR_DIFF_CANNOT_TELL);
}

static void empty_runs_are_the_same(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(diff(fixture)->verdict, LR_DIFF_SAME);
    assert_int_equal(fixture->diff->count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_runs_are_equal),
        TEST(another_line_is_the_same_place),
        TEST(new_and_gone_both_ways_round),
        TEST(mended_is_gone_and_an_improvement),
        TEST(what_the_cleaner_closed_counts),
        TEST(lambdas_and_anonymous_classes_may_be_renumbered),
        TEST(two_candidates_are_none),
        TEST(the_deciding_caller_tells_places_apart),
        TEST(little_is_nothing),
        TEST(more_than_little_is_grown_or_shrunk),
        TEST(chance_of_sampling_is_no_change),
        TEST(a_hundred_samples_are_a_change),
        TEST(how_long_short_runs_take_does_not_matter),
        TEST(runs_of_unequal_length_are_compared_per_hour_too),
        TEST(totals_or_rates_can_be_asked_for),
        TEST(incomplete_runs_are_never_the_same),
        TEST(incomplete_runs_may_have_a_regression),
        TEST(a_blind_run_tells_nothing),
        TEST(empty_runs_are_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
