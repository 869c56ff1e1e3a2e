/* judge_say.c -- the verdict as a sentence, and the next thing to do (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge_internal.h"
#include "model_build.h"
#include "units.h"

/* "800 java.util.zip.Inflater and 300 java.util.zip.Deflater": the most of those that leak. */
static char *list_leaked(const struct lr_model *model)
{
    enum { NAMED = 3 };
    size_t kinds = 0, named, length = 0;
    uint64_t rest = 0;
    char *text = NULL, count[LR_UNIT_SIZE], more[LR_UNIT_SIZE];
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return NULL;
    while (kinds < model->pair_count && lr_leaked_at(&model->pairs[kinds]) > 0)
        kinds++; /* sorted by that */
    named = kinds <= NAMED + 1 ? kinds : NAMED;
    for (size_t i = 0; i < named; i++)
        fprintf(out, "%s%s %s",
                i == 0           ? ""
                : i + 1 == kinds ? " and "
                                 : ", ",
                lr_unit_count(count, lr_leaked_at(&model->pairs[i])), model->pairs[i].name);
    for (size_t i = named; i < kinds; i++)
        rest += lr_leaked_at(&model->pairs[i]);
    if (rest)
        fprintf(out, " and %s of %s other kinds", lr_unit_count(count, rest),
                lr_unit_count(more, kinds - named));
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The streams, and the plain memory that leaks beside them, or one would hide the other. */
static int say_pairs(struct lr_model *model, const struct lr_facts *facts, bool garbage)
{
    struct lr_model_verdict *verdict = &model->verdict;
    char bytes[LR_UNIT_SIZE], rate[LR_UNIT_SIZE], grows[120] = "", held[120] = "none is live now";
    char *list = list_leaked(model);
    bool one_place = verdict->sites == 1, one = verdict->never_ended == 1;
    int length;

    if (facts->grows)
        snprintf(grows, sizeof(grows), "; and %s grows by %s an hour%s",
                 lr_resource_name(facts->grows),
                 lr_unit_bytes(rate, lr_model_round(facts->grows->trend.slope), false),
                 verdict->growing > 1 ? ", at several places" : "");

    if (facts->live)
        snprintf(held, sizeof(held), "%s %s of native memory",
                 facts->live == verdict->never_ended ? one ? "it holds" : "they hold"
                                                     : "those that are live hold",
                 lr_unit_bytes(bytes, verdict->held_bytes, false));
    if (!list)
        return -1;
    length = asprintf(&verdict->summary,
                      "%s %s never ended, from %" PRIu64 " place%s in the code%s; %s%s.",
                      list, one ? "was" : "were", verdict->sites, one_place ? "" : "s",
                      !garbage ? ""
                      : one    ? ", and is closed only when a collection comes along"
                               : ", and are closed only when a collection comes along",
                      held, grows);
    free(list);
    return length;
}

static int say_memory(struct lr_model *model, const struct lr_model_memory_site *site)
{
    char rate[LR_UNIT_SIZE], place[600];
    uint64_t more = model->verdict.growing - 1;
    char others[64] = "", until[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE], cut[160] = "";

    lr_model_place_text(place, sizeof(place), &site->path);
    if (more)
        snprintf(others, sizeof(others), ", and at %" PRIu64 " other place%s", more,
                 more == 1 ? "" : "s");
    if (site->lost)
        snprintf(cut, sizeof(cut),
                 "; the recording was full after %s and is incomplete since: at least %s are held",
                 lr_unit_duration(until, lr_model_round(site->trend.to_s * 1000)),
                 lr_unit_bytes(bytes, lr_model_round(site->live_bytes.value), false));
    return asprintf(&model->verdict.summary, "%s grows by %s an hour in %s%s%s.",
                    lr_resource_name(site),
                    lr_unit_bytes(rate, lr_model_round(site->trend.slope), false), place, others,
                    cut);
}

static uint64_t count_live(const struct lr_model *model, enum lr_site_class class)
{
    uint64_t live = 0;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == class)
                live += model->pairs[i].sites[s].live;
    return live;
}

/* That no stream leaks says nothing of plain memory, which needs time. */
static const char *open_question(char *out, size_t size, const struct lr_model *model,
                                 const struct lr_facts *facts)
{
    const double WORTH_SAYING = 1e6;
    char bytes[LR_UNIT_SIZE], duration[LR_UNIT_SIZE];

    if (lr_recording_is_short(model) && facts->undecided >= WORTH_SAYING)
        snprintf(out, size, "; whether %s of plain memory grow, %s don't tell",
                 lr_unit_bytes(bytes, lr_model_round(facts->undecided), false),
                 lr_unit_duration(duration, model->run.duration_ms));
    else if (facts->trends)
        snprintf(out, size, "; no plain memory was seen to grow");
    return out;
}

