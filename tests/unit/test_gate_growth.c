/* test_gate_growth.c -- that no memory grows: each test is named for what passed once, or couldn't
 * be told, and should not have.
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "gate_answer.h"

#include <sys/mman.h>

enum { ANONYMOUS = MAP_ANONYMOUS << 8 | 3, MEGABYTE = 1000000 };
enum { PRIVATE_FILE = MAP_PRIVATE << 8 | 3, SHARED_FILE = MAP_SHARED << 8 | 3, READ = 1 };

/* One place grows no more, as its trend says; what another one mapped nobody followed. */
static enum lr_gate_outcome unfollowed(uint64_t bytes, uint32_t birth_ms, bool mapped)
{
    struct lr_make *make = make_night();
    enum lr_gate_outcome outcome;

    uint32_t cache = stack_at(make, "com.acme.Cache.fill(Cache.java):3");
    lr_make_live(make, 0x8000, 20 * MEGABYTE, LR_KIND_MALLOC, cache, 5, 0);
    follow_growing(make, cache, 0);
    uint32_t stack = stack_at(make, "com.acme.Arena.map(Arena.java):8");
    if (mapped)
        lr_make_region(make, 0x10000000, bytes, stack, birth_ms, ANONYMOUS);
    else
        lr_make_live(make, 0x10000000, bytes, LR_KIND_MALLOC, stack, birth_ms, 0);
    judge(make);
    outcome = answer(NULL, NULL, NULL, LR_GATE_GROWTH)->outcome;
    finish();
    return outcome;
}

static void a_mapping_without_a_trend_is_doubted_where_another_place_has_one(void **state)
{
    (void)state;
    for (int mapped = 0; mapped <= 1; mapped++) {
        assert_int_equal(unfollowed(30 * MEGABYTE, NIGHT_MS / 2, mapped), LR_GATE_CANNOT_TELL);
        assert_int_equal(unfollowed(30 * MEGABYTE, 5, mapped), LR_GATE_PASS);       /* it is old */
        assert_int_equal(unfollowed(400000, NIGHT_MS / 2, mapped), LR_GATE_PASS); /* or small */
        /* what began late isn't told from what is replaced again and again */
        assert_int_equal(unfollowed(30 * MEGABYTE, NIGHT_MS / 10 * 9, mapped),
                         LR_GATE_CANNOT_TELL);
    }
}

static void a_megabyte_that_nothing_is_known_of_is_not_said_to_be_no_growth(void **state)
{
    (void)state;
    for (int mapped = 0; mapped <= 1; mapped++)
        assert_int_equal(unfollowed(MEGABYTE, NIGHT_MS / 2, mapped), LR_GATE_CANNOT_TELL);
}

static double filled(unsigned point)
{
    return 1e6 + 15e6 * (1 - exp(-1.2 * point / 96)) / (1 - exp(-1.2));
}

static void a_place_that_grows_ever_more_slowly_is_not_said_to_be_no_growth(void **state)
{
    struct lr_make *make = make_night();
    uint32_t stack = stack_at(make, "com.acme.Leak.add(Leak.java):7");
    uint32_t cache = stack_at(make, "com.acme.Cache.fill(Cache.java):3");

    (void)state;
    lr_make_live(make, 0x7000, 20 * MEGABYTE, LR_KIND_MALLOC, cache, 5, 0);
    follow_growing(make, cache, 0);
    lr_make_followed(make, SLOT + 1, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++)
        followed_at(make, i)[SLOT + 1] =
            (struct lr_followed_value){(float)(filled(i) + 2e4 * jitter(3 * i + 4)), 1000};
    lr_make_live(make, 0x8000, (uint64_t)filled(0), LR_KIND_MALLOC, stack, 5, 0);
    for (unsigned i = 0; i + 1 < POINTS; i++)
        lr_make_live(make, 0x9000 + 64 * i, (uint64_t)(filled(i + 1) - filled(i)), LR_KIND_MALLOC,
                     stack, i * STEP_MS, 0);
    judge(make);
    const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
    assert_outcome(result, LR_GATE_CANNOT_TELL);
    assert_int_equal(lr_gate_culprit(result)->line, 7);
    assert_non_null(strstr(result->message, "ever more slowly"));
    finish();
}

