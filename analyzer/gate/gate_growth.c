/* gate_growth.c -- the rule that no memory grows with high confidence (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 *
 * What fails is a place whose trend is growing by enough to matter (judge.h).  A pass wants more
 * than that nothing was seen to grow: of each place it must be known that it didn't.  It is by its
 * trend; or by the births of what is live, which are recorded one by one: a place can't have grown
 * behind the warm-up by more than what was acquired there since and is live.  So a short recording
 * passes where that is too little to matter at every place, and says what leak would have shown;
 * where it is more, growth and a cache that fills can't be told apart before there is a trend.
 */
#include "gate_internal.h"

#include <math.h>
#include <stdio.h>

#include "judge.h"
#include "units.h"

/* When a place's history begins; the end of the recording where it has none. */
static double known_since(const struct lr_model *model, const struct lr_model_memory_site *site)
{
    const struct lr_model_followed *followed = &model->series.followed;
    double from = (double)lr_model_warm_ms(model);

    for (size_t i = 0; site->followed && i < followed->points; i++)
        if ((double)followed->time_ms[i] >= from &&
            !isnan(lr_followed_bytes(followed, site->followed, i)))
            return (double)followed->time_ms[i];
    return (double)model->phase.to_ms;
}

/* What is followed since lately only may be on its way up again, as it was before: of what it ever
 * acquired there it has released more than is live. */
static bool may_go_up_and_down(const struct lr_model *model,
                               const struct lr_model_memory_site *site)
{
    double warm = (double)lr_model_warm_ms(model), to = (double)model->phase.to_ms;
    double released = site->total_bytes.value - site->live_bytes.value;

    return known_since(model, site) > (warm + to) / 2 && released > site->live_bytes.value;
}

static enum lr_status add_growing(struct lr_gate_work *work,
                                  const struct lr_model_memory_site *site)
{
    const struct lr_trend *trend = &site->trend;
    char subject[LR_GATE_SUBJECT_SIZE], place[600], rate[LR_UNIT_SIZE], low[LR_UNIT_SIZE],
        high[LR_UNIT_SIZE];
    bool lately = may_go_up_and_down(work->model, site);
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH,
                                    .outcome = LR_GATE_FAIL,
                                    .unit = LR_GATE_BYTES_PER_HOUR,
                                    .measured = {trend->slope, trend->low, trend->high},
                                    .path = &site->path};

    if (lately)
        result.outcome = LR_GATE_CANNOT_TELL;
    lr_gate_subject(subject, sizeof(subject), lr_memory_kind_name(site->kind), &site->path);
    lr_model_place_text(place, sizeof(place), &site->path);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "memory acquired at %s grows by %s an hour (%s to %s)%s", place,
                       lr_unit_bytes(rate, lr_model_round(trend->slope), false),
                       lr_gate_signed_bytes(low, trend->low),
                       lr_gate_signed_bytes(high, trend->high),
                       lately ? "; but its history is short, and it released more than that "
                                "before: it may go up and down"
                       : trend->lasts ? ""
                                      : "; whether it still does, its last part does not tell");
}

/* What may be hidden of one place before nothing passes: what would matter (judge.h), and where
 * blocks were sampled, of a recording that is long enough for trends, this; docs/CI.md. */
static const double HIDDEN_SAMPLED = 4e6;

static bool is_short(const struct lr_model *model)
{
    return (double)lr_model_span_ms(model) / 1000 < LR_TREND_MIN_SECONDS;
}

static double late_hours(const struct lr_model *model)
{
    uint64_t end_ms = model->phase.to_ms, warm_ms = lr_model_warm_ms(model);

    return end_ms > warm_ms ? (double)(end_ms - warm_ms) / 3600000 : 0;
}

static double limit_hidden(const struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    bool sampled = model->completeness.late_interval > 0 && !is_short(model);

    if (work->rules->limit_hidden >= 0)
        return work->rules->limit_hidden;
    return fmax(sampled ? HIDDEN_SAMPLED : LR_MATTERS_GROWN, LR_MATTERS_RATE * late_hours(model));
}

/* The first and the last sixth of what lies behind the warm-up. */
struct sixths {
    double first_from, first_to, last_from, last_to;
};

static struct sixths sixths_of(const struct lr_model *model)
{
    double from = (double)lr_model_warm_ms(model), to = (double)model->phase.to_ms;
    double sixth = fmax(to - from, 0) / 6;

    return (struct sixths){from, from + sixth, to - sixth, to};
}

