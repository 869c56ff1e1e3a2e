/* test_projection.c -- when what leaks meets which limit: the nearest one, with an interval.
 *
 * Stage: unit tests of MODEL and EMIT (judged.h has the recording: a night, 1 MB an hour).
 */
#include "judged.h"

#include "emit_history.h"

static uint32_t leak_stack(struct lr_make *make)
{
    return lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
}

static void set_all(struct lr_make *make, enum lr_series which, uint64_t value)
{
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[which] = value;
}

/* Between `least` and `most` hours, which the interval must include. */
static void assert_projection(const char *limit, uint64_t bytes, double least, double most)
{
    const struct lr_model_projection *projection = &model->projection;
    assert_non_null(projection->limit);
    assert_string_equal(projection->limit, limit);
    assert_int_equal(projection->limit_bytes, bytes);
    assert_true(projection->low <= least && projection->high >= most);
    assert_true(projection->low > least * 0.9 && projection->high < most * 1.1);
    assert_true(fabs(projection->hours - (least + most) / 2) < 0.05 * most);
}

static void the_nearest_limit_is_named(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = leak_stack(make);
    set_all(make, LR_SERIES_cgroup_used, 400000000);
    set_all(make, LR_SERIES_cgroup_limit, 430000000); /* 30 hours, */
    set_all(make, LR_SERIES_rss, 400000000);
    set_all(make, LR_SERIES_rss_shared, 50000000); /* or 80 without files */
    set_all(make, LR_SERIES_host_available, 90000000);
    set_all(make, LR_SERIES_virtual_size, 900000000);
    set_all(make, LR_SERIES_address_limit, 1000000000);
    judge_growing(make, stack, 1e6);
    assert_projection("memory cgroup", 430000000, 30, 80);
    end();
    make = make_night();
    stack = leak_stack(make);
    set_all(make, LR_SERIES_cgroup_used, 400000000);
    set_all(make, LR_SERIES_cgroup_limit, 430000000);
    set_all(make, LR_SERIES_rss, 400000000);
    set_all(make, LR_SERIES_rss_shared, 50000000);
    set_all(make, LR_SERIES_cgroup_room, 10000000); /* other groups fill the one above */
    judge_growing(make, stack, 1e6);
    assert_projection("memory cgroup", 430000000, 10, 80);
    end();
    make = make_night();
    stack = leak_stack(make);
    set_all(make, LR_SERIES_cgroup_used, 400000000); /* without a limit */
    set_all(make, LR_SERIES_host_available, 90000000);
    set_all(make, LR_SERIES_virtual_size, 900000000);
    set_all(make, LR_SERIES_address_limit, 925000000);
    judge_growing(make, stack, 1e6);
    assert_projection("address space (RLIMIT_AS)", 925000000, 25, 25);
    end();
}

static void swap_makes_the_machines_memory_longer(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = leak_stack(make);
    set_all(make, LR_SERIES_host_available, 40000000);
    set_all(make, LR_SERIES_host_swap_free, 20000000);
    judge_growing(make, stack, 1e6);
    assert_projection("machine's memory", 8000000000, 40, 60);
    end();
}

/* It isn't known how much of that is in memory. */
static void mappings_fill_the_address_space_only(void **state)
{
    (void)state;
    for (int limited = 0; limited < 2; limited++) {
        struct lr_make *make = make_night();
        uint32_t stack = leak_stack(make);
        set_all(make, LR_SERIES_host_available, 40000000);
        set_all(make, LR_SERIES_virtual_size, 900000000);
        if (limited)
            set_all(make, LR_SERIES_address_limit, 950000000);
        lr_make_region(make, 0x7f0000000000, 28000000, stack, 5, 0);
        follow_growing(make, stack, 1e6);
        judge(make);
        assert_verdict(LR_VERDICT_LEAK);
        if (limited)
            assert_projection("address space (RLIMIT_AS)", 950000000, 50, 50);
        else
            assert_null(model->projection.limit);
        end();
    }
}

static void a_limit_that_is_met_already(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t stack = leak_stack(make);
    set_all(make, LR_SERIES_cgroup_used, 500000000);
    set_all(make, LR_SERIES_cgroup_limit, 430000000); /* it was lowered */
    judge_growing(make, stack, 1e6);
    assert_string_equal(model->projection.limit, "memory cgroup");
    assert_true(model->projection.low == 0 && model->projection.hours < 40);
    end();
}

static void the_sentence(void **state)
{
    (void)state;
    char text[LR_PROJECTION_SIZE];
    struct lr_model_projection projection = {.limit = "memory cgroup", .limit_bytes = 532000000,
        .hours = 6, .low = 5.5, .high = 6.5, .rate = 5e6};
    assert_string_equal(lr_projection_text(text, &projection, false),
                        "Growing by 5.00 MB an hour, it meets the nearest limit (memory cgroup, "
                        "532 MB) in 6 h 00 min, between 5 h 30 min and 6 h 30 min.");
    projection.past = true;
    projection.high = 9999;
    projection.limit_bytes = LR_MODEL_UNKNOWN;
    assert_string_equal(lr_projection_text(text, &projection, false),
                        "Growing by 5.00 MB an hour, it would have met the nearest limit (memory "
                        "cgroup) in 6 h 00 min, not before 5 h 30 min.");
    projection.far = true;
    assert_string_equal(lr_projection_text(text, &projection, true),
                        "Growing by 5000000 B an hour, it would not have met a limit within 30 "
                        "days (the nearest: memory cgroup).");
    assert_string_equal(lr_projection_text(text, &(struct lr_model_projection){0}, false), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_limit_is_named),
        cmocka_unit_test(swap_makes_the_machines_memory_longer),
        cmocka_unit_test(mappings_fill_the_address_space_only),
        cmocka_unit_test(a_limit_that_is_met_already),
        cmocka_unit_test(the_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
