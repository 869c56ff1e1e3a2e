/* gate_in_use.c -- streams that were live as the recording ended: forgotten, or in use? (gate.h)
 *
 * Stage: GATE.  Context: analyzer only.
 *
 * A program that was killed, or still runs, has streams in use: a pool of a place that ends ten
 * times as many as are live is no proof of a leak, nor are streams of its last two seconds.  That
 * their number rises is, and that it falls back is one of the contrary.  Both are told from the
 * last two thirds of the recording, or of the phase that is judged, in four parts.  It rises if
 * all of the last part lies above all of the first, and the medians go up from each to the next,
 * by an eighth of the whole at least (a pool that was enlarged goes up once).  It doesn't if
 * something of the last part is no more than the median of the first.  Of six values each, in any
 * order, the first is chance once in 924 times, or more often where neighbours are alike.
 *
 * A few that are forgotten among many don't show in their number.  Their age tells: a place that
 * has L live ones, and acquired N in the time T, lends each for L T / N on average (Little's law).
 * What is live, was acquired behind the warm-up and is 20 times as old is none of those; where
 * there is no time for that, two fifths of the recording are taken for it.
 */
#include <math.h>
#include <stdlib.h>

#include "gate_internal.h"

enum { TURNOVER = 10, PARTS = 4, LEAST_POINTS = 6, MOST_POINTS = 1024, YOUNG_MS = 2000 };
enum { LIVES = 20, FEW = 2 };

struct part {
    double value[MOST_POINTS];
    size_t count;
};

struct history {
    struct part parts[PARTS];
};

/* The phase's sixths, from the third on. */
static void add(struct history *history, const struct lr_model *model, uint64_t time_ms,
                double value)
{
    uint64_t span_ms = lr_model_span_ms(model), sixth = 0;
    struct part *part;

    if (span_ms > 0 && time_ms > model->phase.from_ms)
        sixth = (time_ms - model->phase.from_ms) * 6 / span_ms;
    if (isnan(value) || sixth < 2)
        return;
    part = &history->parts[sixth > 5 ? 3 : sixth - 2];
    if (part->count < MOST_POINTS)
        part->value[part->count++] = value;
}

static bool is_enough(const struct history *history)
{
    for (int i = 0; i < PARTS; i++)
        if (history->parts[i].count < LEAST_POINTS)
            return false;
    return true;
}

static void forget(struct history *history)
{
    for (int i = 0; i < PARTS; i++)
        history->parts[i].count = 0;
}

/* The site's own numbers, every ten seconds. */
static void take_own(struct history *history, const struct lr_model *model,
                     const struct lr_model_pair_site *site)
{
    const struct lr_model_followed *followed = &model->series.followed;

    forget(history);
    for (size_t i = 0; i < followed->points && site->followed; i++)
        add(history, model, followed->time_ms[i], lr_followed_count(followed, site->followed, i));
}

/* Those of all streams, every second, where most of them are the site's. */
static void take_all(struct history *history, const struct lr_model *model,
                     const struct lr_model_pair_site *site)
{
    const struct lr_model_column *live = lr_model_column(&model->series, "pairs_live");
    uint64_t all = 0;

    forget(history);
    for (size_t i = 0; i < model->pair_count; i++)
        all += model->pairs[i].live;
    for (size_t i = 0; live && site->live * 2 >= all && i < model->series.points; i++)
        if (live->values[i] != LR_MODEL_UNKNOWN)
            add(history, model, model->series.time_ms[i], (double)live->values[i]);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static enum lr_gate_outcome weigh(struct history *history)
{
    double median[PARTS], least, most;
    bool rises = true;

    for (int i = 0; i < PARTS; i++) {
        struct part *part = &history->parts[i];

        qsort(part->value, part->count, sizeof(double), compare);
        median[i] = part->value[part->count / 2];
    }
    least = history->parts[PARTS - 1].value[0];
    most = history->parts[0].value[history->parts[0].count - 1];
    for (int i = 1; i < PARTS; i++)
        rises &= (median[i] - median[i - 1]) * 8 >= median[PARTS - 1] - median[0];
    if (least <= median[0])
        return LR_GATE_PASS;
    return least > most && rises ? LR_GATE_FAIL : LR_GATE_CANNOT_TELL;
}

/* Only while it runs can something be in use; by a place that ends them, or that has just begun. */
static bool may_be_in_use(const struct lr_model *model, const struct lr_model_pair_site *site)
{
    uint64_t ended = site->released - site->released_by_cleaner;
    uint64_t end_ms =
        site->newest_ms > model->run.duration_ms ? site->newest_ms : model->run.duration_ms;
    bool young = site->live > 0 && site->oldest_ms + YOUNG_MS >= end_ms;

    return (model->run.ended == LR_RUN_KILLED || model->run.ended == LR_RUN_RUNNING) &&
           site->released_by_cleaner == 0 && site->lost == 0 &&
           site->trend.kind != LR_TREND_GROWING && (young || ended >= TURNOVER * site->live);
}

/* Are more than a few far older than what this place lends gets? */
static bool are_some_old(const struct lr_model *model, const struct lr_model_pair_site *site)
{
    double span = (double)model->run.duration_ms, warm = (double)lr_model_warm_ms(model), old = 0;
    double life = site->acquired ? (double)site->live * span / (double)site->acquired : span;
    double limit = fmin(LIVES * life, 0.4 * span), slice = span / LR_BIRTH_SLICES;

    for (int i = 0; i < LR_BIRTH_SLICES; i++)
        if (i * slice >= warm && (LR_BIRTH_SLICES - 1 - i) * slice >= limit)
            old += (double)site->births.live[i];
    return old > FEW + (double)site->live / 20;
}

enum lr_gate_outcome lr_gate_in_use(const struct lr_model *model,
                                    const struct lr_model_pair_site *site, const char **why)
{
    enum lr_gate_outcome outcome = LR_GATE_CANNOT_TELL;
    struct history *history;

    *why = "it is too short to tell";
    if (!may_be_in_use(model, site))
        return LR_GATE_FAIL;
    history = calloc(1, sizeof(*history));
    if (!history)
        return outcome;
    take_own(history, model, site);
    if (!is_enough(history))
        take_all(history, model, site);
    if (is_enough(history))
        outcome = weigh(history);
    free(history);
    if (outcome == LR_GATE_PASS && are_some_old(model, site)) {
        *why = "their number doesn't rise, but some are far older than others of this place get";
        return LR_GATE_CANNOT_TELL;
    }
    return outcome;
}
