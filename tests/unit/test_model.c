/* test_model.c -- from synthesized traces to the model: sums, merging, classes, verdicts.
 *
 * Stage: unit tests of MODEL and JUDGE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "symbolize.h"

#define INIT "java.util.zip.Inflater.init:-2"
#define READ "com.acme.Codec.read(Codec.java):42"
#define HANDLE "com.acme.web.Handler.handle(Handler.java):7"

struct fixture {
    struct lr_make *make;
    uint32_t inflater;
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->make = lr_make_new();
    fixture->inflater = lr_make_pairdef(fixture->make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    lr_model_free(fixture->model);
    lr_symbolizer_close(fixture->symbolizer);
    lr_trace_close(fixture->trace);
    lr_make_free(fixture->make);
    free(fixture);
    return 0;
}

static const struct lr_model *build(struct fixture *fixture)
{
    struct lr_symbolizer_options options = {.no_files = true};
    struct lr_error error = {{0}, {0}};
    size_t size;
    const unsigned char *bytes;

    lr_make_seal(fixture->make);
    bytes = lr_make_bytes(fixture->make, &size);
    if (lr_trace_open_bytes(bytes, size, "made.lkr", &fixture->trace, &error) != LR_OK)
        fail_msg("%s", error.text);
    fixture->symbolizer = lr_symbolizer_open(fixture->trace, &options);
    assert_non_null(fixture->symbolizer);
    if (lr_model_build(fixture->trace, fixture->symbolizer, &fixture->model, &error) != LR_OK)
        fail_msg("%s", error.text);
    return fixture->model;
}

/* The process was killed at its last sign of life, 10 s after the start. */
static void make_killed(struct fixture *fixture)
{
    struct lr_header *header = lr_make_header(fixture->make);

    header->state = LR_STATE_OPEN;
    header->end_unix_ns = 0;
    header->heartbeat_ms = 10000;
}

/* A site with `live` live pairs, born at birth_ms, and as many releases as are missing. */
static uint32_t make_site(struct fixture *fixture, uint32_t stack, uint64_t acquired, uint64_t live,
                          uint64_t by_cleaner, uint32_t birth_ms)
{
    static uint64_t handle = 0x10000;
    uint32_t site = lr_make_pairsite(fixture->make, fixture->inflater, stack, acquired,
                                     acquired - live, by_cleaner);

    for (uint64_t i = 0; i < live; i++)
        lr_make_pair(fixture->make, handle += 16, fixture->inflater, site, stack, birth_ms);
    return site;
}

static const struct lr_model_pair_site *only_site(const struct lr_model *model)
{
    assert_int_equal(model->pair_count, 1);
    assert_int_equal(model->pairs[0].site_count, 1);
    return &model->pairs[0].sites[0];
}

static void a_leak_is_named_with_its_counts(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 3, INIT, READ, HANDLE);
    const struct lr_model_pair_site *site;
    const struct lr_model *model;

    make_site(fixture, stack, 10, 6, 3, 100);
    model = build(fixture);
    site = only_site(model);
    assert_int_equal(site->class, LR_CLASS_LEAK);
    assert_int_equal(site->acquired, 10);
    assert_int_equal(site->live, 6);
    assert_int_equal(site->released, 4);
    assert_int_equal(site->released_by_cleaner, 3);
    assert_int_equal(lr_pair_site_never_ended(site), 9);
    assert_string_equal(site->path.frames[site->path.culprit].function, "com.acme.Codec.read");
    assert_int_equal(site->path.frames[site->path.culprit].line, 42);
    assert_int_equal(model->verdict.kind, LR_VERDICT_LEAK);
    assert_int_equal(model->verdict.never_ended, 9);
    assert_int_equal(model->verdict.evidence.count, 1);
}

static void what_only_the_cleaner_closed_is_a_leak(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_site(fixture, stack, 5, 0, 5, 0);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_LEAK);
    assert_int_equal(fixture->model->verdict.never_ended, 5);
}