/* Nothing was ended, as nothing had to be. */
static int say_all_live(struct lr_model *model, uint64_t expected, const char *expected_text,
                        const char *in_use_text, const char *rest)
{
    char count[LR_UNIT_SIZE];

    if (in_use_text[0] || expected == 1)
        return asprintf(&model->verdict.summary, "no stream had to be ended yet%s%s%s.",
                        expected_text, in_use_text, rest);
    return asprintf(&model->verdict.summary,
                    "all %s streams are live as expected (caches, pools, start-up)%s.",
                    lr_unit_count(count, expected), rest);
}

static int say_none(struct lr_model *model, const struct lr_facts *facts)
{
    uint64_t acquired = 0, expected = count_live(model, LR_CLASS_EXPECTED);
    uint64_t in_use = count_live(model, LR_CLASS_TRANSIENT);
    char counts[3][LR_UNIT_SIZE], expected_text[80] = "", in_use_text[80] = "";
    char rest[160] = "", streams[LR_UNIT_SIZE + 16];

    open_question(rest, sizeof(rest), model, facts);

    for (size_t i = 0; i < model->pair_count; i++)
        acquired += model->pairs[i].acquired;
    if (acquired == 0)
        return asprintf(&model->verdict.summary,
                        "no stream or other paired resource was acquired, so none leaks%s.", rest);
    uint64_t ended = acquired - expected - in_use;
    if (expected)
        snprintf(expected_text, sizeof(expected_text), "; %s%s live as expected",
                 lr_unit_count(counts[1], expected), ended ? " more" : "");
    if (in_use)
        snprintf(in_use_text, sizeof(in_use_text), "; %s in use at the end",
                 lr_unit_count(counts[2], in_use));
    snprintf(streams, sizeof(streams), "%s streams", lr_unit_count(counts[0], ended));
    if (ended == 0)
        return say_all_live(model, expected, expected_text, in_use_text, rest);
    return asprintf(&model->verdict.summary, "%s acquired, %s%s%s%s.",
                    ended == 1 ? "1 stream" : streams, ended == 1 ? "and ended" : "all ended",
                    expected_text, in_use_text, rest);
}

static int say_pressure(struct lr_model *model)
{
    const struct lr_model_gc_pressure *pressure = &model->gc_pressure;
    char used[LR_UNIT_SIZE], most[LR_UNIT_SIZE];

    return asprintf(&model->verdict.summary,
                    "the Java heap is nearly full: %s of %s (%.0f %% of the %s) are in use right "
                    "after a collection; %s.",
                    lr_unit_bytes(used, pressure->used, false),
                    lr_unit_bytes(most, pressure->most, false), pressure->percent, pressure->pool,
                    lr_nothing_leaks(model, true));
}

static int say_retention(struct lr_model *model, const struct lr_facts *facts)
{
    char slack[LR_UNIT_SIZE];

    return asprintf(&model->verdict.summary,
                    "the allocator keeps %s that the program has freed; %s.",
                    lr_unit_bytes(slack, lr_model_round(facts->slack), false),
                    lr_nothing_leaks(model, false));
}

static int say_outside(struct lr_model *model, const struct lr_facts *facts)
{
    char bytes[LR_UNIT_SIZE];

    lr_unit_bytes(bytes, facts->balloon ? facts->balloon : facts->others, false);
    return asprintf(&model->verdict.summary,
                    facts->balloon ? "%s of the machine's memory were withdrawn from outside; %s."
                                   : "%s of the machine's memory are used by others, and next to "
                                     "none is left; %s.",
                    bytes, lr_nothing_leaks(model, false));
}

static int say_summary(struct lr_model *model, const struct lr_facts *facts)
{
    switch (model->verdict.kind) {
    case LR_VERDICT_LEAK:
        return model->verdict.sites ? say_pairs(model, facts, false)
                                    : say_memory(model, facts->grows);
    case LR_VERDICT_GARBAGE_WAITING:
        return say_pairs(model, facts, true);
    case LR_VERDICT_JAVA_HEAP:
        return say_pressure(model);
    case LR_VERDICT_RETENTION:
        return say_retention(model, facts);
    case LR_VERDICT_JVM_OTHER:
        return lr_jvm_say(&model->verdict.summary, model, facts);
    case LR_VERDICT_OUTSIDE:
        return say_outside(model, facts);
    case LR_VERDICT_CANNOT_TELL:
        return lr_unknown_say(&model->verdict.summary, model, facts);
    case LR_VERDICT_NONE:
        break;
    }
    return say_none(model, facts);
}

