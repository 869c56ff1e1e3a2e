/* test_top_rows.c -- the list of `leakring top`: what is in it, in which order, and what it says.
 */
#include "judged.h"

#include <stdlib.h>
#include <string.h>

#include "emit_page.h"
#include "top_rows.h"
#include "top_text.h"

static struct lr_top_rows rows;

static void list(enum lr_top_key key, enum lr_top_show show, const char *filter)
{
    struct lr_top_choice choice = {.key = key, .show = show, .filter = filter};
    struct lr_error error;

    free(rows.items);
    assert_int_equal(lr_top_rows_make(model, &choice, &rows, &error), LR_OK);
}

/* 50 streams in use, a large quiet block, many small ones, and a mapping. */
static void make_places(void)
{
    struct lr_make *make = make_night();
    uint32_t big = lr_make_java_stack(make, 1, "com.acme.Big.keep(Big.java):1");
    uint32_t small = lr_make_java_stack(make, 1, "com.acme.Small.keep(Small.java):2");

    add_pairs(make, 50, 0, 0, 50, 1000);
    for (unsigned i = 0; i < 9; i++)
        lr_make_live(make, 0x90000 + 64 * i, 10, LR_KIND_MALLOC, small, 5, 0);
    lr_make_region(make, 0x7f0000000000, 1 << 30, small, 5, 0);
    judge_growing(make, big, 6e6);
}

static void test_every_key_sorts_by_its_figure(void **state)
{
    make_places();
    list(LR_TOP_BYTES, LR_TOP_ALL, "");
    assert_int_equal(rows.count, 3);
    assert_string_equal(rows.items[0].path->frames[0].function, "com.acme.Big.keep");
    list(LR_TOP_COUNT, LR_TOP_ALL, "");
    assert_string_equal(rows.items[0].kind, "java.util.zip.Inflater");
    assert_true(rows.items[0].count == 50);
    assert_string_equal(rows.items[1].path->frames[0].function, "com.acme.Small.keep");
    end();
}

static void test_address_space_is_no_memory(void **state)
{
    make_places();
    list(LR_TOP_BYTES, LR_TOP_ALL, "");
    for (size_t i = 0; i < rows.count; i++)
        assert_string_not_equal(rows.items[i].kind, "mmap");
    end();
}

static void test_what_is_shown_can_be_chosen(void **state)
{
    make_places();
    list(LR_TOP_BYTES, LR_TOP_PAIRS, "");
    assert_int_equal(rows.count, 1);
    list(LR_TOP_BYTES, LR_TOP_MEMORY, "");
    assert_int_equal(rows.count, 2);
    list(LR_TOP_BYTES, LR_TOP_ALL, "small.KEEP");
    assert_int_equal(rows.count, 1);
    list(LR_TOP_BYTES, LR_TOP_ALL, "inflater");
    assert_int_equal(rows.count, 1);
    list(LR_TOP_BYTES, LR_TOP_ALL, "nobody");
    assert_int_equal(rows.count, 0);
    end();
}

/* Points of five minutes are too far apart for a minute's change. */
static void test_a_change_wants_a_minute_that_was_watched(void **state)
{
    make_places();
    list(LR_TOP_CHANGE, LR_TOP_ALL, "");
    for (size_t i = 0; i < rows.count; i++)
        assert_true(isnan(rows.items[i].change));
    end();
}

static void test_the_last_minutes_change_is_per_minute(void **state)
{
    enum { SECONDS = 120 };
    uint64_t times[SECONDS];
    double bytes[SECONDS];
    struct lr_model_followed followed = {.points = SECONDS, .time_ms = times};

    followed.bytes[7] = bytes;
    followed.count[7] = bytes;
    for (int i = 0; i < SECONDS; i++) {
        times[i] = (uint64_t)i * 1000;
        bytes[i] = i < 60 ? 5e6 : 5e6 + 1000 * (i - 59);
    }
    assert_true(fabs(lr_top_change(&followed, 1 << 7) - 60000) < 1e-6);
    bytes[SECONDS - 1] = NAN; /* not known then: the one before tells */
    assert_true(fabs(lr_top_change(&followed, 1 << 7) - 59000 * 60.0 / 60) < 1e-6);
    assert_true(isnan(lr_top_change(&followed, 0)));
    followed.points = 9; /* 8 s */
    assert_true(isnan(lr_top_change(&followed, 1 << 7)));
}

static void test_a_row_is_a_line(void **state)
{
    char figures[LR_TOP_LINE], place[LR_TOP_LINE];

    make_places();
    list(LR_TOP_COUNT, LR_TOP_PAIRS, "");
    lr_top_figures(figures, &rows.items[0]);
    lr_top_place(place, &rows.items[0], 0);
    assert_non_null(strstr(figures, " 50  LEAK"));
    assert_string_equal(place, "com.acme.Codec.read(Codec.java:9): java.util.zip.Inflater");
    end();
}

static void test_a_curve_ends_with_the_last_points(void **state)
{
    signed char eighths[4];
    uint64_t most, last;

    make_places();
    assert_int_equal(lr_top_curve(&model->series, "java_old_used", eighths, 4, &most, &last), 4);
    assert_int_equal(most, 100000000);
    assert_int_equal(last, 100000000);
    assert_int_equal(eighths[0], 8);
    assert_int_equal(lr_top_curve(&model->series, "swapped", eighths, 4, &most, &last), 0);
    end();
}

/* Of a narrow screen the method and its line are the last to go. */
static void test_a_frame_gives_way_to_a_narrow_screen(void **state)
{
    const struct lr_model_frame java = {.java = true, .named = true, .line = 31,
                                        .function = "com.acme.codec.Codec.read",
                                        .file = "Codec.java"};
    const struct lr_model_frame native = {.named = true, .function = "frobnicate_all_the_things",
                                          .file = "", .module = "/usr/lib/libfrob.so"};
    static const struct {
        unsigned room;
        const char *java, *native;
    } shown[] = {
        {80, "com.acme.codec.Codec.read(Codec.java:31)", "frobnicate_all_the_things (libfrob.so)"},
        {39, "c.acme.codec.Codec.read(Codec.java:31)", "frobnicate_all_the_things (libfrob.so)"},
        {32, "c.a.c.Codec.read(Codec.java:31)", "frobnicate_all_the_things"},
        {27, "c.acme.codec.Codec.read:31", "frobnicate_all_the_things"},
        {20, "c.a.c.Codec.read:31", "frobni..l_the_things"},
        {14, NULL, "frob..e_things"},
        {10, NULL, "fro..hings"},
    };
    char out[LR_TOP_LINE];

    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        lr_frame_shorten(out, sizeof(out), &java, shown[i].room);
        if (shown[i].java)
            assert_string_equal(out, shown[i].java);
        assert_true(strlen(out) <= shown[i].room);
        assert_string_equal(lr_frame_shorten(out, sizeof(out), &native, shown[i].room),
                            shown[i].native);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_sorts_by_its_figure),
        cmocka_unit_test(test_address_space_is_no_memory),
        cmocka_unit_test(test_what_is_shown_can_be_chosen),
        cmocka_unit_test(test_a_change_wants_a_minute_that_was_watched),
        cmocka_unit_test(test_the_last_minutes_change_is_per_minute),
        cmocka_unit_test(test_a_row_is_a_line),
        cmocka_unit_test(test_a_frame_gives_way_to_a_narrow_screen),
        cmocka_unit_test(test_a_curve_ends_with_the_last_points),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    free(rows.items);
    return failed;
}
