/* judge.c -- which sites leak, and what can be said of the whole (judge.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_build.h"
#include "units.h"

static uint64_t released_explicitly(const struct lr_model_pair_site *site)
{
    uint64_t others = site->released_by_cleaner + site->released_unknown;

    return site->released > others ? site->released - others : 0;
}

/* The last word of a process that was killed is its heartbeat; a birth may be later. */
static uint64_t end_of_recording(const struct lr_model *model)
{
    uint64_t end = model->run.duration_ms;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].newest_ms > end)
                end = model->pairs[i].sites[s].newest_ms;
    return end;
}

static bool is_transient(const struct lr_model_pair_site *site, const struct lr_model *model,
                         uint64_t end_ms)
{
    uint64_t recent = end_ms / LR_TRANSIENT_SHARE;
    uint64_t vm_death_ms = model->run.vm_death_ms;

    /* A JVM's daemon threads go on until its very end; a native program's exit ends its use. */
    if (!model->run.java && model->run.ended != LR_RUN_KILLED &&
        model->run.ended != LR_RUN_RUNNING)
        return false;
    if (released_explicitly(site) == 0 || site->released_by_cleaner > 0)
        return false;
    if (site->live > LR_TRANSIENT_COUNT && site->live > site->acquired / 100 * LR_TRANSIENT_PERCENT)
        return false;
    /* A JVM stops its daemon threads wherever they are, and takes its time to the end. */
    if (vm_death_ms && vm_death_ms <= end_ms)
        recent += end_ms - vm_death_ms;
    if (vm_death_ms && site->live <= LR_TRANSIENT_COUNT && recent < LR_TRANSIENT_STOPPED_MS)
        recent = LR_TRANSIENT_STOPPED_MS;
    if (recent > LR_TRANSIENT_MS)
        recent = LR_TRANSIENT_MS;
    return site->oldest_ms + recent >= end_ms;
}

static enum lr_site_class judge_site(const struct lr_model_pair_site *site,
                                     const struct lr_model *model, uint64_t end_ms)
{
    if (site->expected)
        return LR_CLASS_EXPECTED;
    if (lr_pair_site_never_ended(site) == 0)
        return LR_CLASS_CLEAN;
    return is_transient(site, model, end_ms) ? LR_CLASS_TRANSIENT : LR_CLASS_LEAK;
}

static int compare_numbers_down(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

/* Leaks, then what was in use, what is expected, what is clean; the most never-ended first. */
static int compare_sites(const void *left, const void *right)
{
    const struct lr_model_pair_site *a = left, *b = right;
    int order = (b->class > a->class) - (b->class < a->class);

    if (order == 0)
        order = compare_numbers_down(lr_pair_site_never_ended(a), lr_pair_site_never_ended(b));
    if (order == 0)
        order = compare_numbers_down(a->bytes_at_creation + a->bytes_later,
                                     b->bytes_at_creation + b->bytes_later);
    if (order == 0)
        order = compare_numbers_down(a->acquired, b->acquired);
    return order ? order : lr_path_compare(&a->path, &b->path);
}

static uint64_t leaked_at(const struct lr_model_pair *pair)
{
    uint64_t never_ended = 0;

    for (size_t i = 0; i < pair->site_count; i++)
        if (pair->sites[i].class == LR_CLASS_LEAK)
            never_ended += lr_pair_site_never_ended(&pair->sites[i]);
    return never_ended;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct lr_model_pair *a = left, *b = right;
    int order = compare_numbers_down(leaked_at(a), leaked_at(b));

    return order ? order : compare_numbers_down(a->acquired, b->acquired);
}

void lr_judge_sites(struct lr_model *model)
{
    uint64_t end_ms = end_of_recording(model);

    for (size_t i = 0; i < model->pair_count; i++) {
        struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count; s++)
            pair->sites[s].class = judge_site(&pair->sites[s], model, end_ms);
        if (pair->site_count > 0)
            qsort(pair->sites, pair->site_count, sizeof(*pair->sites), compare_sites);
    }
    if (model->pair_count > 0)
        qsort(model->pairs, model->pair_count, sizeof(*model->pairs), compare_pairs);
}

static enum lr_status add_evidence(struct lr_model *model, const struct lr_model_pair *pair,
                                   const struct lr_model_pair_site *site, struct lr_error *error)
{
    const struct lr_model_path *path = &site->path;

    return lr_texts_add(&model->verdict.evidence, error,
                        "%" PRIu64 " of %" PRIu64 " %s acquired in %s were never ended (%" PRIu64
                        " live, %" PRIu64 " closed only by the Cleaner)",
                        lr_pair_site_never_ended(site), site->acquired, pair->name,
                        path->count ? path->frames[path->culprit].function : "an unknown place",
                        site->live, site->released_by_cleaner);
}

