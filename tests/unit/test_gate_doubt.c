/* test_gate_doubt.c -- what a rule must not overlook: each test is named for what passed once, or
 * couldn't be told, and should not have.
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "judged.h"

#include <stdio.h>
#include <sys/mman.h>

#include "gate.h"
#include "gate_rules.h"

enum { ANONYMOUS = MAP_ANONYMOUS << 8 | 3, MEGABYTE = 1000000 };

static struct lr_gate_report report;

/* The answer to `rule` of the recording that was judged last; `name` NULL: by the defaults only. */
static const struct lr_gate_result *answer(const struct lr_model *baseline, const char *name,
                                           const char *value, enum lr_gate_rule rule)
{
    struct lr_gate_rules rules;
    struct lr_error error;

    lr_gate_report_free(&report);
    lr_gate_rules_default(&rules);
    if (name)
        assert_int_equal(lr_gate_rules_set_named(&rules, name, value, &error), LR_OK);
    assert_int_equal(lr_gate_judge(&rules, model, baseline, &report, &error), LR_OK);
    lr_gate_rules_free(&rules);
    for (size_t i = 0; i < report.count; i++)
        if (report.items[i].rule == rule)
            return &report.items[i];
    fail_msg("no answer to %s", lr_gate_rule_name(rule));
    return NULL;
}

static void assert_outcome(const struct lr_gate_result *result, enum lr_gate_outcome outcome)
{
    if (result->outcome != outcome)
        fail_msg("%s: %s, not %s: %s", lr_gate_rule_name(result->rule),
                 lr_gate_outcome_name(result->outcome), lr_gate_outcome_name(outcome),
                 result->message);
}

static void finish(void)
{
    lr_gate_report_free(&report);
    end();
}

/* --- streams --------------------------------------------------------------------------------- */

enum { STREAMS = 800 };

/* Inflaters that are never ended, 100 an hour, 10 kB each, at their own place. */
static struct lr_make *make_growing_streams(bool followed)
{
    struct lr_make *make = make_night();
    uint32_t site = add_pairs(make, STREAMS, 0, 0, STREAMS, 20 * STEP_MS);
    uint32_t stack = ((struct lr_pairsite *)lr_make_entry(make, LR_SEC_PAIRSITES, site))->stack;

    for (unsigned i = 0; i < STREAMS; i++)
        lr_make_live(make, 0x100000 + i * 0x10000, 10000, LR_KIND_MALLOC, stack, 20 * STEP_MS,
                     LR_LIVE_OWNED);
    if (followed)
        lr_make_followed(make, PAIR_SLOT, LR_FOLLOWED_PAIR, site, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        double live = (double)i * 5 / 60 * 100 + 2 * jitter(i);
        followed_at(make, i)[PAIR_SLOT] =
            (struct lr_followed_value){(float)(live * 10000), (float)live};
    }
    return make;
}

static void memory_of_streams_counts_in_limit_growth(void **state)
{
    (void)state;
    for (int followed = 0; followed <= 1; followed++) {
        judge(make_growing_streams(followed));
        assert_true(model->pairs[0].live_bytes == STREAMS * 10000);
        const struct lr_gate_result *result =
            answer(NULL, "limit-growth", "500k", LR_GATE_LIMIT_GROWTH);
        assert_outcome(result, followed ? LR_GATE_FAIL : LR_GATE_CANNOT_TELL);
        assert_non_null(strstr(result->message, "java.util.zip.Inflater acquired at "));
        assert_non_null(strstr(result->message, "Codec.java:9"));
        assert_outcome(answer(NULL, "limit-growth", "2M", LR_GATE_LIMIT_GROWTH), LR_GATE_PASS);
        finish();
    }
}

static void a_limit_on_a_name_that_nothing_has_never_passes(void **state)
{
    (void)state;
    struct lr_make *make = make_night();
    lr_make_pairdef(make, "java.util.zip.Deflater", LR_PAIR_JAVA);
    add_pairs(make, 1000, 1000, 0, 0, 0);
    judge(make);
    assert_outcome(answer(NULL, "limit-live", "Deflater=0", LR_GATE_LIMIT_PAIR), LR_GATE_PASS);
    static const char *const wrong[] = {"demo.Session=0", "demo.Session=1MiB", "Sitzung=5"};
    for (unsigned i = 0; i < 3; i++) {
        const struct lr_gate_result *result =
            answer(NULL, "limit-live", wrong[i], LR_GATE_LIMIT_PAIR);
        assert_outcome(result, LR_GATE_CANNOT_TELL);
        assert_non_null(strstr(result->message, "java.util.zip.Deflater, java.util.zip.Inflater"));
    }
    finish();
}

/* --- growth ---------------------------------------------------------------------------------- */

static uint32_t stack_at(struct lr_make *make, const char *frame)
{
    return lr_make_java_stack(make, 1, frame);
}

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
        assert_int_equal(unfollowed(MEGABYTE, NIGHT_MS / 2, mapped), LR_GATE_PASS); /* or small */
    }
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

/* --- phases ---------------------------------------------------------------------------------- */

/* 900 MB before the mark, 400 MB behind it. */
static struct lr_make *make_warmed(void)
{
    struct lr_make *make = make_night();

    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_rss_peak] = i < 5 ? 500 * MEGABYTE : 900 * MEGABYTE;
    lr_make_mark(make, "start", 2 * STEP_MS);
    lr_make_mark(make, "warm", 20 * STEP_MS);
    return make;
}

