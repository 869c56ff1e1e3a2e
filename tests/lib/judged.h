/* judged.h -- a night's recording, judged: what the unit tests of JUDGE share.
 *
 * Stage: unit tests of JUDGE.  Most recordings last eight hours, with a point every five minutes.
 */
#ifndef LEAKRING_JUDGED_H
#define LEAKRING_JUDGED_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "load.h"
#include "make_trace.h"
#include "model.h"
#include "phase.h"
#include "symbolize.h"

enum { POINTS = 97, STEP_MS = 5 * 60 * 1000, SLOT = 3, PAIR_SLOT = 40, NIGHT_MS = 96 * STEP_MS };

static struct lr_trace *trace;
static struct lr_symbolizer *symbolizer;
static struct lr_model *model;

/* The phase between two marks; NULL: from the beginning, to the end. */
static inline void judge_part(struct lr_make *make, bool for_files, const char *from,
                              const char *to)
{
    struct lr_error error;
    struct lr_symbolizer_options options = {.no_files = !for_files};
    struct lr_window window;
    size_t size;
    const unsigned char *bytes = lr_make_bytes(make, &size);
    assert_int_equal(lr_trace_open_bytes(bytes, size, "x.lkr", &trace, &error), LR_OK);
    lr_make_free(make);
    assert_int_equal(lr_phase_find(trace, from, to, &window, &error), LR_OK);
    lr_trace_set_window(trace, &window);
    symbolizer = lr_symbolizer_open(trace, &options);
    assert_int_equal(lr_model_build(trace, symbolizer, &model, &error), LR_OK);
}

static inline void judge_looking(struct lr_make *make, bool for_files)
{
    judge_part(make, for_files, NULL, NULL);
}

static inline void judge(struct lr_make *make)
{
    judge_looking(make, false);
}

static inline void end(void)
{
    lr_model_free(model);
    lr_symbolizer_close(symbolizer);
    lr_trace_close(trace);
}

static inline void assert_verdict(enum lr_verdict kind)
{
    if (model->verdict.kind != kind)
        fail_msg("%s, not %s: %s", lr_verdict_name(model->verdict.kind), lr_verdict_name(kind),
                 model->verdict.summary);
    assert_non_null(model->verdict.summary);
    assert_true((model->verdict.next == NULL) == (kind == LR_VERDICT_NONE));
}

static inline bool has_evidence(const char *part)
{
    for (size_t i = 0; i < model->verdict.evidence.count; i++)
        if (strstr(model->verdict.evidence.items[i], part))
            return true;
    return false;
}

/* Deterministic, without a trend, within half a unit. */
static inline double jitter(unsigned i)
{
    return (double)(i * 7919 % 101) / 101 - 0.5;
}

/* A night's points; a JVM's process that neither grows nor shrinks. */
static inline struct lr_make *make_night(void)
{
    struct lr_make *make = lr_make_new();
    struct lr_header *header = lr_make_header(make);
    header->compat |= LR_COMPAT_JAVA;
    header->heartbeat_ms = NIGHT_MS;
    header->end_unix_ns = header->start_unix_ns + (uint64_t)NIGHT_MS * 1000000;
    lr_make_meta(make, LR_META_JAVA_GC, "Parallel");
    for (unsigned i = 0; i < POINTS; i++) {
        uint64_t *values = lr_make_point(make, LR_SEC_SERIES_1M, i * STEP_MS)->values;
        values[LR_SERIES_rss] = (uint64_t)(400e6 + 5e6 * jitter(i));
        values[LR_SERIES_rss_shared] = 50000000;
        values[LR_SERIES_host_total] = 8000000000;
        values[LR_SERIES_host_available] = 5000000000;
        values[LR_SERIES_host_withheld] = 100000000;
        values[LR_SERIES_java_old_used] = 100000000;
        values[LR_SERIES_java_old_limit] = 1000000000;
        values[LR_SERIES_java_full_gcs] = 0;
        values[LR_SERIES_java_full_gc_time] = 0;
        values[LR_SERIES_java_metaspace] = 60000000;
        values[LR_SERIES_live_bytes] = (uint64_t)(100e6 + 1e6 * jitter(i));
        lr_make_followed_point(make, LR_SEC_FOLLOWED_1M, i * STEP_MS);
    }
    return make;
}

static inline uint64_t *values_at(struct lr_make *make, unsigned i)
{
    return ((struct lr_point *)lr_make_entry(make, LR_SEC_SERIES_1M, i))->values;
}

static inline struct lr_followed_value *followed_at(struct lr_make *make, unsigned i)
{
    return ((struct lr_followed_point *)lr_make_entry(make, LR_SEC_FOLLOWED_1M, i))->values;
}

/* Inflaters at one place, of which `live` born at `birth_ms` are left. */
static inline uint32_t add_pairs(struct lr_make *make, uint64_t acquired, uint64_t released,
                          uint64_t cleaned, unsigned live, uint32_t birth_ms)
{
    uint32_t stack = lr_make_java_stack(make, 2, "java.util.zip.Inflater.init:-2",
                                        "com.acme.Codec.read(Codec.java):9");
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(make, pair, stack, acquired, released, cleaned);
    for (unsigned i = 0; i < live; i++)
        lr_make_pair(make, 0x7000 + i * 0x100, pair, site, stack, birth_ms);
    return site;
}

/* A full collection between the points 49 and 50. */
static inline void collect_at_half(struct lr_make *make)
{
    for (unsigned i = 50; i < POINTS; i++) {
        values_at(make, i)[LR_SERIES_java_full_gcs] = 1;
        values_at(make, i)[LR_SERIES_java_full_gc_time] = 80000;
    }
}

static inline void follow_growing(struct lr_make *make, uint32_t stack, double per_hour)
{
    lr_make_followed(make, SLOT, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        double hours = (double)i * 5 / 60;
        followed_at(make, i)[SLOT] = (struct lr_followed_value){
            (float)(20e6 + per_hour * hours + 1e4 * jitter(i)), (float)(20000 + 1000 * hours)};
    }
}

/* `per_hour` more at a stack of one frame, in that module's address 0x100. */
static inline void judge_growing(struct lr_make *make, uint32_t stack, double per_hour)
{
    lr_make_live(make, 0x8000, (uint64_t)(20e6 + 8 * per_hour), LR_KIND_MALLOC, stack, 5, 0);
    follow_growing(make, stack, per_hour);
    judge(make);
}

#endif
