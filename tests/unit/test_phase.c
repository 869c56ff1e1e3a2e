/* test_phase.c -- marks by their names, and what a model of a phase counts.
 *
 * Stage: unit tests of LOAD and MODEL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "make_trace.h"
#include "model.h"
#include "phase.h"
#include "symbolize.h"

struct fixture {
    struct lr_make *make;
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
    struct lr_error error;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->make = lr_make_new();
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

static void open_made(struct fixture *fixture)
{
    size_t size;
    const unsigned char *bytes;

    lr_make_seal(fixture->make);
    bytes = lr_make_bytes(fixture->make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "made.lkr", &fixture->trace, &fixture->error),
                     LR_OK);
}

/* The model of what lies between two marks. */
static const struct lr_model *model_of(struct fixture *fixture, const char *from, const char *to)
{
    struct lr_symbolizer_options options = {.no_files = true};
    struct lr_window window;

    open_made(fixture);
    assert_int_equal(lr_phase_find(fixture->trace, from, to, &window, &fixture->error), LR_OK);
    lr_trace_set_window(fixture->trace, &window);
    fixture->symbolizer = lr_symbolizer_open(fixture->trace, &options);
    assert_int_equal(
        lr_model_build(fixture->trace, fixture->symbolizer, &fixture->model, &fixture->error),
        LR_OK);
    return fixture->model;
}

static struct lr_window found(struct fixture *fixture, const char *from, const char *to)
{
    struct lr_window window;

    assert_int_equal(lr_phase_find(fixture->trace, from, to, &window, &fixture->error), LR_OK);
    return window;
}

static void make_marks(struct fixture *fixture)
{
    lr_make_mark(fixture->make, "warm", 1000);
    for (uint32_t i = 1; i <= 3; i++)
        lr_make_mark(fixture->make, "round", 1000 + 1000 * i);
    lr_make_mark(fixture->make, "odd#2", 5000);
}

static void marks_are_found_by_name_and_number(void **state)
{
    struct fixture *fixture = *state;

    make_marks(fixture);
    open_made(fixture);
    assert_false(found(fixture, NULL, NULL).set);
    assert_int_equal(found(fixture, "warm", NULL).from_ms, 1000);
    assert_true(found(fixture, "warm", NULL).to_ms == UINT64_MAX);
    assert_int_equal(found(fixture, NULL, "warm").from_ms, 0);
    assert_int_equal(found(fixture, "round", "round").from_ms, 2000);
    assert_int_equal(found(fixture, "round", "round").to_ms, 4000);
    assert_int_equal(found(fixture, "round#2", "round#3").from_ms, 3000);
    assert_int_equal(found(fixture, "round#2", "round#3").to_ms, 4000);
    assert_int_equal(found(fixture, "odd#2", NULL).from_ms, 5000);
    assert_string_equal(found(fixture, "round#2", NULL).from, "round");
}

static void what_is_not_there_is_refused(void **state)
{
    static const char *const wrong[][2] = {{"war", NULL},      {"warmer", NULL}, {"round#4", NULL},
                                           {"round#0", NULL},  {"", NULL},       {"#1", NULL},
                                           {"round", "warm"},  {NULL, "done"},   {"round#", NULL},
                                           {"warm", "warm"}};
    struct fixture *fixture = *state;
    struct lr_window window;

    make_marks(fixture);
    open_made(fixture);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(
            lr_phase_find(fixture->trace, wrong[i][0], wrong[i][1], &window, &fixture->error),
            LR_USAGE);
    assert_string_equal(fixture->error.hint, "its marks: warm, round, odd#2");
}

