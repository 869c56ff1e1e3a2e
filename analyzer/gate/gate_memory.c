/* gate_memory.c -- limits on memory by place: growth an hour, live bytes (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.  Growth is judged from the series (trend.h), which wants
 * minutes.  A recording too short for that still bounds it: what is live at the end is the most
 * that can have been added.  Streams' memory counts at the place where the stream was acquired.
 */
#include "gate_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "model_build.h"
#include "units.h"
#include "words.h"

bool lr_gate_is_limited(const struct lr_model_memory_site *site)
{
    const struct lr_model_path *path = &site->path;
    const struct lr_model_frame *culprit = path->count ? &path->frames[path->culprit] : NULL;

    return !site->jvm && !site->expected &&
           !(culprit && !culprit->java && strcmp(lr_base_name(culprit->module), "libjvm.so") == 0);
}

double lr_gate_never_seen(const struct lr_model *model)
{
    return 3.69 * (double)model->completeness.max_interval;
}

double lr_gate_never_seen_late(const struct lr_model *model)
{
    return 3.69 * (double)model->completeness.late_interval;
}

const char *lr_gate_signed_bytes(char *out, double bytes)
{
    out[0] = '-';
    lr_unit_bytes(out + (bytes < 0), lr_model_round(fabs(bytes)), false);
    return out;
}

static void name_site(const struct lr_model_memory_site *site, char *subject, char *place,
                      size_t place_size)
{
    lr_gate_subject(subject, LR_GATE_SUBJECT_SIZE, lr_memory_kind_name(site->kind), &site->path);
    lr_model_place_text(place, place_size, &site->path);
}

/* An hour, with what bounds it; value NAN: nothing is known but the bound. */
static struct lr_estimate growth_of(const struct lr_trend *trend, double live, double seconds)
{
    double from = trend->to_s > trend->from_s ? trend->to_s - trend->from_s : seconds;
    double most = from > 0 ? live * 3600 / from : INFINITY;

    /* Unknown may mean that only a part of it was followed, which tells nothing of the rest. */
    if (trend->kind == LR_TREND_UNKNOWN)
        return (struct lr_estimate){NAN, 0, most};
    return (struct lr_estimate){trend->slope, trend->low, fmin(trend->high, most)};
}

/* Only a trend that is growing convicts: another one's slope is noise. */
static enum lr_gate_outcome against_rate(const struct lr_trend *trend,
                                         const struct lr_estimate *rate, double limit)
{
    if (trend->kind == LR_TREND_GROWING && rate->low > limit)
        return LR_GATE_FAIL;
    return rate->high <= limit ? LR_GATE_PASS : LR_GATE_CANNOT_TELL;
}

static enum lr_status say_rate(struct lr_gate_work *work, struct lr_gate_result *result,
                               const char *subject, const char *what)
{
    const struct lr_estimate *rate = &result->measured;
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE], most[LR_UNIT_SIZE];
    bool known = !isnan(rate->value);

    lr_unit_bytes(most, lr_model_round(result->limit), false);
    if (!known)
        result->measured.value = rate->low;
    if (!known)
        return lr_gate_say(work->report, result, subject, work->error,
                           "%s: it may grow by up to %s an hour, too little was seen to say more; "
                           "the limit is %s",
                           what, lr_gate_signed_bytes(high, rate->high), most);
    return lr_gate_say(work->report, result, subject, work->error,
                       "%s: it grows by %s an hour (%s to %s); the limit is %s", what,
                       lr_gate_signed_bytes(value, rate->value),
                       lr_gate_signed_bytes(low, rate->low), lr_gate_signed_bytes(high, rate->high),
                       most);
}

static enum lr_status judge_rate(struct lr_gate_work *work, const struct lr_model_memory_site *site)
{
    char subject[LR_GATE_SUBJECT_SIZE], place[600];
    struct lr_gate_result result = {.rule = LR_GATE_LIMIT_GROWTH,
                                    .unit = LR_GATE_BYTES_PER_HOUR,
                                    .limit = work->rules->limit_growth,
                                    .path = &site->path};