/* By its own history since the warm-up; INFINITY where it has none. */
static double risen(const struct lr_model *model, const struct lr_model_memory_site *site)
{
    struct sixths at = sixths_of(model);
    struct lr_gate_extent first =
        lr_gate_extent_of_slots(model, site->followed, at.first_from, at.first_to);
    struct lr_gate_extent last =
        lr_gate_extent_of_slots(model, site->followed, at.last_from, at.last_to);
    double rest = fmax(site->live_bytes.value - site->followed_bytes, 0);

    return site->part_followed ? (double)INFINITY
                               : lr_gate_risen_at_most(&first, &last) + rest +
                                     lr_gate_never_seen_late(model);
}

/* What grows steadily keeps as much from the first half of the time as from the second.  What began
 * later is told by its floor; INFINITY where that isn't known, of all of its stacks. */
static double risen_steadily(const struct lr_model *model, const struct lr_model_memory_site *site)
{
    double since = known_since(model, site), to = (double)model->phase.to_ms;
    double third = (to - since) / 3;
    struct lr_gate_extent first =
        lr_gate_extent_of_slots(model, site->followed, since, since + third);
    struct lr_gate_extent last = lr_gate_extent_of_slots(model, site->followed, to - third, to);
    bool known = first.points > 0 && last.points > 0;

    if (!known || site->part_followed)
        return INFINITY;
    return 2 * site->kept_bytes.high + fmax(last.least - first.least, 0);
}

/* Where blocks are sampled, few samples of a leak look like steps: what its slope may be counts. */
static double by_trend(const struct lr_model_memory_site *site)
{
    const struct lr_trend *trend = &site->trend;

    if (trend->kind == LR_TREND_STARTUP || trend->kind == LR_TREND_TRANSIENT)
        return 0;
    return trend->kind == LR_TREND_UNKNOWN
               ? (double)INFINITY
               : fmax(trend->high, 0) * (trend->to_s - trend->from_s) / 3600;
}

/* By how much a place that isn't known to grow may have grown behind the warm-up. */
static double may_have_grown(const struct lr_model *model, const struct lr_model_memory_site *site)
{
    double most = site->late_bytes.high;

    if (site->trend.kind != LR_TREND_UNKNOWN && model->completeness.late_interval == 0)
        return 0;
    if (is_short(model) || site->lost > 0)
        return most;
    return fmin(fmin(most, by_trend(site)),
                fmin(risen(model, site), risen_steadily(model, site)));
}

/* Places without a trend, mapped ones included: by how much they may have grown. */
struct undecided {
    double bytes, most;                      /* of all; of one place */
    const struct lr_model_memory_site *site; /* that one; NULL: none */
    bool trends;                             /* other places have one */
};

static void take_most(struct undecided *undecided, double most,
                      const struct lr_model_memory_site *site)
{
    if (most <= undecided->most)
        return;
    undecided->most = most;
    undecided->site = site;
}

static struct undecided find_undecided(const struct lr_model *model)
{
    struct undecided undecided = {0};
    /* One estimate for all: they don't all err alike. */
    struct lr_sampled born = {0};

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];
        double most;

        undecided.trends |= site->trend.kind != LR_TREND_UNKNOWN;
        if (!lr_gate_is_limited(site) || site->trend.kind == LR_TREND_GROWING)
            continue;
        most = may_have_grown(model, site);
        take_most(&undecided, most, site);
        if (site->trend.kind != LR_TREND_UNKNOWN)
            continue; /* where they are flat, what they might have is no sum */
        if (most < site->late_bytes.high)
            undecided.bytes += most;
        else
            lr_sampled_merge(&born, &site->late_bytes_sum);
    }
    undecided.bytes += lr_sampled_estimate(&born).high;
    return undecided;
}

static enum lr_status say_undecided(struct lr_gate_work *work, const struct undecided *undecided,
                                    double limit)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    uint64_t span_ms = lr_model_span_ms(work->model), warm_ms = lr_model_warm_ms(work->model);
    char bytes[LR_UNIT_SIZE], span[LR_UNIT_SIZE], warm[LR_UNIT_SIZE], place[600];
    const char *settles = "record 5 minutes at least (8 are better), or say --growth=off and limit "
                          "memory by --limit-leaks";

    lr_unit_duration(span, span_ms);
    lr_unit_duration(warm, warm_ms);
    if (undecided->most <= limit)
        return lr_gate_say(work->report, &result, "", work->error,
                           "%s of live memory, at many places, were acquired after the first %s: "
                           "too short to tell growth from caches that fill; %s",
                           lr_unit_bytes(bytes, lr_model_round(undecided->bytes), false), warm,
                           settles);
    if (!undecided->site)
        return lr_gate_say(work->report, &result, "", work->error,
                           "blocks were sampled, and a place with up to %s may have been missed: "
                           "%s are too short to tell growth (--limit-hidden says what may be)",
                           lr_unit_bytes(bytes, lr_model_round(undecided->most), false), span);
    result.path = &undecided->site->path;
    lr_model_place_text(place, sizeof(place), result.path);
    return lr_gate_say(work->report, &result, "", work->error,
                       "%s are live that were acquired at %s after the first %s: %s are too "
                       "short to tell growth from a cache that fills; %s",
                       lr_unit_bytes(bytes, lr_model_round(undecided->most), false), place, warm,
                       span, settles);
}