static void everything_ended_is_clean(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_site(fixture, stack, 500, 0, 0, 0);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_CLEAN);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_NONE);
    assert_int_equal(fixture->model->completeness.verdict, LR_COMPLETE);
}

static void native_frames_and_what_lies_beyond_dont_split(void **state)
{
    struct fixture *fixture = *state;
    struct lr_make *make = fixture->make;
    uint32_t zip = lr_make_module(make, "/jdk/lib/libzip.so", 0, 0x1000, 0x9000, "");
    uint64_t first[] = {lr_make_native_frame(zip, 0x1111), lr_make_java_frame_text(make, INIT),
                        lr_make_java_frame_text(make, READ), lr_make_java_frame_text(make, HANDLE),
                        lr_make_java_frame_text(make, "com.acme.Main.main(Main.java):1")};
    uint64_t second[] = {lr_make_native_frame(zip, 0x2222), lr_make_java_frame_text(make, INIT),
                         lr_make_java_frame_text(make, READ), lr_make_java_frame_text(make, HANDLE),
                         lr_make_java_frame_text(make, "com.acme.Pool.loop(Pool.java):9")};
    uint64_t other[] = {
        lr_make_native_frame(zip, 0x1111), lr_make_java_frame_text(make, INIT),
        lr_make_java_frame_text(make, READ),
        lr_make_java_frame_text(make, "com.acme.web.Handler.handle(Handler.java):8")};
    const struct lr_model *model;

    make_site(fixture, lr_make_stack(make, first, 5, 0), 3, 3, 0, 50);
    make_site(fixture, lr_make_stack(make, second, 5, 0), 4, 4, 0, 60);
    make_site(fixture, lr_make_stack(make, other, 4, 0), 2, 2, 0, 70);
    model = build(fixture);
    assert_int_equal(model->pairs[0].site_count, 2); /* by the caller's line */
    assert_int_equal(model->pairs[0].sites[0].live, 7);
    assert_int_equal(model->pairs[0].sites[0].path.stacks, 2);
    assert_int_equal(model->pairs[0].sites[0].oldest_ms, 50);
    assert_int_equal(model->pairs[0].sites[0].newest_ms, 60);
    assert_int_equal(model->pairs[0].sites[1].live, 2);
    assert_int_equal(model->pairs[0].live, 9);
}

static void owned_bytes_are_the_pairs_only(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);
    const struct lr_model_pair_site *site;

    make_site(fixture, stack, 1, 1, 0, 10);
    lr_make_live(fixture->make, 0x5000, 7160, LR_KIND_MALLOC, stack, 10, LR_LIVE_OWNED);
    lr_make_live(fixture->make, 0x7000, 32768, LR_KIND_MALLOC, stack, 20,
                 LR_LIVE_OWNED | LR_LIVE_LATER);
    lr_make_live(fixture->make, 0x9000, 100, LR_KIND_MALLOC, stack, 20, 0);
    site = only_site(build(fixture));
    assert_int_equal(site->bytes_at_creation, 7160);
    assert_int_equal(site->bytes_later, 32768);
    assert_int_equal(fixture->model->pairs[0].live_bytes, 39928);
    assert_int_equal(fixture->model->verdict.held_bytes, 39928);
    assert_int_equal(fixture->model->site_count, 1);
    assert_true(fixture->model->sites[0].live_bytes.value == 100);
}

