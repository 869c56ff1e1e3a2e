/* test_gate_hidden.c -- what a long recording with sampled blocks may hide, and what it says of that.
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "gate_answer.h"

static enum lr_gate_outcome sampled(uint64_t interval, const char *limit, const char *said)
{
    struct lr_make *make = make_night();

    if (interval)
        change_interval(make, 0, 0, interval);
    judge(make);
    const struct lr_gate_result *result =
        answer(NULL, limit ? "limit-hidden" : NULL, limit, LR_GATE_GROWTH);
    enum lr_gate_outcome outcome = result->outcome;
    if (!strstr(result->message, said))
        fail_msg("'%s' isn't in: %s", said, result->message);
    finish();
    return outcome;
}

static void a_long_sampled_recording_says_what_it_may_have_missed(void **state)
{
    (void)state;
    assert_int_equal(sampled(0, NULL, "no place grows"), LR_GATE_PASS);
    /* 3.69 intervals, in two thirds of eight hours */
    assert_int_equal(sampled(1 << 16, NULL, "less than 242 kB, 45.3 kB an hour"), LR_GATE_PASS);
    assert_int_equal(sampled(1 << 18, NULL, "less than 967 kB"), LR_GATE_PASS);
    assert_int_equal(sampled(1 << 20, NULL, "less than 3.87 MB"), LR_GATE_PASS);
    assert_int_equal(sampled(1 << 22, NULL, "up to 15.5 MB may have been missed"),
                     LR_GATE_CANNOT_TELL);
    assert_int_equal(sampled(1 << 22, "16M", "less than 15.5 MB"), LR_GATE_PASS);
    assert_int_equal(sampled(1 << 18, "512k", "--limit-hidden allows 524 kB"),
                     LR_GATE_CANNOT_TELL);
}

/* What was sampled before the warm-up was over can't have grown since. */
static void a_start_that_was_sampled_hides_no_growth(void **state)
{
    static const struct {
        uint32_t from_ms, to_ms;
        enum lr_gate_outcome outcome;
    } cases[] = {{1000, NIGHT_MS / 4, LR_GATE_PASS},
                 {1000, NIGHT_MS / 2, LR_GATE_CANNOT_TELL},
                 {NIGHT_MS / 2, NIGHT_MS / 2 + 1000, LR_GATE_CANNOT_TELL},
                 {NIGHT_MS - 1000, 0, LR_GATE_CANNOT_TELL}};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lr_make *make = make_night();
        change_interval(make, cases[i].from_ms, 0, 1 << 22);
        if (cases[i].to_ms)
            change_interval(make, cases[i].to_ms, 1 << 22, 0);
        judge(make);
        assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), cases[i].outcome);
        finish();
    }
}

/* Which changes there were isn't known: then the largest interval may have been the last. */
static void a_list_of_intervals_that_lacks_some_is_not_believed(void **state)
{
    struct lr_make *make = make_night();

    (void)state;
    change_interval(make, 1000, 0, 1 << 16);
    change_interval(make, 2000, 1 << 18, 0); /* who had made it that? */
    lr_make_header(make)->max_interval = 1 << 22;
    judge(make);
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_CANNOT_TELL);
    finish();
}

/* Many places that nobody followed, each with an interval of its own. */
static void what_may_be_missing_at_each_place_is_not_missing_at_all(void **state)
{
    struct lr_make *make = make_night();

    (void)state;
    change_interval(make, 0, 0, 1 << 18);
    for (unsigned i = 0; i < 40; i++) {
        char frame[80];
        snprintf(frame, sizeof(frame), "com.acme.Part%u.make(Part.java):%u", i, i + 1);
        lr_make_live(make, 0x9000 + 64 * i, 4 << 20, LR_KIND_MALLOC, stack_at(make, frame), 5, 0);
    }
    judge(make);
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_PASS);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_sampled_recording_says_what_it_may_have_missed),
        cmocka_unit_test(a_start_that_was_sampled_hides_no_growth),
        cmocka_unit_test(a_list_of_intervals_that_lacks_some_is_not_believed),
        cmocka_unit_test(what_may_be_missing_at_each_place_is_not_missing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
