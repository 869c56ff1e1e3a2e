/* gate_baseline.c -- what leaks more than it did in another recording (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.  Sites are matched by their subject: the pair and the
 * names of the functions, so that lines may have moved.  Two sites of one subject count together.
 *
 * How many streams a run forgets is chance where requests are: of two Poisson numbers a and b of
 * one rate, b - a exceeds 3 * sqrt(a + b) in one case of 700.  A longer run may forget more.
 */
#include "gate_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "units.h"

static const double CHANCE = 3; /* standard deviations */

/* Sum over the leaking stream sites of a subject. */
static double forgotten(const struct lr_model *model, const char *subject)
{
    char other[LR_GATE_SUBJECT_SIZE];
    double sum = 0;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class != LR_CLASS_LEAK)
                continue;
            lr_gate_subject(other, sizeof(other), model->pairs[i].name, &site->path);
            if (strcmp(other, subject) == 0)
                sum += (double)lr_pair_site_never_ended(site);
        }
    return sum;
}

/* Is it the first site of its subject?  The others were counted with it. */
static bool is_first(const struct lr_model *model, size_t pair, size_t site, const char *subject)
{
    char other[LR_GATE_SUBJECT_SIZE];

    for (size_t s = 0; s < site; s++) {
        if (model->pairs[pair].sites[s].class != LR_CLASS_LEAK)
            continue;
        lr_gate_subject(other, sizeof(other), model->pairs[pair].name,
                        &model->pairs[pair].sites[s].path);
        if (strcmp(other, subject) == 0)
            return false;
    }
    return true;
}

static double longer_by(const struct lr_gate_work *work)
{
    double before = (double)work->baseline->run.duration_ms;
    double now = (double)work->model->run.duration_ms;

    return before > 0 && now > before ? now / before : 1;
}

static bool baseline_is_whole(const struct lr_gate_work *work)
{
    return work->baseline->completeness.verdict == LR_COMPLETE;
}

static enum lr_status judge_streams_at(struct lr_gate_work *work, const struct lr_model_pair *pair,
                                       const struct lr_model_pair_site *site, const char *subject)
{
    double now = forgotten(work->model, subject), then = forgotten(work->baseline, subject);
    double wanted = then * longer_by(work) * (1 + work->rules->increase_percent / 100);
    char place[600] = "an unknown place", more[LR_UNIT_SIZE], less[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_INCREASE,
                                    .outcome = LR_GATE_FAIL,
                                    .unit = LR_GATE_COUNT,
                                    .measured = {now, now, now},
                                    .limit = wanted,
                                    .path = &site->path,
                                    .pair = pair};

    if (now <= wanted || (then > 0 && now - wanted <= CHANCE * sqrt(now + wanted)))
        return LR_OK;
    if (!baseline_is_whole(work))
        result.outcome = LR_GATE_CANNOT_TELL;
    if (site->path.count > 0)
        lr_model_frame_text(place, sizeof(place), &site->path.frames[site->path.culprit]);
    lr_unit_count(more, lr_model_round(now));
    lr_unit_count(less, lr_model_round(then));
    return lr_gate_say(work->report, &result, subject, work->error,
                       "%s %s acquired at %s never ended, %s in the baseline", more, pair->name,
                       place, then > 0 ? less : "none");
}

static enum lr_status judge_streams(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    char subject[LR_GATE_SUBJECT_SIZE];

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];
            enum lr_status status;

            if (site->class != LR_CLASS_LEAK)
                continue;
            lr_gate_subject(subject, sizeof(subject), model->pairs[i].name, &site->path);
            if (!is_first(model, i, s, subject))
                continue;
            status = judge_streams_at(work, &model->pairs[i], site, subject);
            if (status != LR_OK)
                return status;
        }
    return LR_OK;
}

/* The baseline's fastest growth at a subject: the rate's upper end; 0: nothing grew there.
 * *unknown: some of it couldn't be judged. */
static double growth_then(const struct lr_model *baseline, const char *subject, bool *unknown)
{
    char other[LR_GATE_SUBJECT_SIZE];
    double rate = 0;

    *unknown = false;
    for (size_t i = 0; i < baseline->site_count; i++) {
        const struct lr_model_memory_site *site = &baseline->sites[i];

        lr_gate_subject(other, sizeof(other), lr_memory_kind_name(site->kind), &site->path);
        if (strcmp(other, subject) != 0)
            continue;
        if (site->trend.kind == LR_TREND_GROWING)
            rate = fmax(rate, site->trend.high);
        *unknown |=
            site->trend.kind == LR_TREND_UNKNOWN && site->live_bytes.high >= LR_MATTERS_GROWN;
    }
    return rate;
}

static enum lr_status judge_growth_at(struct lr_gate_work *work,
                                      const struct lr_model_memory_site *site)
{
    char subject[LR_GATE_SUBJECT_SIZE], place[600] = "an unknown place", rate[LR_UNIT_SIZE],
                                        before[LR_UNIT_SIZE];
    bool unknown;
    double then;
    struct lr_gate_result result = {
        .rule = LR_GATE_INCREASE,
        .outcome = LR_GATE_FAIL,
        .unit = LR_GATE_BYTES_PER_HOUR,
        .measured = {site->trend.slope, site->trend.low, site->trend.high},
        .path = &site->path};

    lr_gate_subject(subject, sizeof(subject), lr_memory_kind_name(site->kind), &site->path);
    then = growth_then(work->baseline, subject, &unknown);
    result.limit = then * (1 + work->rules->increase_percent / 100);
    if (then > 0 && site->trend.low <= result.limit)
        return LR_OK;
    if (unknown || !baseline_is_whole(work))
        result.outcome = LR_GATE_CANNOT_TELL;
    if (site->path.count > 0)
        lr_model_frame_text(place, sizeof(place), &site->path.frames[site->path.culprit]);
    lr_unit_bytes(before, lr_model_round(then), false);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "memory acquired at %s grows by %s an hour, %s in the baseline", place,
                       lr_unit_bytes(rate, lr_model_round(site->trend.slope), false),
                       then > 0  ? before
                       : unknown ? "nobody knows how fast"
                                 : "not");
}

static enum lr_status judge_growth(struct lr_gate_work *work)
{
    for (size_t i = 0; i < work->model->site_count; i++) {
        const struct lr_model_memory_site *site = &work->model->sites[i];

        if (lr_gate_is_judged(site) && lr_growth_matters(&site->trend)) {
            enum lr_status status = judge_growth_at(work, site);

            if (status != LR_OK)
                return status;
        }
    }
    return LR_OK;
}

enum lr_status lr_gate_increase(struct lr_gate_work *work)
{
    struct lr_gate_result result = {.rule = LR_GATE_INCREASE};
    size_t before = work->report->count;
    enum lr_status status = judge_streams(work);

    if (status == LR_OK && work->rules->growth)
        status = judge_growth(work);
    if (status != LR_OK || work->report->count > before)
        return status;
    if (!baseline_is_whole(work)) {
        result.outcome = LR_GATE_CANNOT_TELL;
        return lr_gate_say(work->report, &result, "", work->error,
                           "the baseline's recording is not complete");
    }
    if (work->rules->growth)
        return lr_gate_doubt_growth(work, LR_GATE_INCREASE);
    return lr_gate_say(work->report, &result, "", work->error,
                       "nothing leaks more than in the baseline");
}
