/* gate_baseline.c -- what is more than it was in another recording (gate.h): diff.h's regressions.
 *
 * Stage: GATE.  Context: analyzer only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "gate_internal.h"
#include "units.h"

/* Streams that the new run merely had in use as it ended are no increase. */
static bool is_in_use(const struct lr_model *model, const struct lr_diff_site *site)
{
    for (size_t i = 0; site->pair && i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (&model->pairs[i].sites[s].path == site->new_path)
                return model->pairs[i].sites[s].class == LR_CLASS_TRANSIENT;
    return false;
}

/* Mapped address space is no memory, and no regression by itself; that it grows by what matters is
 * a finding without a baseline, and so it is where that hadn't got it. */
static bool is_growing_map(const struct lr_model *model, const struct lr_diff_site *site)
{
    if (!site->mapped || site->expected ||
        (site->state != LR_DIFF_NEW && site->state != LR_DIFF_GROWN))
        return false;
    for (size_t i = 0; i < model->site_count; i++)
        if (&model->sites[i].path == site->new_path)
            return model->sites[i].leaks;
    return false;
}

static const struct lr_model_pair *pair_of(const struct lr_model *model,
                                           const struct lr_diff_site *site)
{
    for (size_t i = 0; site->pair && i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (&model->pairs[i].sites[s].path == site->new_path)
                return &model->pairs[i];
    return NULL;
}

static bool has_module(const struct lr_model_path *path, const char *module)
{
    for (size_t i = 0; i < path->count; i++)
        if (strcmp(path->frames[i].module, module) == 0)
            return true;
    return false;
}

static bool shares_nameless(const struct lr_model_path *old, const struct lr_model_path *path)
{
    for (size_t i = 0; old->names_lost && i < old->count; i++)
        if (!old->frames[i].named && old->frames[i].module[0] &&
            has_module(path, old->frames[i].module))
            return true;
    return false;
}

/* What has names now may be there in the baseline, without: reading a file failed. */
static bool was_nameless(const struct lr_model *baseline, const struct lr_model_path *path)
{
    for (size_t i = 0; i < baseline->pair_count; i++)
        for (size_t s = 0; s < baseline->pairs[i].site_count; s++)
            if (shares_nameless(&baseline->pairs[i].sites[s].path, path))
                return true;
    for (size_t i = 0; i < baseline->site_count; i++)
        if (shares_nameless(&baseline->sites[i].path, path))
            return true;
    return false;
}

static const char *amount(char *out, const struct lr_diff_site *site, double value)
{
    return site->pair ? lr_unit_count(out, lr_model_round(value))
                      : lr_unit_bytes(out, lr_model_round(value), false);
}

static enum lr_status say_site(struct lr_gate_work *work, const struct lr_diff_site *site,
                               enum lr_gate_outcome outcome)
{
    bool rate = site->basis == LR_DIFF_BY_RATE;
    bool whole = work->baseline->completeness.verdict == LR_COMPLETE;
    const char *why = outcome == LR_GATE_FAIL ? ""
                      : whole                 ? ": whether that is more can't be told from runs of "
                                                "so different lengths"
                                              : ": whether that is more can't be told";
    const struct lr_diff_figure *figure = site->pair ? rate ? &site->count_rate : &site->count
                                          : rate     ? &site->bytes_rate
                                                     : &site->bytes;
    char subject[LR_GATE_SUBJECT_SIZE], place[600], now[LR_UNIT_SIZE], then[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_INCREASE,
                                    .outcome = outcome,
                                    .unit = site->pair ? LR_GATE_COUNT : LR_GATE_BYTES,
                                    .measured = figure->new,
                                    .limit = figure->old.value,
                                    .path = site->path,
                                    .pair = pair_of(work->model, site)};

    if (outcome == LR_GATE_FAIL && was_nameless(work->baseline, site->path)) {
        result.outcome = LR_GATE_CANNOT_TELL;
        why = ": names are missing in the baseline, as reading files failed";
    }
    if (rate && !site->pair)
        result.unit = LR_GATE_BYTES_PER_HOUR;
    lr_gate_subject(subject, sizeof(subject), site->resource, site->path);
    lr_model_place_text(place, sizeof(place), site->path);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "%s%s%s acquired at %s%s%s, %s in the baseline%s",
                       amount(now, site, figure->new.value), site->pair ? " " : "",
                       site->pair ? site->resource : "", place,
                       site->pair ? " never ended" : " are live", rate ? " an hour" : "",
                       figure->old.value > 0 ? amount(then, site, figure->old.value) : "none",
                       why);
}

/* What settles it is as long as half the baseline, or long enough for trends. */
static enum lr_status say_too_short(struct lr_gate_work *work)
{
    struct lr_gate_result result = {.rule = LR_GATE_INCREASE, .outcome = LR_GATE_CANNOT_TELL};
    uint64_t old_ms = lr_model_span_ms(work->baseline), enough_ms = old_ms / 2 + 1;
    const uint64_t trend_ms = (uint64_t)(LR_TREND_MIN_SECONDS * 1000);
    char now[LR_UNIT_SIZE], then[LR_UNIT_SIZE], enough[LR_UNIT_SIZE];

    if (enough_ms > trend_ms)
        enough_ms = trend_ms;
    return lr_gate_say(work->report, &result, "", work->error,
                       "nothing is more than in the baseline, but the recording lasts %s and the "
                       "baseline %s: what leaks may not show yet; record %s at least",
                       lr_unit_duration(now, lr_model_span_ms(work->model)),
                       lr_unit_duration(then, old_ms), lr_unit_duration(enough, enough_ms));
}

static enum lr_status say_rest(struct lr_gate_work *work, const struct lr_diff *diff)
{
    struct lr_gate_result result = {.rule = LR_GATE_INCREASE};
    size_t better = diff->states[LR_DIFF_GONE] + diff->states[LR_DIFF_SHRUNK];

    if (work->baseline->completeness.verdict != LR_COMPLETE) {
        result.outcome = LR_GATE_CANNOT_TELL;
        return lr_gate_say(work->report, &result, "", work->error,
                           "the baseline's recording is not complete");
    }
    if (diff->too_short)
        return say_too_short(work);
    if (better > 0)
        return lr_gate_say(work->report, &result, "", work->error,
                           "nothing is more than in the baseline, and %zu place%s less", better,
                           better == 1 ? " is" : "s are");
    return lr_gate_say(work->report, &result, "", work->error,
                       "nothing is more than in the baseline");
}

enum lr_status lr_gate_increase(struct lr_gate_work *work)
{
    struct lr_diff_options options = LR_DIFF_DEFAULTS;
    bool whole = work->baseline->completeness.verdict == LR_COMPLETE;
    size_t before = work->report->count;
    struct lr_diff *diff;
    enum lr_status status;

    options.noise = work->rules->increase_percent / 100;
    status = lr_diff_make(work->baseline, work->model, &options, &diff, work->error);
    for (size_t i = 0; status == LR_OK && i < diff->counted; i++) {
        const struct lr_diff_site *site = &diff->items[i];
        bool more = lr_diff_is_regression(site) && !is_in_use(work->model, site);

        /* What an incomplete baseline lacks, it may have had. */
        if (more || site->state == LR_DIFF_UNCLEAR)
            status = say_site(work, site, more && whole ? LR_GATE_FAIL : LR_GATE_CANNOT_TELL);
    }
    for (size_t i = 0; status == LR_OK && i < diff->count; i++)
        if (is_growing_map(work->model, &diff->items[i]))
            status = say_site(work, &diff->items[i], whole ? LR_GATE_FAIL : LR_GATE_CANNOT_TELL);
    if (status == LR_OK && work->report->count == before)
        status = say_rest(work, diff);
    lr_diff_free(diff);
    return status;
}
