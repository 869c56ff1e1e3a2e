/* test_gate_doubt.c -- what a rule must not overlook: each test is named for what passed once, or
 * couldn't be told, and should not have.
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "gate_answer.h"

enum { MEGABYTE = 1000000 };

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
    add_pairs(make, 3000, 2976, 0, 24, 118000);
    judge_part(make, false, "warm", NULL);
    assert_outcome(answer(NULL, "growth", "off", LR_GATE_UNENDED), LR_GATE_PASS);
    finish();
}

/* --- forks ----------------------------------------------------------------------------------- */

static void what_forked_children_did_unseen_does_not_pass_by_itself(void **state)
{
    static const struct {
        unsigned forks, replaced;
        const char *limit, *said;
        enum lr_gate_outcome outcome;
    } cases[] = {{0, 0, NULL, NULL, LR_GATE_PASS},
                 {3, 3, NULL, NULL, LR_GATE_PASS}, /* they became other programs */
                 {3, 9, NULL, NULL, LR_GATE_PASS}, /* a damaged file's */
                 {3, 0, NULL, "3 forked children went on", LR_GATE_CANNOT_TELL},
                 {3, 2, NULL, "1 forked child went on", LR_GATE_CANNOT_TELL},
                 {3, 0, "3", "; what 3 forked children did is not in it", LR_GATE_PASS},
                 {3, 0, "2", "; the limit is 2", LR_GATE_CANNOT_TELL},
                 {3, 0, "off", "; what 3 forked children did is not in it", LR_GATE_PASS}};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lr_make *make = lr_make_new();
        lr_make_counter(make, LR_CNT_forks, cases[i].forks);
        lr_make_counter(make, LR_CNT_forks_replaced, cases[i].replaced);
        judge(make);
        const struct lr_gate_result *result = answer(
            NULL, cases[i].limit ? "limit-forked" : NULL, cases[i].limit, LR_GATE_COMPLETENESS);
        assert_outcome(result, cases[i].outcome);
        if (cases[i].said)
            assert_non_null(strstr(result->message, cases[i].said));
        else
            assert_null(strstr(result->message, "forked"));
        finish();
    }
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
        cmocka_unit_test(limit_rss_of_a_phase_leaves_out_the_peak_before_it),
        cmocka_unit_test(what_is_in_use_is_told_from_the_phase),
        cmocka_unit_test(what_forked_children_did_unseen_does_not_pass_by_itself),
        cmocka_unit_test(a_short_candidate_never_passes_beside_a_long_baseline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
