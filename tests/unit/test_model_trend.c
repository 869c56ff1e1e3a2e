/* test_model_trend.c -- sites and the process over eight hours: what grows, how fast, until when.
 *
 * Stage: unit tests of MODEL.  A trace with a point every five minutes: one stack that leaks 1 MB an
 * hour, one that is a full cache, a pair that loses 60 an hour, a cgroup that fills.
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
#include "model.h"
#include "symbolize.h"

enum { POINTS = 97, STEP_MS = 5 * 60 * 1000, LEAK_SLOT = 0, CACHE_SLOT = 1, PAIR_SLOT = 40 };

/* Deterministic, without a trend. */
static double jitter(unsigned i)
{
    return (double)(i * 7919 % 101) / 101 - 0.5;
}

static void add_points(struct lr_make *make, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        double hours = (double)i * 5 / 60;
        struct lr_point *point = lr_make_point(make, LR_SEC_SERIES_1M, i * STEP_MS);
        point->values[LR_SERIES_cgroup_used] = (uint64_t)(500e6 + 1e6 * hours + 1e5 * jitter(i));
        point->values[LR_SERIES_cgroup_limit] = 532000000;
        point->values[LR_SERIES_rss] = (uint64_t)(400e6 + 5e6 * jitter(i));
        point->values[LR_SERIES_host_available] = 1000000000;
        struct lr_followed_point *followed =
            lr_make_followed_point(make, LR_SEC_FOLLOWED_1M, i * STEP_MS);
        followed->values[LEAK_SLOT] = (struct lr_followed_value){
            (float)(20e6 + 1e6 * hours + 1e5 * jitter(i)), (float)(20000 + 1000 * hours)};
        followed->values[CACHE_SLOT] = (struct lr_followed_value){
            (float)(80e6 * (1 - exp(-hours / 0.5)) + 1e5 * jitter(i + 31)), 100};
        followed->values[PAIR_SLOT] =
            (struct lr_followed_value){(float)(3e6 * hours), (float)floor(60 * hours)};
    }
}

static struct lr_make *make_night(unsigned points)
{
    struct lr_make *make = lr_make_new();
    uint32_t leak = lr_make_java_stack(make, 1, "com.acme.Leak.add(Leak.java):7");
    uint32_t cache = lr_make_java_stack(make, 1, "com.acme.Cache.put(Cache.java):8");
    uint32_t codec = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2",
                                        "com.acme.Codec.read(Codec.java):9");
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(make, pair, codec, 1000, 520, 0);
    lr_make_pair(make, 0x7000, pair, site, codec, 100);
    lr_make_live(make, 0x8000, 28000000, LR_KIND_MALLOC, leak, 5, 0);
    lr_make_live(make, 0x9000, 80000000, LR_KIND_MALLOC, cache, 5, 0);
    lr_make_followed(make, LEAK_SLOT, LR_FOLLOWED_STACK, leak, 0);
    lr_make_followed(make, CACHE_SLOT, LR_FOLLOWED_STACK, cache, 0);
    lr_make_followed(make, PAIR_SLOT, LR_FOLLOWED_PAIR, site, 0);
    add_points(make, points);
    return make;
}

static struct lr_trace *trace;
static struct lr_symbolizer *symbolizer;

static struct lr_model *build(struct lr_make *make)
{
    struct lr_error error;
    struct lr_symbolizer_options options = {.no_files = true};
    struct lr_model *model;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x.lkr", &trace, &error), LR_OK);
    lr_make_free(make);
    symbolizer = lr_symbolizer_open(trace, &options);
    assert_non_null(symbolizer);
    assert_int_equal(lr_model_build(trace, symbolizer, &model, &error), LR_OK);
    return model;
}

static void end(struct lr_model *model)
{
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
}

static const struct lr_trend *trend_at(const struct lr_model *model, const char *function)
{
    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_path *path = &model->sites[i].path;
        if (path->count && strcmp(path->frames[path->culprit].function, function) == 0)
            return &model->sites[i].trend;
    }
    fail_msg("no site %s", function);
    return NULL;
}

static void a_night(void **state)
{
    (void)state;
    struct lr_model *model = build(make_night(POINTS));
    const struct lr_trend *leak = trend_at(model, "com.acme.Leak.add");
    assert_int_equal(leak->kind, LR_TREND_GROWING);
    assert_true(leak->low < 1e6 && 1e6 < leak->high && fabs(leak->slope - 1e6) < 1e5);
    assert_int_equal(trend_at(model, "com.acme.Cache.put")->kind, LR_TREND_PLATEAU);
    assert_int_equal(model->pair_count, 1);
    const struct lr_trend *pair = &model->pairs[0].sites[0].trend;
    assert_int_equal(pair->kind, LR_TREND_GROWING);
    assert_true(pair->low <= 61 && pair->high >= 59);
    /* 24 MB are left, at 1 MB an hour of blocks and 3 MB of what the streams own. */
    assert_string_equal(model->projection.limit, "memory cgroup");
    assert_true(model->projection.low <= 6 && model->projection.high >= 6 &&
                fabs(model->projection.hours - 6) < 0.5);
    end(model);
}