static void limit_rss_of_a_phase_leaves_out_the_peak_before_it(void **state)
{
    static const struct {
        const char *from, *to;
        enum lr_gate_outcome outcome;
    } phases[] = {{"warm", NULL, LR_GATE_PASS},
                  {NULL, NULL, LR_GATE_FAIL},
                  {"start", NULL, LR_GATE_FAIL}, /* it rises in this one */
                  {NULL, "start", LR_GATE_PASS}, /* 500 MB until then */
                  {"start", "warm", LR_GATE_FAIL}};

    (void)state;
    for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        judge_part(make_warmed(), false, phases[i].from, phases[i].to);
        assert_outcome(answer(NULL, "limit-rss", "800M", LR_GATE_PEAK_RSS), phases[i].outcome);
        finish();
    }
    judge_part(make_warmed(), false, "warm", NULL);
    assert_outcome(answer(NULL, "limit-rss", "300M", LR_GATE_PEAK_RSS), LR_GATE_FAIL);
    finish();
}

/* A minute of warm-up with nothing live, then a pool that is neither full nor empty. */
static void what_is_in_use_is_told_from_the_phase(void **state)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);

    (void)state;
    header->compat |= LR_COMPAT_JAVA;
    header->heartbeat_ms = 120000;
    header->state = LR_STATE_OPEN;
    header->end_unix_ns = 0;
    for (unsigned i = 0; i <= 120; i++)
        lr_make_point(make, LR_SEC_SERIES_1M, i * 1000)->values[LR_SERIES_pairs_live] =
            i < 60 ? 0 : (uint64_t)(12 + 24 * jitter(i));
    lr_make_mark(make, "warm", 60000);
    add_pairs(make, 3000, 2976, 0, 24, 90000);
    judge_part(make, false, "warm", NULL);
    assert_outcome(answer(NULL, "growth", "off", LR_GATE_UNENDED), LR_GATE_PASS);
    finish();
}

/* --- a baseline ------------------------------------------------------------------------------ */

struct opened {
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_model *model;
};

static void lasts(struct lr_make *make, uint32_t ms)
{
    lr_make_header(make)->heartbeat_ms = ms;
    lr_make_header(make)->end_unix_ns =
        lr_make_header(make)->start_unix_ns + (uint64_t)ms * MEGABYTE;
}

/* A run of `ms` with that many Inflaters forgotten and bytes added at its end. */
static struct lr_make *make_run(uint32_t ms, unsigned leaked, uint64_t bytes)
{
    struct lr_make *make = lr_make_new();

    lasts(make, ms);
    add_pairs(make, 1000, 1000 - leaked, 0, leaked, ms / 2);
    if (bytes)
        lr_make_live(make, 0x900000, bytes, LR_KIND_MALLOC,
                     stack_at(make, "com.acme.Leak.add(Leak.java):7"), ms - ms / 4, 0);
    return make;
}

static enum lr_gate_outcome against(struct lr_make *then, struct lr_make *now)
{
    struct opened old;
    enum lr_gate_outcome outcome;

    judge(then);
    old = (struct opened){trace, symbolizer, model};
    judge(now);
    outcome = answer(old.model, NULL, NULL, LR_GATE_INCREASE)->outcome;
    finish();
    trace = old.trace;
    symbolizer = old.symbolizer;
    model = old.model;
    end();
    return outcome;
}

static void a_short_candidate_never_passes_beside_a_long_baseline(void **state)
{
    enum { SHORT = 10000, MINUTES = 600000, HOURS = 8 * 3600000 };

    (void)state;
    assert_int_equal(against(make_run(HOURS, 0, 0), make_run(SHORT, 0, 0)), LR_GATE_CANNOT_TELL);
    assert_int_equal(against(make_run(HOURS, 0, 0), make_run(SHORT, 9, 0)), LR_GATE_FAIL);
    assert_int_equal(against(make_run(SHORT, 0, 0), make_run(HOURS, 0, 0)), LR_GATE_PASS);
    assert_int_equal(against(make_run(SHORT, 0, 0), make_run(3 * SHORT, 0, 0)), LR_GATE_PASS);
    /* As many, or as much, in a fiftieth of the time: the same, or a leak fifty times as fast? */
    assert_int_equal(against(make_run(HOURS, 0, 0), make_run(MINUTES, 0, 0)), LR_GATE_PASS);
    assert_int_equal(against(make_run(HOURS, 40, 0), make_run(MINUTES, 40, 0)),
                     LR_GATE_CANNOT_TELL);
    assert_int_equal(against(make_run(HOURS, 0, MEGABYTE), make_run(MINUTES, 0, MEGABYTE)),
                     LR_GATE_CANNOT_TELL);
    assert_int_equal(against(make_run(MINUTES, 40, MEGABYTE), make_run(MINUTES, 40, MEGABYTE)),
                     LR_GATE_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_of_streams_counts_in_limit_growth),
        cmocka_unit_test(a_limit_on_a_name_that_nothing_has_never_passes),
        cmocka_unit_test(a_mapping_without_a_trend_is_doubted_where_another_place_has_one),
        cmocka_unit_test(a_short_and_flat_recording_passes_and_says_what_would_have_shown),
        cmocka_unit_test(a_short_recording_that_may_grow_cannot_be_told_and_names_the_place),
        cmocka_unit_test(a_short_sampled_recording_does_not_pass_what_it_may_have_missed),
        cmocka_unit_test(limit_rss_of_a_phase_leaves_out_the_peak_before_it),
        cmocka_unit_test(what_is_in_use_is_told_from_the_phase),
        cmocka_unit_test(a_short_candidate_never_passes_beside_a_long_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