/* A private mapping of a file is filled with pages of the process' own. */
static void mappings_of_files_that_are_written_to_are_judged(void **state)
{
    static const struct {
        uint32_t prot_flags;
        enum lr_gate_outcome outcome;
    } cases[] = {{PRIVATE_FILE, LR_GATE_CANNOT_TELL},
                 {SHARED_FILE, LR_GATE_PASS},
                 {SHARED_FILE | LR_REGION_IN_MEMORY, LR_GATE_CANNOT_TELL},
                 {MAP_SHARED << 8 | ANONYMOUS, LR_GATE_CANNOT_TELL},
                 {MAP_PRIVATE << 8 | READ, LR_GATE_PASS}};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int night = 0; night <= 1; night++) {
            struct lr_make *make = night ? make_night() : lr_make_new();
            uint32_t stack = stack_at(make, "com.acme.Files.map(Files.java):4");
            for (unsigned file = 0; file < 20; file++)
                lr_make_region(make, 0x10000000 + file * MEGABYTE, MEGABYTE, stack,
                               night ? NIGHT_MS / 2 : 9000, cases[i].prot_flags);
            judge(make);
            assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), cases[i].outcome);
            finish();
        }
}

/* Live bytes of two minutes in all, a point a second; tidied up in the last three. */
static struct lr_make *make_tidy(bool java, double (*bytes)(unsigned second))
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);

    header->compat |= java ? LR_COMPAT_JAVA : 0;
    header->heartbeat_ms = 120000;
    header->end_unix_ns = header->start_unix_ns + UINT64_C(120000) * MEGABYTE;
    for (unsigned i = 0; i <= 120; i++)
        lr_make_point(make, LR_SEC_SERIES_1M, i * 1000)->values[LR_SERIES_live_bytes] =
            i < 118 ? (uint64_t)bytes(i) : 100000;
    lr_make_mark(make, "soak", 20000);
    lr_make_mark(make, "down", 117000);
    return make;
}

static double leaking(unsigned second)
{
    return 1e6 * second;
}

static double slowly_leaking(unsigned second)
{
    return 4e4 * second;
}

static double busy(unsigned second)
{
    return 50e6 + 40e6 * jitter(second);
}

static double filled_in_the_beginning(unsigned second)
{
    return second < 30 ? 3e6 * second : 90e6 + 1e6 * jitter(second);
}

static double for_a_while(unsigned second)
{
    return second > 70 && second < 100 ? 90e6 : 10e6;
}

static void assert_tidy(bool java, double (*bytes)(unsigned), enum lr_gate_outcome outcome)
{
    static const char *const ends[][2] = {{NULL, NULL}, {"soak", NULL}, {"soak", "down"}};

    for (unsigned i = 0; i < 3; i++) {
        judge_part(make_tidy(java, bytes), false, ends[i][0], ends[i][1]);
        assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), outcome);
        finish();
    }
}

static void a_leak_that_is_released_at_the_end_does_not_pass(void **state)
{
    (void)state;
    assert_tidy(false, leaking, LR_GATE_CANNOT_TELL);
    assert_tidy(true, leaking, LR_GATE_CANNOT_TELL);
    assert_tidy(false, slowly_leaking, LR_GATE_CANNOT_TELL);
    assert_tidy(true, slowly_leaking, LR_GATE_PASS); /* a JVM's own comes and goes by more */
    assert_tidy(false, for_a_while, LR_GATE_PASS);
    assert_tidy(false, busy, LR_GATE_PASS);
}

/* What is live and known by its place explains the rise. */
static void a_rise_that_is_still_live_is_judged_by_its_places(void **state)
{
    struct lr_make *make = make_tidy(false, slowly_leaking);

    (void)state;
    for (unsigned i = 0; i < 120; i++)
        lr_make_live(make, 0x9000 + 64 * i, 40000, LR_KIND_MALLOC,
                     stack_at(make, "com.acme.Leak.add(Leak.java):7"), i * 1000, 0);
    judge(make);
    const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
    assert_outcome(result, LR_GATE_CANNOT_TELL);
    assert_int_equal(lr_gate_culprit(result)->line, 7);
    finish();
    judge(make_tidy(false, filled_in_the_beginning));
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_PASS);
    finish();
}

/* At the slot's place, whose blocks were all replaced behind the warm-up; and `live` of them now. */
static struct lr_make *make_followed(double (*bytes)(unsigned point), bool live)
{
    struct lr_make *make = make_night();
    uint32_t stack = stack_at(make, "com.acme.Pool.lend(Pool.java):7");

    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++)
        followed_at(make, i)[SLOT] = (struct lr_followed_value){(float)bytes(i), 1000};
    if (live)
        lr_make_live(make, 0x8000, (uint64_t)bytes(POINTS - 1), LR_KIND_MALLOC, stack,
                     NIGHT_MS - 1000, 0);
    return make;
}

