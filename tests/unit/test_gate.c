/* test_gate.c -- rules on synthetic recordings: what fails, what passes, what nobody can tell.
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "judged.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "gate.h"
#include "gate_internal.h"
#include "gate_rules.h"

static struct lr_gate_report report;

static void set(struct lr_gate_rules *rules, const char *name, const char *value)
{
    struct lr_error error;

    if (lr_gate_rules_set_named(rules, name, value, &error) != LR_OK)
        fail_msg("%s", error.text);
}

/* Judges `model` by the defaults and one rule more; NULL is none. */
static void gate(const struct lr_model *baseline, const char *name, const char *value)
{
    struct lr_gate_rules rules;
    struct lr_error error;

    lr_gate_rules_default(&rules);
    if (name)
        set(&rules, name, value);
    assert_int_equal(lr_gate_judge(&rules, model, baseline, &report, &error), LR_OK);
    lr_gate_rules_free(&rules);
}

static const struct lr_gate_result *answer(enum lr_gate_rule rule)
{
    for (size_t i = 0; i < report.count; i++)
        if (report.items[i].rule == rule)
            return &report.items[i];
    fail_msg("no answer to %s", lr_gate_rule_name(rule));
    return NULL;
}

static void assert_answer(enum lr_gate_rule rule, enum lr_gate_outcome outcome)
{
    const struct lr_gate_result *result = answer(rule);

    if (result->outcome != outcome)
        fail_msg("%s: %s, not %s: %s", lr_gate_rule_name(rule),
                 lr_gate_outcome_name(result->outcome), lr_gate_outcome_name(outcome),
                 result->message);
}

static void finish(void)
{
    lr_gate_report_free(&report);
    end();
}

static uint32_t leaking_stack(struct lr_make *make)
{
    return lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
}

static void a_clean_night_passes(void **state)
{
    (void)state;
    judge(make_night());
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_PASS);
    assert_int_equal(report.items[0].rule, LR_GATE_COMPLETENESS);
    assert_answer(LR_GATE_UNENDED, LR_GATE_PASS);
    assert_answer(LR_GATE_GROWTH, LR_GATE_PASS);
    finish();
}

