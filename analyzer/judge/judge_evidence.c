/* judge_evidence.c -- what speaks for the verdict, one line each (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.  The strongest come first; the report shows the first few.
 */
#include <inttypes.h>
#include <stdio.h>

#include "gc_pressure.h"
#include "judge_internal.h"
#include "model_build.h"
#include "units.h"

struct writer {
    struct lr_model *model;
    struct lr_error *error;
    enum lr_status status;
};

#define SAY(writer, ...)                                                                           \
    do {                                                                                           \
        if ((writer)->status == LR_OK)                                                             \
            (writer)->status =                                                                     \
                lr_texts_add(&(writer)->model->verdict.evidence, (writer)->error, __VA_ARGS__);    \
    } while (0)

/* "; growing by 60 an hour (59 to 61)", or nothing. */
static const char *growth_of(char *out, size_t size, const struct lr_trend *trend)
{
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    out[0] = '\0';
    if (trend->kind == LR_TREND_GROWING)
        snprintf(out, size, "; growing by %s an hour (%s to %s)",
                 lr_unit_count(value, lr_model_round(trend->slope)),
                 lr_unit_count(low, lr_model_round(trend->low)),
                 lr_unit_count(high, lr_model_round(trend->high)));
    return out;
}

static void say_pair_site(struct writer *writer, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site)
{
    const struct lr_model_path *path = &site->path;
    char growth[160], never[LR_UNIT_SIZE], acquired[LR_UNIT_SIZE], live[LR_UNIT_SIZE];
    char cleaned[LR_UNIT_SIZE];

    SAY(writer,
        "%s of %s %s acquired in %s were never ended (%s live, %s closed only by the Cleaner)%s",
        lr_unit_count(never, lr_pair_site_never_ended(site)),
        lr_unit_count(acquired, site->acquired), pair->name,
        path->count ? path->frames[path->culprit].function : "an unknown place",
        lr_unit_count(live, site->live), lr_unit_count(cleaned, site->released_by_cleaner),
        growth_of(growth, sizeof(growth), &site->trend));
}

static void say_pairs(struct writer *writer)
{
    const struct lr_model *model = writer->model;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].class == LR_CLASS_LEAK)
                say_pair_site(writer, &model->pairs[i], &model->pairs[i].sites[s]);
}

/* A collection of the young generation frees what died young, and a dozen of them have seen most
 * of it. */
static void say_collections(struct writer *writer)
{
    const struct lr_model *model = writer->model;
    uint64_t newest_ms = 0, collections;
    char count[LR_UNIT_SIZE];

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK && site->live > 0 && site->newest_ms > newest_ms)
                newest_ms = site->newest_ms;
        }
    collections = lr_gc_since(&model->series, newest_ms);
    if (newest_ms == 0 || collections == LR_MODEL_UNKNOWN ||
        (collections == 0 && model->run.full_gc_ms == 0)) /* said already */
        return;
    SAY(writer, "%s collection%s since the newest of them was acquired",
        collections ? lr_unit_count(count, collections) : "no", collections == 1 ? "" : "s");
}

/* "; of the 12 that came since, that is not known", or nothing. */
static const char *untested(char *out, size_t size, const struct lr_facts *facts)
{
    char count[LR_UNIT_SIZE];

    out[0] = '\0';
    if (facts->untested)
        snprintf(out, size, "; of %s that came since, that is not known",
                 lr_unit_count(count, facts->untested));
    return out;
}

/* Held or garbage: what is known of it, and what isn't. */
static void say_held(struct writer *writer, const struct lr_facts *facts)
{
    const struct lr_model_run *run = &writer->model->run;
    char count[LR_UNIT_SIZE], when[LR_UNIT_SIZE], since[120];

    if (!run->java || writer->model->verdict.sites == 0)
        return;
    if (run->full_gc_ms == 0 && facts->live > 0) {
        SAY(writer, "no collection of the whole heap was seen: held by the program or garbage that "
                    "waits is not known");
        return;
    }
    untested(since, sizeof(since), facts);
    if (facts->survived)
        SAY(writer, "%s of them %s in use when the whole heap was collected (after %s): held%s",
            lr_unit_count(count, facts->survived), facts->survived == 1 ? "was" : "were",
            lr_unit_duration(when, run->full_gc_ms), since);
    else if (run->full_gc_ms)
        SAY(writer, "none of them was in use when the whole heap was collected (after %s)%s",
            lr_unit_duration(when, run->full_gc_ms), since);
}

static void say_memory(struct writer *writer, bool jvm)
{
    const struct lr_model *model = writer->model;
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE], count[LR_UNIT_SIZE];
    char place[600], blocks[LR_UNIT_SIZE + 16];

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];
        const struct lr_trend *trend = &site->trend;
        bool more = site->count_trend.kind == LR_TREND_GROWING; /* or one block grows */

        if (site->jvm != jvm || site->expected || !lr_growth_matters(trend) ||
            (jvm && !lr_jvm_site_counts(site)))
            continue;
        snprintf(blocks, sizeof(blocks), " and %s blocks",
                 lr_unit_count(count, lr_model_round(site->count_trend.slope)));
        SAY(writer, "%s in %s %s by %s%s an hour (%s to %s)%s%s",
            lr_resource_name(site), lr_model_place_text(place, sizeof(place), &site->path),
            site->part_followed ? "grows, as far as it was followed," : "grows",
            lr_unit_bytes(value, lr_model_round(trend->slope), false),
            more ? blocks : "",
            lr_unit_bytes(low, lr_model_round(trend->low), false),
            lr_unit_bytes(high, lr_model_round(trend->high), false),
            site->kind != LR_MEMORY_MMAP ? ""
            : lr_maps_files(site)        ? "; what of it is in memory, the kernel can drop again"
                                         : "; that is address space",
            trend->lasts ? "" : "; whether it still does, its last part does not tell");
    }
}

