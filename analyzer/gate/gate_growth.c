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

static enum lr_status add_growing(struct lr_gate_work *work,
                                  const struct lr_model_memory_site *site)
{
    const struct lr_trend *trend = &site->trend;
    char subject[LR_GATE_SUBJECT_SIZE], place[600], rate[LR_UNIT_SIZE], low[LR_UNIT_SIZE],
        high[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH,
                                    .outcome = LR_GATE_FAIL,
                                    .unit = LR_GATE_BYTES_PER_HOUR,
                                    .measured = {trend->slope, trend->low, trend->high},
                                    .path = &site->path};

    lr_gate_subject(subject, sizeof(subject), lr_memory_kind_name(site->kind), &site->path);
    lr_model_place_text(place, sizeof(place), &site->path);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "memory acquired at %s grows by %s an hour (%s to %s)%s", place,
                       lr_unit_bytes(rate, lr_model_round(trend->slope), false),
                       lr_gate_signed_bytes(low, trend->low),
                       lr_gate_signed_bytes(high, trend->high),
                       trend->lasts ? "" : "; whether it still does, its last part does not tell");
}

/* Places without a trend, mapped ones included: by how much they may have grown. */
struct undecided {
    double bytes, most;                      /* of all; of one place */
    const struct lr_model_memory_site *site; /* that one; NULL: none */
    bool trends;                             /* other places have one */
};

static struct undecided find_undecided(const struct lr_model *model)
{
    struct undecided undecided = {0};

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        undecided.trends |= site->trend.kind != LR_TREND_UNKNOWN;
        if (site->trend.kind != LR_TREND_UNKNOWN || !lr_gate_is_limited(site))
            continue;
        undecided.bytes += site->late_bytes.high;
        if (site->late_bytes.high > undecided.most) {
            undecided.most = site->late_bytes.high;
            undecided.site = site;
        }
    }
    return undecided;
}

static enum lr_status say_undecided(struct lr_gate_work *work, const struct undecided *undecided)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    uint64_t span_ms = lr_model_span_ms(work->model), warm_ms = lr_model_warm_ms(work->model);
    char bytes[LR_UNIT_SIZE], span[LR_UNIT_SIZE], warm[LR_UNIT_SIZE], place[600];
    const char *settles = "record 5 minutes at least (8 are better), or say --growth=off and limit "
                          "memory by --limit-leaks";

    lr_unit_duration(span, span_ms);
    lr_unit_duration(warm, warm_ms);
    if (undecided->most < LR_MATTERS_GROWN)
        return lr_gate_say(work->report, &result, "", work->error,
                           "%s of live memory, at many places, were acquired after the first %s: "
                           "too short to tell growth from caches that fill; %s",
                           lr_unit_bytes(bytes, lr_model_round(undecided->bytes), false), warm,
                           settles);
    if (!undecided->site)
        return lr_gate_say(work->report, &result, "", work->error,
                           "blocks were sampled, and a place with up to %s may have been missed: "
                           "%s are too short to tell growth",
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
    uint64_t end_ms = work->model->phase.to_ms, warm_ms = lr_model_warm_ms(work->model);
    double hours = end_ms > warm_ms ? (double)(end_ms - warm_ms) / 3600000 : 0;
    char most[LR_UNIT_SIZE], rate[LR_UNIT_SIZE], seen[LR_UNIT_SIZE];

    lr_unit_duration(seen, end_ms > warm_ms ? end_ms - warm_ms : 0);
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
    char bytes[LR_UNIT_SIZE], place[600];

    lr_unit_bytes(bytes, lr_model_round(undecided->most), false);
    if (!undecided->site)
        return lr_gate_say(work->report, &result, "", work->error,
                           "blocks were sampled, and a place with up to %s may have been missed",
                           bytes);
    result.path = &undecided->site->path;
    lr_model_place_text(place, sizeof(place), result.path);
    return lr_gate_say(work->report, &result, "", work->error,
                       "whether memory acquired at %s grows can't be told: up to %s of it are from "
                       "behind the warm-up%s%s",
                       place, bytes, why ? "; " : "", why ? why : "");
}

static enum lr_status pass_long(struct lr_gate_work *work, const struct undecided *undecided)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_PASS};
    char bytes[LR_UNIT_SIZE];

    if (undecided->most <= 0)
        return lr_gate_say(work->report, &result, "", work->error, "no place grows");
    return lr_gate_say(work->report, &result, "", work->error,
                       "no place is known to grow; one that can't be told may, by %s at most",
                       lr_unit_bytes(bytes, lr_model_round(undecided->most), false));
}

static enum lr_status doubt(struct lr_gate_work *work)
{
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    bool is_short = (double)lr_model_span_ms(work->model) / 1000 < LR_TREND_MIN_SECONDS;
    struct undecided undecided = find_undecided(work->model);
    char bytes[LR_UNIT_SIZE];

    if (lr_gate_never_seen(work->model) > undecided.most) {
        undecided.most = lr_gate_never_seen(work->model);
        undecided.site = NULL;
    }
    if (is_short)
        return undecided.most >= LR_MATTERS_GROWN || undecided.bytes >= LR_MATTERS_UNDECIDED
                   ? say_undecided(work, &undecided)
                   : pass_short(work, &undecided);
    if (!undecided.trends && undecided.most >= LR_MATTERS_GROWN)
        return lr_gate_say(work->report, &result, "", work->error,
                           "nothing is known of how memory went on over time");
    if (undecided.most >= LR_MATTERS_GROWN)
        return say_open(work, &undecided);
    if (undecided.bytes >= LR_MATTERS_UNDECIDED)
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