static void un_ended_streams_fail_and_name_their_line(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    add_pairs(make, 1000, 995, 2, 5, 20 * STEP_MS);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_FAIL);
    assert_answer(LR_GATE_UNENDED, LR_GATE_FAIL);
    assert_true(answer(LR_GATE_UNENDED)->measured.low == 7);
    assert_int_equal(lr_gate_culprit(answer(LR_GATE_UNENDED))->line, 9);
    assert_non_null(strstr(answer(LR_GATE_UNENDED)->message, "Codec.java:9"));
    assert_string_equal(answer(LR_GATE_UNENDED)->subject,
                        "java.util.zip.Inflater at com.acme.Codec.read");
    lr_gate_report_free(&report);
    gate(NULL, "limit-unended", "7");
    assert_answer(LR_GATE_UNENDED, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-unended", "6");
    assert_answer(LR_GATE_UNENDED, LR_GATE_FAIL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-cleaner", "1");
    assert_answer(LR_GATE_CLEANER, LR_GATE_FAIL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-cleaner", "2");
    assert_answer(LR_GATE_CLEANER, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-live", "Inflater=4");
    assert_answer(LR_GATE_LIMIT_PAIR, LR_GATE_FAIL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-live", "java.util.zip.Inflater=5");
    assert_answer(LR_GATE_LIMIT_PAIR, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-live", "Inflator=0"); /* a slip would be kept by whatever happens */
    assert_answer(LR_GATE_LIMIT_PAIR, LR_GATE_CANNOT_TELL);
    assert_non_null(strstr(answer(LR_GATE_LIMIT_PAIR)->message, "java.util.zip.Inflater"));
    lr_gate_report_free(&report);
    finish();
}

static void growth_fails_by_its_interval(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    judge_growing(make, leaking_stack(make), 1e6);
    gate(NULL, "limit-growth", "800k");
    assert_answer(LR_GATE_GROWTH, LR_GATE_FAIL);
    assert_answer(LR_GATE_LIMIT_GROWTH, LR_GATE_FAIL);
    assert_string_equal(lr_gate_culprit(answer(LR_GATE_GROWTH))->function, "com.acme.Leak.add");
    double low = answer(LR_GATE_GROWTH)->measured.low, high = answer(LR_GATE_GROWTH)->measured.high;
    assert_true(low < 1e6 && high > 1e6);
    lr_gate_report_free(&report);
    char between[32];
    snprintf(between, sizeof(between), "%.0f", (low + high) / 2);
    gate(NULL, "limit-growth", between);
    assert_answer(LR_GATE_LIMIT_GROWTH, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-growth", "2M");
    assert_answer(LR_GATE_LIMIT_GROWTH, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "growth", "off");
    assert_int_equal(report.outcome, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-leaks", "27M"); /* 28 million bytes are live */
    assert_answer(LR_GATE_LIMIT_LEAKS, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-leaks", "26M");
    assert_answer(LR_GATE_LIMIT_LEAKS, LR_GATE_FAIL);
    finish();
}

/* Ten seconds: what grows can't be told, but no more than what is live can have been added. */
static void a_short_recording_never_passes_what_it_cannot_tell(void **state)
{
    (void)state;
    struct lr_make *make = lr_make_new();
    lr_make_live(make, 0x8000, 1000000, LR_KIND_MALLOC, leaking_stack(make), 5000, 0);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_CANNOT_TELL);
    assert_answer(LR_GATE_GROWTH, LR_GATE_CANNOT_TELL);
    assert_answer(LR_GATE_UNENDED, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-growth",
         "300M"); /* a million bytes in ten seconds are 360 millions an hour */
    assert_answer(LR_GATE_LIMIT_GROWTH, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-growth", "350M");
    assert_answer(LR_GATE_LIMIT_GROWTH, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "min-duration", "11s");
    assert_answer(LR_GATE_COMPLETENESS, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "min-duration", "10s");
    assert_answer(LR_GATE_COMPLETENESS, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-rss", "1G");
    assert_answer(LR_GATE_PEAK_RSS, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-unexplained", "10%");
    assert_answer(LR_GATE_UNEXPLAINED, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-total-growth", "1G");
    assert_answer(LR_GATE_TOTAL_GROWTH, LR_GATE_CANNOT_TELL);
    finish();
}

/* Long enough, but nobody followed the memory. */
static void without_a_history_growth_cannot_be_told(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    lr_make_live(make, 0x8000, 1000000, LR_KIND_MALLOC, leaking_stack(make), NIGHT_MS / 2, 0);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_answer(LR_GATE_GROWTH, LR_GATE_CANNOT_TELL);
    finish();
    make = make_night();
    lr_make_region(make, 0x10000000, 1000000, leaking_stack(make), NIGHT_MS / 2,
                   MAP_ANONYMOUS << 8 | 3);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_answer(LR_GATE_GROWTH, LR_GATE_CANNOT_TELL);
    finish();
}

static void losses_never_pass_and_may_convict(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    lr_make_counter(make, LR_CNT_pairs_full, 12);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_CANNOT_TELL);
    assert_non_null(strstr(answer(LR_GATE_COMPLETENESS)->message, "12 resource pairs"));
    finish();
    make = make_night();
    lr_make_counter(make, LR_CNT_pairs_full, 12);
    add_pairs(make, 1000, 900, 0, 100, 20 * STEP_MS);
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_FAIL);
    finish();
    make = make_night();
    lr_make_header(make)->compat |= LR_COMPAT_BLIND;
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.outcome, LR_GATE_CANNOT_TELL);
    assert_non_null(strstr(answer(LR_GATE_COMPLETENESS)->message, "blind"));
    finish();
}

/* Recorded sparsely, a small place may not have been seen at all. */
static void sampling_does_not_acquit_what_it_may_have_missed(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    lr_make_header(make)->compat &= ~(uint32_t)LR_COMPAT_EXACT;
    lr_make_header(make)->interval = lr_make_header(make)->max_interval = 65536;
    judge(make);
    gate(NULL, "limit-leaks", "200k");
    assert_answer(LR_GATE_LIMIT_LEAKS, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "limit-leaks", "240k");
    assert_answer(LR_GATE_LIMIT_LEAKS, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "min-completeness", "exact");
    assert_answer(LR_GATE_COMPLETENESS, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "min-completeness", "63k");
    assert_answer(LR_GATE_COMPLETENESS, LR_GATE_CANNOT_TELL);
    lr_gate_report_free(&report);
    gate(NULL, "min-completeness", "64KiB");
    assert_answer(LR_GATE_COMPLETENESS, LR_GATE_PASS);
    finish();
}

static void resident_memory_at_its_peak(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    values_at(make, 3)[LR_SERIES_rss_peak] = 600000000;
    judge(make);
    gate(NULL, "limit-rss", "600000000");
    assert_answer(LR_GATE_PEAK_RSS, LR_GATE_PASS);
    lr_gate_report_free(&report);
    gate(NULL, "limit-rss", "599999999");
    assert_answer(LR_GATE_PEAK_RSS, LR_GATE_FAIL);
    finish();
}

struct opened {
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
};

/* A night with `leaked` Inflaters, at a line of its own, as a baseline. */
static struct opened open_baseline(unsigned leaked, const char *frame, bool whole)
{
    struct lr_make *make = make_night();
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2", frame);
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(make, pair, stack, 1000, 1000 - leaked, 0);
    for (unsigned i = 0; i < leaked; i++)
        lr_make_pair(make, 0x7000 + i * 0x100, pair, site, stack, 20 * STEP_MS);
    if (!whole)
        lr_make_counter(make, LR_CNT_pairs_full, 1);
    judge(make);
    return (struct opened){trace, symbolizer, model};
}

static enum lr_gate_outcome against_baseline(unsigned then, const char *frame, bool whole,
                                             unsigned now, const char *percent)
{
    struct opened old = open_baseline(then, frame, whole);
    struct lr_make *make = make_night();
    enum lr_gate_outcome outcome;

    add_pairs(make, 1000, 1000 - now, 0, now, 20 * STEP_MS);
    judge(make);
    gate(old.model, "fail-on-increase", percent);
    outcome = report.outcome;
    finish();
    trace = old.trace;
    symbolizer = old.symbolizer;
    model = old.model;
    end();
    return outcome;
}

static void only_what_is_worse_than_the_baseline_fails(void **state)
{
    static const char here[] = "com.acme.Codec.read(Codec.java):9";
    static const char moved[] = "com.acme.Codec.read(Codec.java):12";
    static const char elsewhere[] = "com.acme.Other.read(Other.java):9";

    (void)state;
    assert_int_equal(against_baseline(400, here, true, 400, "10%"), LR_GATE_PASS);
    assert_int_equal(against_baseline(400, moved, true, 400, "10%"), LR_GATE_PASS);
    assert_int_equal(against_baseline(400, here, true, 200, "10%"), LR_GATE_PASS);
    assert_int_equal(against_baseline(400, here, true, 900, "10%"), LR_GATE_FAIL);
    assert_int_equal(against_baseline(400, here, true, 900, "150%"), LR_GATE_PASS);
    assert_int_equal(against_baseline(400, here, true, 430, "0%"), LR_GATE_FAIL);
    assert_int_equal(against_baseline(400, here, true, 430, "25%"), LR_GATE_PASS);
    assert_int_equal(against_baseline(400, elsewhere, true, 400, "10%"), LR_GATE_FAIL);
    assert_int_equal(against_baseline(0, here, true, 5, "10%"), LR_GATE_FAIL);
    assert_int_equal(against_baseline(0, here, false, 5, "10%"), LR_GATE_CANNOT_TELL);
    assert_int_equal(against_baseline(400, here, false, 400, "10%"), LR_GATE_CANNOT_TELL);
    assert_int_equal(against_baseline(400, here, true, 400, "off"), LR_GATE_FAIL);
}

/* As without a baseline, where growth is asked; the same growth in both is put up with. */
static void a_mapping_that_grows_is_worse_than_one_that_does_not(void **state)
{
    struct opened old = {NULL, NULL, NULL};

    (void)state;
    for (int both = 0; both <= 1; both++) {
        for (int is_new = 0; is_new <= 1; is_new++) {
            struct lr_make *make = make_night();
            uint32_t stack = leaking_stack(make);
            if (is_new || both)
                lr_make_region(make, 0x10000000, 28000000, stack, 5, MAP_ANONYMOUS << 8 | 3);
            if (is_new || both)
                follow_growing(make, stack, 1e6);
            judge(make);
            if (!is_new)
                old = (struct opened){trace, symbolizer, model};
        }
        gate(NULL, NULL, NULL);
        assert_answer(LR_GATE_GROWTH, LR_GATE_FAIL);
        lr_gate_report_free(&report);
        gate(old.model, NULL, NULL);
        assert_answer(LR_GATE_INCREASE, both ? LR_GATE_PASS : LR_GATE_FAIL);
        finish();
        trace = old.trace;
        symbolizer = old.symbolizer;
        model = old.model;
        end();
    }
}

static void subjects_are_unique(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    for (int line = 1; line <= 3; line++) {
        char frame[64];
        snprintf(frame, sizeof(frame), "com.acme.Codec.read(Codec.java):%d", line);
        uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2", frame);
        uint32_t site = lr_make_pairsite(make, pair, stack, 10, 0, 0);
        lr_make_pair(make, 0x7000 + (unsigned)line * 0x100, pair, site, stack, 100);
    }
    judge(make);
    gate(NULL, NULL, NULL);
    assert_int_equal(report.items[1].rule, LR_GATE_UNENDED);
    for (size_t i = 0; i < report.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(report.items[i].rule == report.items[k].rule &&
                         strcmp(report.items[i].subject, report.items[k].subject) == 0);
    finish();
}

/* Of a stripped program all places are its file's: in cubic time they would never end. */
static void thousands_of_like_subjects_take_no_time(void **state)
{
    enum { ALIKE = 8000 };
    const struct lr_gate_result result = {.rule = LR_GATE_UNENDED};
    struct lr_error error;

    (void)state;
    report = (struct lr_gate_report){0};
    for (int i = 0; i < ALIKE; i++)
        assert_int_equal(lr_gate_say(&report, &result, i == 1 ? "tool (3)" : "tool", &error, "."),
                         LR_OK);
    assert_int_equal(lr_gate_make_unique(&report, &error), LR_OK);
    assert_string_equal(report.items[0].subject, "tool");
    assert_string_equal(report.items[2].subject, "tool (2)");
    assert_string_equal(report.items[3].subject, "tool (4)");
    assert_string_equal(report.items[ALIKE - 1].subject, "tool (8000)");
    lr_gate_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_night_passes),
        cmocka_unit_test(un_ended_streams_fail_and_name_their_line),
        cmocka_unit_test(growth_fails_by_its_interval),
        cmocka_unit_test(a_short_recording_never_passes_what_it_cannot_tell),
        cmocka_unit_test(without_a_history_growth_cannot_be_told),
        cmocka_unit_test(losses_never_pass_and_may_convict),
        cmocka_unit_test(sampling_does_not_acquit_what_it_may_have_missed),
        cmocka_unit_test(resident_memory_at_its_peak),
        cmocka_unit_test(only_what_is_worse_than_the_baseline_fails),
        cmocka_unit_test(a_mapping_that_grows_is_worse_than_one_that_does_not),
        cmocka_unit_test(subjects_are_unique),
        cmocka_unit_test(thousands_of_like_subjects_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