/* No place has added by enough to matter: what would have?  An hour, at one place. */
static enum lr_status pass_short(struct lr_gate_work *work, const struct undecided *undecided)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_PASS};
    double hours = late_hours(work->model);
    char most[LR_UNIT_SIZE], rate[LR_UNIT_SIZE], seen[LR_UNIT_SIZE];

    lr_unit_duration(seen, lr_model_round(hours * 3600000));
    lr_unit_bytes(most, lr_model_round(undecided->most), false);
    if (hours <= 0 || undecided->most <= 0)
        return lr_gate_say(work->report, &result, "", work->error,
                           "no place grew in %s behind the warm-up: slower leaks want a longer "
                           "recording",
                           seen);
    return lr_gate_say(work->report, &result, "", work->error,
                       "no place grew by more than %s in %s behind the warm-up, which is %s an "
                       "hour: slower leaks want a longer recording",
                       most, seen,
                       lr_unit_bytes(rate, lr_model_round(undecided->most / hours), false));
}

/* One place, of a recording that is long enough for others. */
static enum lr_status say_open(struct lr_gate_work *work, const struct undecided *undecided)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    const char *why = undecided->site ? undecided->site->trend.why : NULL;
    char bytes[LR_UNIT_SIZE], most[LR_UNIT_SIZE], place[600];

    lr_unit_bytes(bytes, lr_model_round(undecided->most), false);
    lr_unit_bytes(most, lr_model_round(limit_hidden(work)), false);
    if (!undecided->site)
        return lr_gate_say(work->report, &result, "", work->error,
                           "blocks were sampled, and a place that grew by up to %s may have been "
                           "missed; --limit-hidden allows %s",
                           bytes, most);
    result.path = &undecided->site->path;
    lr_model_place_text(place, sizeof(place), result.path);
    return lr_gate_say(work->report, &result, "", work->error,
                       "whether memory acquired at %s grows can't be told: it may have, by up to "
                       "%s behind the warm-up (--limit-hidden allows %s)%s%s",
                       place, bytes, most, why ? "; " : "", why ? why : "");
}

/* What could have been missed is part of a pass. */
static enum lr_status pass_long(struct lr_gate_work *work, const struct undecided *undecided)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_PASS};
    double hours = late_hours(work->model);
    char bytes[LR_UNIT_SIZE], rate[LR_UNIT_SIZE];

    lr_unit_bytes(bytes, lr_model_round(undecided->most), false);
    lr_unit_bytes(rate, lr_model_round(hours > 0 ? undecided->most / hours : 0), false);
    if (undecided->most <= 0)
        return lr_gate_say(work->report, &result, "", work->error, "no place grows");
    if (!undecided->site)
        return lr_gate_say(work->report, &result, "", work->error,
                           "no place is seen to grow; blocks were sampled: one that grew by less "
                           "than %s, %s an hour, may have been missed",
                           bytes, rate);
    return lr_gate_say(work->report, &result, "", work->error,
                       "no place is known to grow; one that can't be told may, by %s at most, %s "
                       "an hour",
                       bytes, rate);
}

static enum lr_status doubt(struct lr_gate_work *work)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    struct undecided undecided = find_undecided(work->model);
    double limit = limit_hidden(work);
    bool too_much = undecided.bytes > fmax(limit, LR_MATTERS_UNDECIDED);
    char bytes[LR_UNIT_SIZE];

    take_most(&undecided, lr_gate_never_seen_late(work->model), NULL);
    if (is_short(work->model))
        return undecided.most > limit || too_much ? say_undecided(work, &undecided, limit)
                                                  : pass_short(work, &undecided);
    if (!undecided.trends && undecided.site && undecided.most > limit)
        return lr_gate_say(work->report, &result, "", work->error,
                           "nothing is known of how memory went on over time");
    if (undecided.most > limit)
        return say_open(work, &undecided);
    if (too_much)
        return lr_gate_say(work->report, &result, "", work->error,
                           "whether %s of live memory grows can't be told from this recording",
                           lr_unit_bytes(bytes, lr_model_round(undecided.bytes), false));
    return pass_long(work, &undecided);
}

enum lr_status lr_gate_growth(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    size_t before = work->report->count;
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < model->site_count; i++)
        if (model->sites[i].leaks)
            status = add_growing(work, &model->sites[i]);
    if (status == LR_OK && work->report->count == before)
        status = lr_gate_released(work);
    if (status != LR_OK || work->report->count > before)
        return status;
    return doubt(work);
}