/* The pair site with most that was never ended; sites and pairs are sorted so. */
static const struct lr_model_path *first_finding(const struct lr_model *model)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == LR_CLASS_LEAK)
                return &model->pairs[i].sites[s].path;
    return NULL;
}

static const char *release_of(const struct lr_model *model)
{
    const char *name = model->pair_count ? model->pairs[0].name : "";

    if (strcmp(name, "zlib.inflate") == 0)
        return "inflateEnd()";
    if (strcmp(name, "zlib.deflate") == 0)
        return "deflateEnd()";
    return "end(), or close() on the stream that owns it,";
}

static int next_of_pairs(struct lr_model *model, const struct lr_facts *facts)
{
    const struct lr_model_path *path = first_finding(model);
    bool untested = model->run.java && model->run.ended == LR_RUN_RUNNING &&
                    facts->untested > 0;
    char place[600] = "the caller", gc[80] = "";

    if (path && path->count)
        lr_model_frame_text(place, sizeof(place), &path->frames[path->culprit]);
    if (untested)
        snprintf(gc, sizeof(gc), " `leakring gc %" PRIu32 "` tells what is held.", model->run.pid);
    return asprintf(&model->verdict.next, "call %s for what %s acquires.%s", release_of(model),
                    place, gc);
}

/* What makes an allocator keep less; by the file that our malloc calls. */
static const char *give_back(const char *allocator)
{
    static const struct {
        const char *part, *advice;
    } known[] = {
        {"jemalloc", "let jemalloc give it back sooner: "
                     "MALLOC_CONF=dirty_decay_ms:1000,muzzy_decay_ms:0,background_thread:true."},
        {"tcmalloc", "let tcmalloc give it back sooner: TCMALLOC_RELEASE_RATE=10."},
        {"mimalloc", "let mimalloc give it back sooner: MIMALLOC_PURGE_DELAY=0."},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strstr(allocator, known[i].part))
            return known[i].advice;
    return "start it with MALLOC_ARENA_MAX=2, or with a trim threshold "
           "(MALLOC_TRIM_THRESHOLD_=131072 sets M_TRIM_THRESHOLD), or with jemalloc; "
           "malloc_trim(0) gives it back at once.";
}

static const char *advice(const struct lr_model *model, const struct lr_facts *facts)
{
    switch (model->verdict.kind) {
    case LR_VERDICT_JAVA_HEAP:
        return "look at what the heap holds (jcmd PID GC.heap_dump), or raise -Xmx as far as the "
               "memory limit allows.";
    case LR_VERDICT_RETENTION:
        return give_back(model->run.allocator);
    case LR_VERDICT_OUTSIDE:
        return facts->balloon ? "ask the owner of the host about its balloon or its limits; "
                                "`leakring host` shows the machine now."
                              : "`leakring host` shows who uses the machine's memory.";
    default:
        return NULL;
    }
}

static int say_next(struct lr_model *model, const struct lr_facts *facts)
{
    const char *text = advice(model, facts);

    if (model->verdict.sites)
        return next_of_pairs(model, facts);
    if (model->verdict.kind == LR_VERDICT_LEAK)
        return lr_resource_advice(&model->verdict.next, facts->grows);
    if (model->verdict.kind == LR_VERDICT_JVM_OTHER)
        return lr_jvm_advise(&model->verdict.next, model, facts);
    if (model->verdict.kind == LR_VERDICT_CANNOT_TELL)
        return lr_unknown_advise(&model->verdict.next, model);
    return text ? asprintf(&model->verdict.next, "%s", text) : 0;
}

enum lr_status lr_judge_say(struct lr_model *model, const struct lr_facts *facts,
                            struct lr_error *error)
{
    if (say_summary(model, facts) < 0) {
        model->verdict.summary = NULL;
        return lr_fail(error, LR_FAILED, "out of memory");
    }
    if (say_next(model, facts) < 0) {
        model->verdict.next = NULL;
        return lr_fail(error, LR_FAILED, "out of memory");
    }
    return LR_OK;
}