    result.measured = growth_of(&site->trend, site->live_bytes.high,
                                (double)lr_model_span_ms(work->model) / 1000);
    result.outcome = against_rate(&site->trend, &result.measured, result.limit);
    if (result.outcome == LR_GATE_PASS)
        return LR_OK;
    name_site(site, subject, place, sizeof(place));
    return say_rate(work, &result, subject, place);
}

/* What streams hold grows with their number, or with what each of them takes. */
static enum lr_status judge_stream_rate(struct lr_gate_work *work, const struct lr_model_pair *pair,
                                        const struct lr_model_pair_site *site)
{
    double held = (double)(site->bytes_at_creation + site->bytes_later);
    char subject[LR_GATE_SUBJECT_SIZE], place[600], what[800];
    struct lr_gate_result result = {.rule = LR_GATE_LIMIT_GROWTH,
                                    .unit = LR_GATE_BYTES_PER_HOUR,
                                    .limit = work->rules->limit_growth,
                                    .path = &site->path,
                                    .pair = pair};

    result.measured =
        growth_of(&site->bytes_trend, held, (double)lr_model_span_ms(work->model) / 1000);
    result.outcome = against_rate(&site->bytes_trend, &result.measured, result.limit);
    if (result.outcome == LR_GATE_PASS || site->class == LR_CLASS_EXPECTED)
        return LR_OK;
    lr_model_place_text(place, sizeof(place), &site->path);
    lr_gate_subject(subject, sizeof(subject), pair->name, &site->path);
    snprintf(what, sizeof(what), "what %s acquired at %s hold", pair->name, place);
    return say_rate(work, &result, subject, what);
}

static enum lr_status judge_size(struct lr_gate_work *work, const struct lr_model_memory_site *site)
{
    char subject[LR_GATE_SUBJECT_SIZE], place[600], bytes[LR_UNIT_SIZE], most[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_LIMIT_LEAKS,
                                    .unit = LR_GATE_BYTES,
                                    .measured = site->live_bytes,
                                    .limit = work->rules->limit_leaks,
                                    .path = &site->path};

    result.outcome = lr_gate_against(&result.measured, result.limit);
    if (result.outcome == LR_GATE_PASS)
        return LR_OK;
    name_site(site, subject, place, sizeof(place));
    return lr_gate_say(work->report, &result, subject, work->error,
                       "%s acquired at %s are live%s; the limit is %s",
                       lr_unit_bytes(bytes, lr_model_round(site->live_bytes.value), false), place,
                       result.outcome == LR_GATE_FAIL ? "" : ", perhaps more",
                       lr_unit_bytes(most, lr_model_round(result.limit), false));
}

/* Streams' memory counts at the stream's place. */
static enum lr_status judge_stream_size(struct lr_gate_work *work, const struct lr_model_pair *pair,
                                        const struct lr_model_pair_site *site)
{
    double held = (double)(site->bytes_at_creation + site->bytes_later);
    char subject[LR_GATE_SUBJECT_SIZE], place[600], bytes[LR_UNIT_SIZE], most[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_LIMIT_LEAKS,
                                    .outcome = LR_GATE_FAIL,
                                    .unit = LR_GATE_BYTES,
                                    .measured = {held, held, held},
                                    .limit = work->rules->limit_leaks,
                                    .path = &site->path,
                                    .pair = pair};

    if (held <= result.limit || site->class == LR_CLASS_EXPECTED)
        return LR_OK;
    lr_model_place_text(place, sizeof(place), &site->path);
    lr_gate_subject(subject, sizeof(subject), pair->name, &site->path);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "%s acquired at %s hold %s; the limit is %s", pair->name, place,
                       lr_unit_bytes(bytes, lr_model_round(held), false),
                       lr_unit_bytes(most, lr_model_round(result.limit), false));
}