/* Born a millisecond before the mark, at it, before its end, at its end. */
static void a_phase_begins_at_its_mark_and_ends_before_the_next(void **state)
{
    static const uint32_t births[] = {1999, 2000, 3999, 4000};
    struct fixture *fixture = *state;
    uint32_t stack =
        lr_make_java_stack(fixture->make, 2, "java.nio.Bits.allocate:-2", "com.acme.Cache.fill:9");
    uint32_t pair = lr_make_pairdef(fixture->make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(fixture->make, pair, stack, 9, 5, 5);

    make_marks(fixture);
    for (uint32_t i = 0; i < 4; i++) {
        lr_make_live(fixture->make, 0x10000 + i * 4096, 100, LR_KIND_MALLOC, stack, births[i], 0);
        lr_make_region(fixture->make, 0x1000000 + i * 65536, 4096, stack, births[i], 0);
        lr_make_pair(fixture->make, 0x20000 + i * 64, pair, site, stack, births[i]);
        lr_make_event(fixture->make, LR_EVENT_CLEANED, births[i], site, 0);
    }
    model_of(fixture, "round#1", "round#3");
    assert_int_equal(fixture->model->site_count, 2);
    assert_int_equal(fixture->model->sites[0].live_count.value, 2);
    assert_int_equal(fixture->model->sites[1].live_count.value, 2);
    assert_int_equal(fixture->model->pairs[0].live, 2);
    assert_int_equal(fixture->model->pairs[0].released_by_cleaner, 2);
    assert_int_equal(fixture->model->pairs[0].acquired, 9);
    assert_true(fixture->model->phase.set);
    assert_int_equal(lr_model_span_ms(fixture->model), 2000);
    assert_int_equal(fixture->model->mark_count, 5);
}

static void a_series_is_that_of_the_phase(void **state)
{
    struct fixture *fixture = *state;

    make_marks(fixture);
    for (uint32_t ms = 500; ms < 6000; ms += 500)
        lr_make_point(fixture->make, LR_SEC_SERIES_1S, ms)->values[LR_SERIES_rss] = ms;
    model_of(fixture, "round#1", "round#3");
    assert_int_equal(fixture->model->series.points, 4);
    assert_int_equal(fixture->model->series.time_ms[0], 2000);
    assert_int_equal(fixture->model->series.time_ms[3], 3500);
}

static void a_whole_run_has_no_phase(void **state)
{
    struct fixture *fixture = *state;

    make_marks(fixture);
    model_of(fixture, NULL, NULL);
    assert_false(fixture->model->phase.set);
    assert_int_equal(lr_model_span_ms(fixture->model), 10000);
}

/* Marks at 1, 2, 3, 4 and 5 s make six parts; what is live is told by the one it was born in,
 * with what it owns. */
static void what_is_live_is_told_by_parts(void **state)
{
    static const uint32_t births[] = {0, 999, 1000, 2500, 9000};
    static const double counts[] = {2, 1, 1, 0, 0, 1};
    struct fixture *fixture = *state;
    uint32_t stacks[] = {
        lr_make_java_stack(fixture->make, 2, "com.acme.Cache.fill:9", "com.acme.Main.main:1"),
        lr_make_java_stack(fixture->make, 3, "com.acme.Cache.fill:9", "com.acme.Main.main:1",
                           "java.lang.Thread.run:5"),
    };
    uint32_t pair = lr_make_pairdef(fixture->make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(fixture->make, pair, stacks[0], 5, 0, 0);

    make_marks(fixture);
    for (uint32_t i = 0; i < 5; i++) {
        lr_make_live(fixture->make, 0x10000 + i * 4096, 100, LR_KIND_MALLOC, stacks[i % 2],
                     births[i], 0);
        lr_make_live(fixture->make, 0x90000 + i * 4096, 10, LR_KIND_MALLOC, stacks[0], births[i],
                     LR_LIVE_OWNED);
        lr_make_pair(fixture->make, 0x20000 + i * 64, pair, site, stacks[0], births[i]);
    }
    model_of(fixture, NULL, NULL);
    assert_int_equal(fixture->model->part_count, 6);
    assert_null(fixture->model->parts[0].from);
    assert_string_equal(fixture->model->parts[0].to, "warm");
    assert_string_equal(fixture->model->parts[5].from, "odd#2");
    assert_null(fixture->model->parts[5].to);
    assert_int_equal(fixture->model->site_count, 2);
    for (int i = 0; i < 6; i++) {
        const struct lr_model_by_part *one = &fixture->model->sites[0].parts[i];
        const struct lr_model_by_part *other = &fixture->model->sites[1].parts[i];

        assert_true(one->count + other->count == counts[i]);
        assert_true(one->bytes + other->bytes == 100 * counts[i]);
        assert_true(fixture->model->pairs[0].sites[0].parts[i].count == counts[i]);
        assert_true(fixture->model->pairs[0].sites[0].parts[i].bytes == 10 * counts[i]);
    }
}

/* A program that marks each of its rounds. */
static void of_many_marks_some_make_parts(void **state)
{
    struct fixture *fixture = *state;

    for (uint32_t i = 1; i <= 16; i++)
        lr_make_mark(fixture->make, "round", 10 * i);
    model_of(fixture, NULL, NULL);
    assert_int_equal(fixture->model->part_count, 16);
    for (int i = 1; i < 16; i++)
        assert_true(fixture->model->parts[i].from_ms > fixture->model->parts[i - 1].from_ms);
}

/* The ring has lost what came before 3 s: of the Cleaner's work in the phase there may be more. */
static void events_that_are_gone_are_told(void **state)
{
    struct fixture *fixture = *state;
    bool told = false;

    make_marks(fixture);
    for (uint32_t i = 0; i < 200; i++)
        lr_make_event(fixture->make, LR_EVENT_GC, 3000 + i, 0, 0);
    model_of(fixture, "warm", NULL);
    for (size_t i = 0; i < fixture->model->completeness.notes.count; i++)
        told |= strstr(fixture->model->completeness.notes.items[i], "there may be more") != NULL;
    assert_true(told);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(marks_are_found_by_name_and_number),
        TEST(what_is_not_there_is_refused),
        TEST(a_phase_begins_at_its_mark_and_ends_before_the_next),
        TEST(a_series_is_that_of_the_phase),
        TEST(a_whole_run_has_no_phase),
        TEST(events_that_are_gone_are_told),
        TEST(what_is_live_is_told_by_parts),
        TEST(of_many_marks_some_make_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
