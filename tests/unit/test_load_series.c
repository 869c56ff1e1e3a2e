/* test_load_series.c -- points of the time series as load.h hands them out.
 *
 * Stage: unit tests of LOAD.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"

static struct lr_trace *open_made(struct lr_make *make)
{
    struct lr_trace *trace;
    struct lr_error error;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    if (lr_trace_open_bytes(bytes, size, "x.lkr", &trace, &error) != LR_OK)
        fail_msg("%s", error.text);
    lr_make_free(make);
    return trace;
}

static unsigned count_points(const struct lr_trace *trace, enum lr_resolution resolution,
                             struct lr_point_view *first)
{
    unsigned count = 0;
    struct lr_point_view point;
    for (uint64_t cursor = 0; lr_trace_each_point(trace, resolution, &cursor, &point); count++)
        if (count == 0)
            *first = point;
    return count;
}

static void points_come_oldest_first(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    for (unsigned i = 0; i < 5; i++)
        lr_make_point(make, LR_SEC_SERIES_1M, i * 60000)->values[LR_SERIES_rss] = 1000 + i;
    struct lr_trace *trace = open_made(make);
    struct lr_point_view point;
    uint64_t cursor = 0;
    for (unsigned i = 0; i < 5; i++) {
        assert_true(lr_trace_each_point(trace, LR_EVERY_MINUTE, &cursor, &point));
        assert_int_equal(point.time_ms, i * 60000);
        assert_int_equal(point.values[LR_SERIES_rss], 1000 + i);
        assert_int_equal(point.values[LR_SERIES_pss], LR_NO_VALUE);
    }
    assert_false(lr_trace_each_point(trace, LR_EVERY_MINUTE, &cursor, &point));
    assert_int_equal(count_points(trace, LR_EVERY_SECOND, &point), 0);
    lr_trace_close(trace);
}

/* A full ring loses the two oldest, which a writer may be replacing; a torn one is left out. */
static void a_full_ring_and_a_torn_point(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint64_t capacity = lr_make_section(make, LR_SEC_SERIES_1S)->capacity;
    for (unsigned i = 0; i < capacity + 7; i++)
        lr_make_point(make, LR_SEC_SERIES_1S, i * 1000)->values[LR_SERIES_threads] = i;
    struct lr_point *torn = lr_make_entry(make, LR_SEC_SERIES_1S, 12);
    torn->sequence = 0;
    struct lr_trace *trace = open_made(make);
    struct lr_point_view first;
    assert_int_equal(count_points(trace, LR_EVERY_SECOND, &first), capacity - 3);
    assert_int_equal(first.number, 9);
    assert_int_equal(first.values[LR_SERIES_threads], 9);
    lr_trace_close(trace);
}

/* A hostile count of points must not make the reader go round for ever. */
static void a_ring_of_one_with_an_absurd_count(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_section(make, LR_SEC_SERIES_1S)->capacity = 1;
    lr_make_section(make, LR_SEC_SERIES_1S)->used = UINT64_MAX - 1;
    lr_make_seal(make);
    struct lr_trace *trace = open_made(make);
    struct lr_point_view first;
    assert_int_equal(count_points(trace, LR_EVERY_SECOND, &first), 0);
    lr_trace_close(trace);
}

/* A writer that knew fewer figures: its points are shorter, and what they lack is unknown. */
static void points_of_an_older_writer(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    struct lr_section *section = lr_make_section(make, LR_SEC_SERIES_30M);
    section->entry_size = 8 + 2 * 8;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t *point = lr_make_entry(make, LR_SEC_SERIES_30M, i);
        uint32_t head[] = {i + 1, i * 1800000};
        memcpy(point, head, sizeof(head));
        point[1] = 100 + i;
        point[2] = 200 + i;
    }
    section->used = 3;
    lr_make_seal(make);
    struct lr_trace *trace = open_made(make);
    struct lr_point_view first;
    assert_int_equal(lr_trace_info(trace)->damaged.sections, 0);
    assert_int_equal(count_points(trace, LR_EVERY_HALF_HOUR, &first), 3);
    assert_int_equal(first.values[0], 100);
    assert_int_equal(first.values[1], 200);
    assert_int_equal(first.values[2], LR_NO_VALUE);
    lr_trace_close(trace);
}

static void followed_values(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    uint64_t frames[] = {0x1000};
    uint32_t stack = lr_make_stack(make, frames, 1, 0);
    lr_make_followed(make, 3, LR_FOLLOWED_STACK, stack, 500);
    lr_make_followed(make, 4, LR_FOLLOWED_STACK, 99, 500); /* no such stack */
    lr_make_followed(make, 5, LR_FOLLOWED_PAIR, 0, 500);   /* no such site */
    lr_make_followed(make, 6, 77, 0, 500);                 /* no such kind */
    lr_make_followed(make, 7, LR_FOLLOWED_STACK, stack, 500); /* another stack has that id now */
    ((struct lr_followed *)lr_make_entry(make, LR_SEC_FOLLOWED, 7))->check = 123;
    struct lr_followed_point *point = lr_make_followed_point(make, LR_SEC_FOLLOWED_10S, 10000);
    point->values[3] = (struct lr_followed_value){4096, 2};
    point->values[4] = (struct lr_followed_value){NAN, 2};
    struct lr_trace *trace = open_made(make);
    struct lr_followed_view followed;
    struct lr_followed_point_view view;
    uint64_t cursor = 0;
    assert_int_equal(lr_trace_info(trace)->damaged.references, 2);
    assert_int_equal(lr_trace_info(trace)->damaged.values, 1);
    assert_true(lr_trace_followed_at(trace, 3, &followed));
    assert_int_equal(followed.id, stack);
    assert_int_equal(followed.since_ms, 500);
    for (uint32_t slot = 4; slot < LR_FOLLOWED_SLOTS + 3; slot++)
        assert_false(lr_trace_followed_at(trace, slot, &followed));
    assert_true(lr_trace_each_followed_point(trace, LR_EVERY_SECOND, &cursor, &view));
    assert_true(view.values[3].bytes == 4096.0f && view.values[3].count == 2.0f);
    assert_true(view.values[4].bytes < 0 && view.values[4].count < 0);
    assert_false(lr_trace_each_followed_point(trace, LR_EVERY_SECOND, &cursor, &view));
    lr_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_come_oldest_first),
        cmocka_unit_test(a_full_ring_and_a_torn_point),
        cmocka_unit_test(a_ring_of_one_with_an_absurd_count),
        cmocka_unit_test(points_of_an_older_writer),
        cmocka_unit_test(followed_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