static void say_pressure(struct writer *writer)
{
    const struct lr_model_gc_pressure *pressure = &writer->model->gc_pressure;
    char used[LR_UNIT_SIZE], most[LR_UNIT_SIZE];

    if (pressure->band >= LR_PRESSURE_WATCH)
        SAY(writer, "%s (%s GC): %.0f %% in use after its last collection, %s of %s%s",
            pressure->pool, pressure->collector, pressure->percent,
            lr_unit_bytes(used, pressure->used, false), lr_unit_bytes(most, pressure->most, false),
            pressure->band == LR_PRESSURE_WATCH ? "; acceptable while the load stays as it is"
                                                : "");
}

static void say_column(struct writer *writer, const struct lr_trend *trend, const char *what,
                       bool bytes)
{
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];
    const double rates[] = {trend->slope, trend->low, trend->high};
    char *const texts[] = {value, low, high};

    for (int i = 0; i < 3; i++) {
        if (bytes)
            lr_unit_bytes(texts[i], lr_model_round(rates[i]), false);
        else
            lr_unit_count(texts[i], lr_model_round(rates[i]));
    }
    SAY(writer, "%s by %s an hour (%s to %s)", what, value, low, high);
}

static void say_jvm(struct writer *writer, const struct lr_facts *facts)
{
    if (facts->threads.kind == LR_TREND_GROWING && facts->threads.slope >= 1)
        say_column(writer, &facts->threads, "the number of Java threads grows", false);
    if (lr_growth_matters(&facts->metaspace))
        say_column(writer, &facts->metaspace, "class metadata grows", true);
    say_memory(writer, true);
}

static void say_slack(struct writer *writer, const struct lr_facts *facts)
{
    const struct lr_model_allocator *allocator = &writer->model->allocator;
    char slack[LR_UNIT_SIZE], live[LR_UNIT_SIZE], resident[LR_UNIT_SIZE];

    if (facts->slack <= 0)
        return;
    SAY(writer, "the allocator keeps %s resident that was freed; %s of its memory are live",
        lr_unit_bytes(slack, lr_model_round(facts->slack), false),
        lr_unit_bytes(live, facts->malloc_live, false));
    if (lr_allocator_slack(allocator) != LR_MODEL_UNKNOWN)
        SAY(writer, "%s itself says: %s resident, %s handed out", allocator->name,
            lr_unit_bytes(resident, allocator->resident, false),
            lr_unit_bytes(live, allocator->allocated, false));
}

static void say_machine(struct writer *writer, const struct lr_facts *facts)
{
    char bytes[LR_UNIT_SIZE];

    if (facts->balloon)
        SAY(writer, "%s of the machine's memory were withdrawn, as by a balloon",
            lr_unit_bytes(bytes, facts->balloon, false));
    if (facts->others)
        SAY(writer, "the machine is nearly out of memory; %s of it are not this process'",
            lr_unit_bytes(bytes, facts->others, false));
}

static void say_unknown(struct writer *writer, const struct lr_facts *facts)
{
    char bytes[LR_UNIT_SIZE], duration[LR_UNIT_SIZE];

    if (facts->undecided >= LR_MATTERS_UNDECIDED)
        SAY(writer,
            "%s of plain memory are live; a recording of %s does not tell whether they grow",
            lr_unit_bytes(bytes, lr_model_round(facts->undecided), false),
            lr_unit_duration(duration, writer->model->run.duration_ms));
}

/* Who leaks beside what is missing is still named; of the rest nothing is known. */
static void say_incomplete(struct writer *writer, const struct lr_facts *facts)
{
    char known[900];

    if (writer->model->completeness.verdict != LR_INCOMPLETE)
        return;
    if (facts->full)
        SAY(writer, "%s", lr_least_known(known, sizeof(known), facts->full));
    else if (writer->model->verdict.kind == LR_VERDICT_CANNOT_TELL)
        return; /* that is the summary */
    SAY(writer, writer->model->verdict.kind == LR_VERDICT_LEAK
                    ? "the recording is incomplete: what leaks is at least that much"
                    : "the recording is incomplete: what is missing may be a leak");
}

enum lr_status lr_judge_evidence(struct lr_model *model, const struct lr_facts *facts,
                                 struct lr_error *error)
{
    struct writer writer = {model, error, LR_OK};

    say_pairs(&writer);
    say_held(&writer, facts);
    if (model->run.java)
        say_collections(&writer);
    model->verdict.growing_at = model->verdict.evidence.count;
    say_memory(&writer, false);
    say_pressure(&writer);
    say_slack(&writer, facts);
    say_jvm(&writer, facts);
    if (lr_growth_matters(&facts->files) && model->verdict.kind != LR_VERDICT_LEAK)
        say_column(&writer, &facts->files,
                   "mapped files grow in memory, which the kernel can drop again,", true);
    say_machine(&writer, facts);
    if (model->verdict.kind != LR_VERDICT_NONE && model->verdict.kind != LR_VERDICT_LEAK)
        say_unknown(&writer, facts);
    say_incomplete(&writer, facts);
    return writer.status;
}
