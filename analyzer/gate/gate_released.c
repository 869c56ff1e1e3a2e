/* gate_released.c -- memory that rose and was released before the recording's end (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 *
 * Whose memory is, is known of what is live as the recording ends.  A test that frees all at its
 * end, or a phase that ended before the program did, leaves of a leak the history of its place, if
 * that was followed, and the series of live bytes in all.  It rose by what its least late in the
 * phase is above its most about the end of the warm-up: what comes and goes takes no part in that.
 * The recording's last twelfth is left out: there the program tidies up.  What is live and was
 * acquired behind the warm-up is known by its place; what is more than that isn't, and then nobody
 * can say that no place grew.
 */
#include "gate_internal.h"

#include <math.h>

#include "judge.h"
#include "units.h"

/* The parts that are compared, ms since start. */
struct parts {
    double then_from, then_to, late_from, late_to;
};

static struct parts parts_of(const struct lr_model *model)
{
    double start = (double)model->phase.from_ms, span = (double)lr_model_span_ms(model);
    bool marked = lr_model_warm_ms(model) == model->phase.from_ms;
    bool ended = model->phase.set && model->phase.to && model->phase.to[0];

    return (struct parts){start + (marked ? 0 : span / 6), start + span / 2, start + span * 2 / 3,
                          start + (ended ? span : span * 11 / 12)};
}

/* Of sampled blocks two standard errors of what is live come on top. */
static double with_errors(const struct lr_model *model, double least, double live)
{
    return least + 2 * sqrt(live * (double)model->completeness.max_interval);
}

static const char advice[] = "judge a copy of the recording that was taken before the program "
                             "tidied up, or end the program by SIGKILL";

static bool is_covered(const struct lr_model_memory_site *site)
{
    const struct lr_model_suppression *use = site->suppression;

    return site->expected ||
           (use && (use->state == LR_SUPPRESS_USED || use->state == LR_SUPPRESS_UNUSED));
}

/* A place's own history, in both parts. */
struct history {
    struct lr_gate_extent then, late;
};

static struct history history_of(const struct lr_model *model,
                                 const struct lr_model_memory_site *site)
{
    struct parts parts = parts_of(model);

    return (struct history){
        lr_gate_extent_of_slots(model, site->followed, parts.then_from, parts.then_to),
        lr_gate_extent_of_slots(model, site->followed, parts.late_from, parts.late_to),
    };
}

/* A place that has next to nothing any more. */
static enum lr_status judge_place(struct lr_gate_work *work,
                                  const struct lr_model_memory_site *site)
{
    const struct lr_model *model = work->model;
    struct history over = history_of(model, site);
    double gone = lr_gate_risen_at_least(&over.then, &over.late) - site->late_bytes.value;
    struct lr_gate_result result = {
        .rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL, .path = &site->path};
    char subject[LR_GATE_SUBJECT_SIZE], place[600], bytes[LR_UNIT_SIZE];

    if (site->jvm || is_covered(site) || over.late.points == 0 ||
        gone < with_errors(model, LR_MATTERS_GROWN, over.late.least))
        return LR_OK;
    lr_gate_subject(subject, sizeof(subject), lr_memory_kind_name(site->kind), &site->path);
    lr_model_place_text(place, sizeof(place), &site->path);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "memory acquired at %s rose by %s and was released before the recording's "
                       "end: a leak that was tidied up, or use of it that ended; %s",
                       place, lr_unit_bytes(bytes, lr_model_round(gone), false), advice);
}

/* What is live of what was acquired behind the warm-up; of a place whose history is known, no more
 * than it rose by: the rest took the place of what was released. */
static double still_there(const struct lr_model *model)
{
    double bytes = model->late_bytes;

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];
        struct history over = history_of(model, site);

        if (site->kind != LR_MEMORY_MMAP && !site->part_followed)
            bytes -= fmax(site->late_bytes.value - lr_gate_risen_at_most(&over.then, &over.late),
                          0);
    }
    return bytes;
}

static enum lr_status judge_all(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    struct parts parts = parts_of(model);
    struct lr_gate_extent then =
        lr_gate_extent_of(model, "live_bytes", parts.then_from, parts.then_to);
    struct lr_gate_extent late =
        lr_gate_extent_of(model, "live_bytes", parts.late_from, parts.late_to);
    double gone = lr_gate_risen_at_least(&then, &late) - still_there(model);
    /* What a JVM's compilers and collectors take and give back themselves. */
    double least = model->run.java ? LR_MATTERS_UNDECIDED : LR_MATTERS_GROWN;
    bool known = then.points >= LR_GATE_POINTS && late.points >= LR_GATE_POINTS;
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    char bytes[LR_UNIT_SIZE];

    if (!known && (double)lr_model_span_ms(model) / 1000 >= LR_TREND_MIN_SECONDS)
        return lr_gate_say(work->report, &result, "", work->error,
                           "how live memory went in all is not known: what was released before the "
                           "end may have grown");
    if (!known || gone < with_errors(model, least, late.least))
        return LR_OK;
    return lr_gate_say(work->report, &result, "", work->error,
                       "live memory rose, and %s of that were released before the recording's end: "
                       "whose they were is not known; %s",
                       lr_unit_bytes(bytes, lr_model_round(gone), false), advice);
}

enum lr_status lr_gate_released(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    size_t before = work->report->count;
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < model->gone_count; i++)
        status = judge_place(work, &model->gone[i]);
    for (size_t i = 0; status == LR_OK && i < model->site_count; i++)
        if (model->sites[i].trend.kind == LR_TREND_TRANSIENT)
            status = judge_place(work, &model->sites[i]);
    return status == LR_OK && work->report->count == before ? judge_all(work) : status;
}