/* A quarter of an hour is no basis for a rate. */
static void an_early_look(void **state)
{
    (void)state;
    struct lr_model *model = build(make_night(4));
    assert_int_equal(trend_at(model, "com.acme.Leak.add")->kind, LR_TREND_UNKNOWN);
    assert_null(model->projection.limit);
    end(model);
}

/* The night's pairs, of which there are 400 from a third of it on. */
static struct lr_make *make_full_pool(void)
{
    struct lr_make *make = make_night(POINTS);
    for (unsigned i = 0; i < POINTS; i++) {
        struct lr_followed_point *point = lr_make_entry(make, LR_SEC_FOLLOWED_1M, i);
        point->values[PAIR_SLOT].count = (float)(i < 20 ? i * 20 : 400);
    }
    return make;
}

/* Two stacks through one place: of the one that isn't followed nothing is known. */
static void a_pool_seen_in_part_is_no_plateau(void **state)
{
    (void)state;
    struct lr_model *model = build(make_full_pool());
    enum lr_trend_class whole = model->pairs[0].sites[0].trend.kind;
    assert_true(whole != LR_TREND_UNKNOWN && whole != LR_TREND_GROWING);
    end(model);
    struct lr_make *make = make_full_pool();
    uint32_t other = lr_make_java_stack(make, 3, "java.util.zip.Inflater.init:-2",
                                        "java.util.zip.InflaterInputStream.<init>:30",
                                        "com.acme.Codec.read(Codec.java):9");
    uint32_t site = lr_make_pairsite(make, 0, other, 50, 0, 0);
    for (uint32_t i = 0; i < 50; i++)
        lr_make_pair(make, 0x100000 + i * 0x100, 0, site, other, 100);
    model = build(make);
    assert_int_equal(model->pairs[0].site_count, 1);
    assert_int_equal(model->pairs[0].sites[0].trend.kind, LR_TREND_UNKNOWN);
    end(model);
}

/* A full table stops whatever grows. */
static void what_stopped_for_want_of_room_is_no_plateau(void **state)
{
    (void)state;
    struct lr_make *make = make_full_pool();
    uint32_t stacks = (uint32_t)lr_make_section(make, LR_SEC_STACKS)->used;
    for (uint32_t stack = 1; stack < stacks; stack++)
        lr_make_stack_totals(make, stack, 5000, 500000000, 3, 3000000);
    ((struct lr_pairsite *)lr_make_entry(make, LR_SEC_PAIRSITES, 0))->lost = 79;
    struct lr_model *model = build(make);
    assert_int_equal(trend_at(model, "com.acme.Cache.put")->kind, LR_TREND_UNKNOWN);
    assert_int_equal(model->pairs[0].sites[0].trend.kind, LR_TREND_UNKNOWN);
    end(model);
}

/* As if so many records had been written before the first that is there. */
static void number_from(struct lr_make *make, enum lr_section_id id, uint64_t first)
{
    struct lr_section *section = lr_make_section(make, id);
    for (uint64_t i = 0; i < section->used; i++)
        *(uint32_t *)lr_make_entry(make, id, i) = (uint32_t)(first + i + 1);
    section->used += first;
}

/* After 49.7 days times begin again at 0: minutes from before that and seconds from after it are in
 * the order in which they were written. */
static void times_go_on_when_the_clock_wraps(void **state)
{
    (void)state;
    enum { BEFORE = 71500, SECONDS = 4296800 }; /* minutes and seconds; multiples of capacities */
    struct lr_make *make = lr_make_new();
    for (unsigned i = 0; i < 100; i++)
        lr_make_point(make, LR_SEC_SERIES_1M, (uint32_t)((uint64_t)(BEFORE + i) * 60000))
            ->values[LR_SERIES_rss] = 1000 + i;
    for (unsigned i = 0; i < 10; i++)
        lr_make_point(make, LR_SEC_SERIES_1S, (uint32_t)((uint64_t)(SECONDS + i) * 1000))
            ->values[LR_SERIES_rss] = 2000 + i;
    number_from(make, LR_SEC_SERIES_1M, BEFORE);
    number_from(make, LR_SEC_SERIES_1S, SECONDS);
    struct lr_model *model = build(make);
    const struct lr_model_series *series = &model->series;
    const struct lr_model_column *rss = lr_model_column(series, "rss");
    assert_true(series->points >= 100); /* the oldest of a full ring don't count */
    for (size_t i = 1; i < series->points; i++) {
        assert_true(series->time_ms[i] > series->time_ms[i - 1]);
        assert_true(rss->values[i] > rss->values[i - 1]);
    }
    assert_int_equal(series->time_ms[series->points - 1], (SECONDS + 9) * UINT64_C(1000));
    end(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_night),
        cmocka_unit_test(an_early_look),
        cmocka_unit_test(a_pool_seen_in_part_is_no_plateau),
        cmocka_unit_test(what_stopped_for_want_of_room_is_no_plateau),
        cmocka_unit_test(times_go_on_when_the_clock_wraps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