static enum lr_status pass_places(struct lr_gate_work *work, enum lr_gate_rule rule, double limit,
                                  double unseen, size_t before)
{
    struct lr_gate_result result = {.rule = rule};
    char bytes[LR_UNIT_SIZE];

    if (work->report->count > before)
        return LR_OK;
    if (unseen <= limit)
        return lr_gate_say(work->report, &result, "", work->error, "no place exceeds the limit");
    result.outcome = LR_GATE_CANNOT_TELL;
    return lr_gate_say(
        work->report, &result, "", work->error,
        "no place is seen to exceed the limit, but blocks were sampled, and one "
        "with up to %s may have been missed",
        lr_unit_bytes(bytes, lr_model_round(lr_gate_never_seen(work->model)), false));
}

static enum lr_status each_stream(struct lr_gate_work *work,
                                  enum lr_status (*judge)(struct lr_gate_work *,
                                                          const struct lr_model_pair *,
                                                          const struct lr_model_pair_site *))
{
    const struct lr_model *model = work->model;
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < model->pair_count; i++)
        for (size_t s = 0; status == LR_OK && s < model->pairs[i].site_count; s++)
            status = judge(work, &model->pairs[i], &model->pairs[i].sites[s]);
    return status;
}

static enum lr_status judge_rates(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    double seconds = (double)lr_model_span_ms(model) / 1000;
    size_t before = work->report->count;
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < model->site_count; i++)
        if (lr_gate_is_limited(&model->sites[i]))
            status = judge_rate(work, &model->sites[i]);
    if (status == LR_OK)
        status = each_stream(work, judge_stream_rate);
    if (status != LR_OK)
        return status;
    return pass_places(work, LR_GATE_LIMIT_GROWTH, work->rules->limit_growth,
                       seconds > 0 ? lr_gate_never_seen(model) * 3600 / seconds : 0, before);
}

static enum lr_status judge_sizes(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    size_t before = work->report->count;
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < model->site_count; i++)
        if (lr_gate_is_limited(&model->sites[i]))
            status = judge_size(work, &model->sites[i]);
    if (status == LR_OK)
        status = each_stream(work, judge_stream_size);
    if (status != LR_OK)
        return status;
    return pass_places(work, LR_GATE_LIMIT_LEAKS, work->rules->limit_leaks,
                       lr_gate_never_seen(model), before);
}

/* All that malloc handed out, the JVM's and the streams' included. */
static enum lr_status judge_total(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    const struct lr_model_column *live = lr_model_column(&model->series, "live_bytes");
    struct lr_gate_result result = {.rule = LR_GATE_TOTAL_GROWTH,
                                    .unit = LR_GATE_BYTES_PER_HOUR,
                                    .limit = work->rules->limit_total_growth};
    struct lr_trend trend = {.kind = LR_TREND_UNKNOWN};
    size_t last = live ? lr_model_last_known(&model->series, live) : model->series.points;

    if (!lr_judge_column(&model->series, "live_bytes", &trend))
        return lr_fail(work->error, LR_FAILED, "out of memory");
    result.measured =
        growth_of(&trend, last < model->series.points ? (double)live->values[last] : INFINITY,
                  (double)lr_model_span_ms(model) / 1000);
    result.outcome = against_rate(&trend, &result.measured, result.limit);
    if (last >= model->series.points) {
        result.unit = LR_GATE_NONE;
        return lr_gate_say(work->report, &result, "", work->error,
                           "live memory was not followed over time");
    }
    return say_rate(work, &result, "", "live memory in all");
}

enum lr_status lr_gate_memory(struct lr_gate_work *work)
{
    const struct lr_gate_rules *rules = work->rules;
    enum lr_status status = rules->growth ? lr_gate_growth(work) : LR_OK;

    if (status == LR_OK && rules->limit_growth >= 0)
        status = judge_rates(work);
    if (status == LR_OK && rules->limit_total_growth >= 0)
        status = judge_total(work);
    if (status == LR_OK && rules->limit_leaks >= 0)
        status = judge_sizes(work);
    return status;
}