static void memory_is_summed_by_place_exactly(void **state)
{
    struct fixture *fixture = *state;
    struct lr_make *make = fixture->make;
    uint32_t tool = lr_make_module(make, "/usr/bin/tool", 0, 0x1000, 0x9000, "");
    uint64_t frame = lr_make_native_frame(tool, 0x1234);
    uint64_t elsewhere = lr_make_native_frame(tool, 0x2);
    uint32_t here = lr_make_stack(make, &frame, 1, 0);
    uint32_t there = lr_make_stack(make, &elsewhere, 1, 0);
    const struct lr_model *model;

    for (uint64_t i = 0; i < 7; i++)
        lr_make_live(make, 0x1000 * (i + 1), 10 + i, LR_KIND_MALLOC, here, 5, 0);
    lr_make_live(make, 0x90000, 1000, LR_KIND_NEW, there, 5, 0);
    lr_make_region(make, 0x7f0000000000, 1 << 20, there, 5, 3);
    model = build(fixture);
    assert_int_equal(model->site_count, 3);
    assert_int_equal(model->sites[0].kind, LR_MEMORY_NEW);
    assert_true(model->sites[1].live_bytes.value == 91 && model->sites[1].live_bytes.low == 91 &&
                model->sites[1].live_bytes.high == 91);
    assert_true(model->sites[1].live_count.value == 7);
    assert_int_equal(model->sites[2].kind, LR_MEMORY_MMAP);
    assert_true(model->sites[2].live_bytes.value == 1 << 20);
    assert_int_equal(model->verdict.kind, LR_VERDICT_CANNOT_TELL); /* not judged */
}

/* A record that stands for ten: ten times the bytes, and a range around the estimate. */
static void sampled_records_are_scaled_up(void **state)
{
    struct fixture *fixture = *state;
    uint32_t tool = lr_make_module(fixture->make, "/usr/bin/tool", 0, 0x1000, 0x9000, "");
    uint64_t frame = lr_make_native_frame(tool, 0x1234);
    uint32_t stack = lr_make_stack(fixture->make, &frame, 1, 0);
    const struct lr_model_memory_site *site;

    lr_make_header(fixture->make)->compat &= ~LR_COMPAT_EXACT;
    for (uint64_t i = 0; i < 100; i++) {
        lr_make_live(fixture->make, 0x10000 + 64 * i, 50, LR_KIND_MALLOC, stack, 5, 0);
        ((struct lr_live *)lr_make_entry(fixture->make, LR_SEC_LIVE, i))->weight = 10;
    }
    site = &build(fixture)->sites[0];
    assert_false(fixture->model->completeness.exact);
    assert_true(site->live_bytes.value == 50000);
    assert_true(site->live_count.value == 1000);
    /* sd of the count: sqrt(100 * 10 * 9) = 94.9; gamma's tails, about 1.96 of them */
    assert_true(site->live_count.low > 810 && site->live_count.low < 830);
    assert_true(site->live_count.high > 1190 && site->live_count.high < 1230);
    assert_true(site->live_bytes.low / 50 - site->live_count.low < 0.01);
}

static void jar_cache_is_expected(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(
        fixture->make, 3, INIT,
        "java.util.zip.ZipFile$CleanableResource.getInflater(ZipFile.java):717", READ);

    make_site(fixture, stack, 3, 3, 0, 10);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_EXPECTED);
    assert_non_null(only_site(fixture->model)->expected);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_NONE);
}

static void in_use_when_killed_is_no_leak(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_killed(fixture);
    make_site(fixture, stack, 1000, 2, 0, 9990);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_TRANSIENT);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_NONE);
}

static void old_ones_were_not_in_use(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_killed(fixture);
    make_site(fixture, stack, 1000, 2, 0, 5000);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_LEAK);
}

static void never_ended_explicitly_was_not_in_use(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_killed(fixture);
    make_site(fixture, stack, 2, 2, 0, 9990);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_LEAK);
}

static void too_many_were_not_in_use(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_killed(fixture);
    make_site(fixture, stack, 1000, 11, 0, 9990);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_LEAK);
}

static void after_an_exit_nothing_is_in_use(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_site(fixture, stack, 1000, 2, 0, 9990);
    assert_int_equal(only_site(build(fixture))->class, LR_CLASS_LEAK);
}