static enum lr_status sum_findings(struct lr_model *model, struct lr_error *error)
{
    struct lr_model_verdict *verdict = &model->verdict;
    enum lr_status status = LR_OK;

    for (size_t i = 0; i < model->pair_count; i++) {
        const struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count && status == LR_OK; s++) {
            const struct lr_model_pair_site *site = &pair->sites[s];

            if (site->class != LR_CLASS_LEAK)
                continue;
            verdict->sites++;
            verdict->never_ended += lr_pair_site_never_ended(site);
            verdict->held_bytes += site->bytes_at_creation + site->bytes_later;
            status = add_evidence(model, pair, site, error);
        }
    }
    return status;
}

/* "800 java.util.zip.Inflater and 300 java.util.zip.Deflater", of those that leak. */
static char *list_leaked(const struct lr_model *model)
{
    char *text = NULL;

    for (size_t i = 0; i < model->pair_count; i++) {
        uint64_t leaked = leaked_at(&model->pairs[i]);
        char count[LR_UNIT_SIZE], *longer;

        if (leaked == 0)
            continue;
        lr_unit_count(count, leaked);
        if (asprintf(&longer, "%s%s%s %s", text ? text : "", text ? " and " : "", count,
                     model->pairs[i].name) < 0)
            longer = NULL;
        free(text);
        text = longer;
        if (!text)
            return NULL;
    }
    return text;
}

static int say_leak(struct lr_model *model)
{
    struct lr_model_verdict *verdict = &model->verdict;
    char bytes[LR_UNIT_SIZE], *list = list_leaked(model);
    bool one_place = verdict->sites == 1, one = verdict->never_ended == 1;
    int length;

    if (!list)
        return -1;
    length =
        asprintf(&verdict->summary,
                 "%s %s never ended, from %" PRIu64 " place%s in the code; %s %s of native "
                 "memory.",
                 list, one ? "was" : "were", verdict->sites, one_place ? "" : "s",
                 one ? "it holds" : "they hold", lr_unit_bytes(bytes, verdict->held_bytes, false));
    free(list);
    return length;
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

static int say_none(struct lr_model *model)
{
    uint64_t acquired = 0, expected = count_live(model, LR_CLASS_EXPECTED);
    uint64_t in_use = count_live(model, LR_CLASS_TRANSIENT);
    char counts[3][LR_UNIT_SIZE], expected_text[80] = "", in_use_text[80] = "";

    for (size_t i = 0; i < model->pair_count; i++)
        acquired += model->pairs[i].acquired;
    if (acquired == 0)
        return asprintf(&model->verdict.summary,
                        "no stream or other paired resource was acquired, so none leaks.");
    if (expected)
        snprintf(expected_text, sizeof(expected_text), "; %s more live as expected",
                 lr_unit_count(counts[1], expected));
    if (in_use)
        snprintf(in_use_text, sizeof(in_use_text), "; %s in use at the end",
                 lr_unit_count(counts[2], in_use));
    return asprintf(&model->verdict.summary, "%s streams acquired, all ended%s%s.",
                    lr_unit_count(counts[0], acquired - expected - in_use), expected_text,
                    in_use_text);
}

/* Of a native program without a stream nothing was judged, and "none" would be a guess. */
static bool nothing_judged(const struct lr_model *model)
{
    return !model->run.java && model->pair_count == 0 && model->site_count > 0;
}

static int say_cannot_tell(struct lr_model *model)
{
    if (model->completeness.verdict == LR_COMPLETE)
        return asprintf(&model->verdict.summary,
                        "no stream was acquired, and plain memory is listed, not judged yet.");
    return asprintf(&model->verdict.summary,
                    model->completeness.verdict == LR_BLIND
                        ? "the tracer did not see this program's allocations."
                        : "no leak was found, but the recording is incomplete: what is missing "
                          "may be one.");
}

enum lr_status lr_judge_process(struct lr_model *model, struct lr_error *error)
{
    struct lr_model_verdict *verdict = &model->verdict;
    enum lr_status status = sum_findings(model, error);
    int length;

    if (status != LR_OK)
        return status;
    if (verdict->sites > 0) {
        verdict->kind = LR_VERDICT_LEAK;
        length = say_leak(model);
    } else if (model->completeness.verdict != LR_COMPLETE || nothing_judged(model)) {
        verdict->kind = LR_VERDICT_CANNOT_TELL;
        length = say_cannot_tell(model);
    } else {
        verdict->kind = LR_VERDICT_NONE;
        length = say_none(model);
    }
    if (length < 0) {
        verdict->summary = NULL;
        return lr_fail(error, LR_FAILED, "out of memory");
    }
    return LR_OK;
}
