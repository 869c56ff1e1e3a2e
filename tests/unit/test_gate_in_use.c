/* test_gate_in_use.c -- streams that are live at the end: forgotten, or in use?
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "gate_answer.h"

/* A minute of a JVM, 3,000 Inflaters and `live` at its end; `numbers` of them, a second each. */
static void judge_use(bool killed, unsigned acquired, unsigned live,
                      double (*numbers)(unsigned second), uint32_t birth_ms)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->compat |= LR_COMPAT_JAVA;
    header->heartbeat_ms = 60000;
    if (killed)
        header->state = LR_STATE_OPEN;
    header->end_unix_ns = killed ? 0 : header->start_unix_ns + UINT64_C(60000000000);
    for (unsigned i = 0; numbers && i <= 60; i++)
        lr_make_point(make, LR_SEC_SERIES_1M, i * 1000)->values[LR_SERIES_pairs_live] =
            (uint64_t)numbers(i);
    add_pairs(make, acquired, acquired - live, 0, live, birth_ms);
    judge(make);
}

static enum lr_gate_outcome use(bool killed, unsigned acquired, unsigned live,
                                double (*numbers)(unsigned second), uint32_t birth_ms)
{
    judge_use(killed, acquired, live, numbers, birth_ms);
    answer(NULL, "growth", "off", LR_GATE_UNENDED);
    enum lr_gate_outcome outcome = report.outcome;
    finish();
    return outcome;
}

static double rising(unsigned second)
{
    return second * 0.4 + 2 * jitter(second);
}

static double up_and_down(unsigned second)
{
    return 12 + 24 * jitter(second);
}

static double at_the_end(unsigned second)
{
    return second < 40 ? 4 : 24;
}

static double risen_within(unsigned second)
{
    return second < 30 ? 4 : 24;
}

static void what_may_be_in_use_fails_only_if_it_rises(void **state)
{
    (void)state;
    assert_int_equal(use(true, 3000, 24, rising, 30000), LR_GATE_FAIL);
    assert_int_equal(use(true, 3000, 24, at_the_end, 30000), LR_GATE_CANNOT_TELL);
    assert_int_equal(use(true, 3000, 24, up_and_down, 59500), LR_GATE_PASS);
    assert_int_equal(use(true, 3000, 24, up_and_down, 500), LR_GATE_PASS); /* from the warm-up */
    assert_int_equal(use(true, 3000, 40, risen_within, 30000), LR_GATE_CANNOT_TELL);
    assert_int_equal(use(true, 300, 24, NULL, 30000),
                     LR_GATE_CANNOT_TELL); /* nothing is known of it */
    assert_int_equal(use(true, 200, 24, up_and_down, 30000), LR_GATE_FAIL); /* it hardly ends any */
    assert_int_equal(use(true, 5, 5, NULL, 57000), LR_GATE_FAIL);
    assert_int_equal(use(true, 5, 5, NULL, 58500), LR_GATE_CANNOT_TELL); /* it has just begun */
    assert_int_equal(use(false, 3000, 40, up_and_down, 30000),
                     LR_GATE_FAIL); /* nothing is in use */
}

/* 24 of 3,000 in a minute: each is lent for half a second. */
static void a_few_forgotten_among_many_are_too_old_to_be_in_use(void **state)
{
    (void)state;
    assert_int_equal(use(true, 3000, 24, up_and_down, 30000), LR_GATE_CANNOT_TELL);
    assert_int_equal(use(true, 400, 24, up_and_down, 30000), LR_GATE_CANNOT_TELL);
    assert_int_equal(use(true, 160000, 160, up_and_down, 50000), LR_GATE_CANNOT_TELL);
}

static void what_is_in_use_is_not_said_to_have_ended(void **state)
{
    const struct lr_gate_result *result;

    (void)state;
    judge_use(true, 3000, 24, up_and_down, 500);
    result = answer(NULL, NULL, NULL, LR_GATE_UNENDED);
    assert_outcome(result, LR_GATE_PASS);
    assert_non_null(strstr(result->message, "24 that are live seem to be in use"));
    result = answer(NULL, "limit-unended", "24", LR_GATE_UNENDED);
    assert_outcome(result, LR_GATE_PASS);
    assert_non_null(strstr(result->message, "24 were never ended"));
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_in_use_fails_only_if_it_rises),
        cmocka_unit_test(a_few_forgotten_among_many_are_too_old_to_be_in_use),
        cmocka_unit_test(what_is_in_use_is_not_said_to_have_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