static void a_loss_forbids_to_say_none(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_site(fixture, stack, 5, 0, 0, 0);
    lr_make_counter(fixture->make, LR_CNT_pairs_full, 7);
    build(fixture);
    assert_int_equal(fixture->model->completeness.verdict, LR_INCOMPLETE);
    assert_int_equal(fixture->model->completeness.loss_count, 1);
    assert_int_equal(fixture->model->completeness.losses[0].value, 7);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_CANNOT_TELL);
}

static void a_loss_does_not_hide_a_leak(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    make_site(fixture, stack, 5, 5, 0, 0);
    lr_make_counter(fixture->make, LR_CNT_live_full, 7);
    assert_int_equal(build(fixture)->verdict.kind, LR_VERDICT_LEAK);
}

static void one_stream_is_no_plural(void **state)
{
    struct fixture *fixture = *state;

    make_site(fixture, lr_make_java_stack(fixture->make, 1, READ), 1, 0, 0, 0);
    assert_string_equal(build(fixture)->verdict.summary, "1 stream acquired, and ended.");
}

/* A server's workers: the report of its master is not theirs. */
static void forks_are_told(void **state)
{
    struct fixture *fixture = *state;
    const struct lr_model *model;

    lr_make_counter(fixture->make, LR_CNT_forks, 2);
    model = build(fixture);
    assert_int_equal(model->completeness.verdict, LR_COMPLETE);
    assert_int_equal(model->completeness.notes.count, 1);
    assert_string_equal(model->completeness.notes.items[0],
                        "it forked 2 children: what those do is not in this recording");
}

static void blind_can_not_tell(void **state)
{
    struct fixture *fixture = *state;

    lr_make_header(fixture->make)->compat |= LR_COMPAT_BLIND;
    build(fixture);
    assert_int_equal(fixture->model->completeness.verdict, LR_BLIND);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_CANNOT_TELL);
}

static void a_jvm_without_streams_is_clean(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 1, READ);

    lr_make_header(fixture->make)->compat |= LR_COMPAT_JAVA;
    lr_make_live(fixture->make, 0x5000, 100, LR_KIND_MALLOC, stack, 10, 0);
    assert_int_equal(build(fixture)->verdict.kind, LR_VERDICT_NONE);
}

static void live_pairs_without_a_site_are_kept(void **state)
{
    struct fixture *fixture = *state;
    uint32_t stack = lr_make_java_stack(fixture->make, 2, INIT, READ);

    for (uint64_t i = 0; i < 3; i++)
        lr_make_pair(fixture->make, 0x7000 + 16 * i, fixture->inflater, 999, stack, 10);
    assert_int_equal(only_site(build(fixture))->live, 3);
    assert_int_equal(fixture->model->completeness.verdict, LR_INCOMPLETE);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_LEAK);
}

static void nothing_at_all_is_a_model_too(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(build(fixture)->pair_count, 0);
    assert_int_equal(fixture->model->site_count, 0);
    assert_int_equal(fixture->model->verdict.kind, LR_VERDICT_NONE);
    assert_non_null(fixture->model->verdict.summary);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_leak_is_named_with_its_counts),
        TEST(what_only_the_cleaner_closed_is_a_leak),
        TEST(everything_ended_is_clean),
        TEST(native_frames_and_what_lies_beyond_dont_split),
        TEST(owned_bytes_are_the_pairs_only),
        TEST(memory_is_summed_by_place_exactly),
        TEST(sampled_records_are_scaled_up),
        TEST(jar_cache_is_expected),
        TEST(in_use_when_killed_is_no_leak),
        TEST(old_ones_were_not_in_use),
        TEST(never_ended_explicitly_was_not_in_use),
        TEST(too_many_were_not_in_use),
        TEST(after_an_exit_nothing_is_in_use),
        TEST(a_loss_forbids_to_say_none),
        TEST(a_loss_does_not_hide_a_leak),
        TEST(one_stream_is_no_plural),
        TEST(forks_are_told),
        TEST(blind_can_not_tell),
        TEST(a_jvm_without_streams_is_clean),
        TEST(live_pairs_without_a_site_are_kept),
        TEST(nothing_at_all_is_a_model_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