static double nearly_full(unsigned point)
{
    return 20e6 + 2e4 * jitter(point) + 400e3 * fmin(point, 91) / 91;
}

static double nearly_full_of_much(unsigned point)
{
    return 20e6 + 2e6 * jitter(point) + 40e6 * fmin(point, 91) / 91;
}

/* 20 MB were born behind the warm-up, by which alone it may have grown so much. */
static void a_place_whose_own_history_did_not_rise_is_not_left_open(void **state)
{
    (void)state;
    judge(make_followed(nearly_full, true));
    assert_int_equal(model->sites[0].trend.kind, LR_TREND_UNKNOWN);
    const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
    assert_outcome(result, LR_GATE_PASS);
    assert_non_null(strstr(result->message, "one that can't be told may"));
    finish();
    judge(make_followed(nearly_full_of_much, true));
    assert_int_equal(model->sites[0].trend.kind, LR_TREND_UNKNOWN);
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_CANNOT_TELL);
    finish();
}

/* Nobody could tell that it grows. */
static double rising_in_noise(unsigned point)
{
    return 20e6 + 1.5e7 * jitter(point) + 6e4 * point;
}

static void a_sampled_place_whose_slope_may_be_large_is_left_open(void **state)
{
    (void)state;
    for (int is_sampled = 0; is_sampled <= 1; is_sampled++) {
        struct lr_make *make = make_followed(rising_in_noise, true);
        struct lr_followed *followed = lr_make_entry(make, LR_SEC_FOLLOWED, SLOT);
        for (unsigned i = 0; i < POINTS; i += 8)
            lr_make_live(make, 0x9000 + 64 * i, 500000, LR_KIND_MALLOC, followed->id,
                         i * STEP_MS, 0);
        if (is_sampled)
            change_interval(make, 0, 0, 1 << 18);
        judge(make);
        assert_true(model->sites[0].trend.kind > LR_TREND_GROWING); /* it is bounded, in some way */
        assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH),
                       is_sampled ? LR_GATE_CANNOT_TELL : LR_GATE_PASS);
        finish();
    }
}

/* All that is known is the last hours, in which it grew by 20 MB; it acquired `total` ever. */
static enum lr_gate_outcome growing_lately(uint64_t total, unsigned since)
{
    struct lr_make *make = make_night();
    uint32_t stack = stack_at(make, "com.acme.Batch.add(Batch.java):7");

    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, since * STEP_MS);
    for (unsigned i = 0; i < POINTS; i++)
        followed_at(make, i)[SLOT] = (struct lr_followed_value){
            (float)(i < 60 ? 1e6 : 1e6 + 20e6 * (i - 60) / 36 + 1e4 * jitter(i)), 1000};
    lr_make_live(make, 0x8000, 21 * MEGABYTE, LR_KIND_MALLOC, stack, 62 * STEP_MS, 0);
    lr_make_stack_totals(make, stack, 1000, total, 0, 0);
    judge(make);
    assert_int_equal(model->sites[0].trend.kind, LR_TREND_GROWING);
    enum lr_gate_outcome outcome = answer(NULL, NULL, NULL, LR_GATE_GROWTH)->outcome;
    finish();
    return outcome;
}

/* A batch that is filled and emptied, whose last filling alone was followed, was red. */
static void what_goes_up_again_after_much_was_released_does_not_fail(void **state)
{
    (void)state;
    assert_int_equal(growing_lately(400 * MEGABYTE, 65), LR_GATE_CANNOT_TELL);
    assert_int_equal(growing_lately(21 * MEGABYTE, 65), LR_GATE_FAIL); /* it never went down */
    assert_int_equal(growing_lately(400 * MEGABYTE, 0), LR_GATE_FAIL); /* its history is long */
}

static double freed_at_the_end(unsigned point)
{
    return point < 94 ? 5e7 * point : 0;
}

static double freed_but_for_a_little(unsigned point)
{
    return point < 94 ? 5e7 * point : 1e6;
}

static double come_and_gone(unsigned point)
{
    return point > 20 && point < 60 ? 5e7 : 0;
}

static void a_followed_place_that_was_emptied_at_the_end_is_named(void **state)
{
    static double (*const rises[])(unsigned) = {freed_at_the_end, freed_but_for_a_little};

    (void)state;
    for (int live = 0; live <= 1; live++) {
        judge(make_followed(rises[live], live));
        const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
        assert_outcome(result, LR_GATE_CANNOT_TELL);
        assert_non_null(strstr(result->message, "Pool.java:7) rose by"));
        assert_int_equal(lr_gate_culprit(result)->line, 7);
        finish();
    }
    judge(make_followed(come_and_gone, false));
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_PASS);
    finish();
}

static void without_live_memory_over_time_nothing_is_said_to_be_no_growth(void **state)
{
    struct lr_make *make = make_night();

    (void)state;
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_live_bytes] = LR_NO_VALUE;
    judge(make);
    const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
    assert_outcome(result, LR_GATE_CANNOT_TELL);
    assert_non_null(strstr(result->message, "live memory went in all is not known"));
    finish();
}

/* Ten seconds, of which three are a warm-up. */
static struct lr_make *make_short(uint64_t bytes, uint32_t birth_ms, bool mapped)
{
    struct lr_make *make = lr_make_new();
    uint32_t stack = stack_at(make, "com.acme.Leak.add(Leak.java):7");

    if (mapped)
        lr_make_region(make, 0x10000000, bytes, stack, birth_ms, ANONYMOUS);
    else
        lr_make_live(make, 0x10000000, bytes, LR_KIND_MALLOC, stack, birth_ms, 0);
    return make;
}

static void a_short_and_flat_recording_passes_and_says_what_would_have_shown(void **state)
{
    (void)state;
    for (int mapped = 0; mapped <= 1; mapped++) {
        judge(make_short(50 * MEGABYTE, 5, mapped));
        assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_PASS);
        assert_int_equal(report.outcome, LR_GATE_PASS);
        finish();
        judge(make_short(200000, 9000, mapped));
        const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
        assert_outcome(result, LR_GATE_PASS);
        /* 200,000 bytes in two thirds of ten seconds */
        assert_non_null(strstr(result->message, "200 kB in 6.6 s"));
        assert_non_null(strstr(result->message, "108 MB an hour"));
        finish();
    }
}

static void a_short_recording_that_may_grow_cannot_be_told_and_names_the_place(void **state)
{
    (void)state;
    for (int mapped = 0; mapped <= 1; mapped++) {
        judge(make_short(MEGABYTE, 9000, mapped));
        const struct lr_gate_result *result = answer(NULL, NULL, NULL, LR_GATE_GROWTH);
        assert_outcome(result, LR_GATE_CANNOT_TELL);
        assert_int_equal(lr_gate_culprit(result)->line, 7);
        assert_non_null(strstr(result->message, "too short"));
        finish();
    }
}

static void a_short_sampled_recording_does_not_pass_what_it_may_have_missed(void **state)
{
    (void)state;
    struct lr_make *make = make_short(1000, 5, true);
    lr_make_header(make)->compat &= ~(uint32_t)LR_COMPAT_EXACT;
    lr_make_header(make)->interval = lr_make_header(make)->max_interval = 1 << 18;
    judge(make);
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_CANNOT_TELL);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapping_without_a_trend_is_doubted_where_another_place_has_one),
        cmocka_unit_test(a_megabyte_that_nothing_is_known_of_is_not_said_to_be_no_growth),
        cmocka_unit_test(a_place_that_grows_ever_more_slowly_is_not_said_to_be_no_growth),
        cmocka_unit_test(a_place_whose_own_history_did_not_rise_is_not_left_open),
        cmocka_unit_test(a_sampled_place_whose_slope_may_be_large_is_left_open),
        cmocka_unit_test(what_goes_up_again_after_much_was_released_does_not_fail),
        cmocka_unit_test(a_followed_place_that_was_emptied_at_the_end_is_named),
        cmocka_unit_test(without_live_memory_over_time_nothing_is_said_to_be_no_growth),
        cmocka_unit_test(mappings_of_files_that_are_written_to_are_judged),
        cmocka_unit_test(a_leak_that_is_released_at_the_end_does_not_pass),
        cmocka_unit_test(a_rise_that_is_still_live_is_judged_by_its_places),
        cmocka_unit_test(a_short_and_flat_recording_passes_and_says_what_would_have_shown),
        cmocka_unit_test(a_short_recording_that_may_grow_cannot_be_told_and_names_the_place),
        cmocka_unit_test(a_short_sampled_recording_does_not_pass_what_it_may_have_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
