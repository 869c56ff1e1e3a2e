/* gate_released.c -- memory that rose and was released before the recording's end (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 *
 * Whose memory is, is known of what is live as the recording ends.  A test that frees all at its
 * end, or a phase that ended before the program did, leaves nothing of a leak but the series of
 * live bytes in all.  It rose by what its least late in the phase is above its most about the end
 * of the warm-up: what comes and goes takes no part in that.  The recording's last twelfth is left
 * out: there the program tidies up.  What is live and was acquired behind the warm-up is known by
 * its place; what is more than that isn't, and then nobody can say that no place grew.
 */
#include "gate_internal.h"

#include <math.h>

#include "judge.h"
#include "units.h"

enum { LEAST_POINTS = 3 };

/* The least and the most of live bytes in a part of the phase. */
struct extent {
    double least, most;
    size_t points;
};

static struct extent extent_of(const struct lr_model *model, double from, double to)
{
    const struct lr_model_series *series = &model->series;
    const struct lr_model_column *live = lr_model_column(series, "live_bytes");
    double span = (double)lr_model_span_ms(model), start = (double)model->phase.from_ms;
    struct extent extent = {INFINITY, 0, 0};

    for (size_t i = 0; live && i < series->points; i++) {
        double at = (double)series->time_ms[i] - start;

        if (live->values[i] == LR_MODEL_UNKNOWN || at < from * span || at > to * span)
            continue;
        extent.least = fmin(extent.least, (double)live->values[i]);
        extent.most = fmax(extent.most, (double)live->values[i]);
        extent.points++;
    }
    return extent;
}

/* What a JVM's compilers and collectors take and give back themselves; of sampled blocks, two
 * standard errors of what is live. */
static double least_that_matters(const struct lr_model *model, double live)
{
    double least = model->run.java ? LR_MATTERS_UNDECIDED : LR_MATTERS_GROWN;

    return least + 2 * sqrt(live * (double)model->completeness.max_interval);
}

enum lr_status lr_gate_released(struct lr_gate_work *work)
{
    const struct lr_model *model = work->model;
    bool marked = lr_model_warm_ms(model) == model->phase.from_ms;
    struct extent then = extent_of(model, marked ? 0 : 1.0 / 6, 1.0 / 2);
    bool ended = model->phase.set && model->phase.to && model->phase.to[0];
    struct extent late = extent_of(model, 2.0 / 3, ended ? 1 : 11.0 / 12);
    double gone = late.least - then.most - model->late_bytes;
    struct lr_gate_result result = {.rule = LR_GATE_GROWTH, .outcome = LR_GATE_CANNOT_TELL};
    char bytes[LR_UNIT_SIZE];

    if (then.points < LEAST_POINTS || late.points < LEAST_POINTS ||
        gone < least_that_matters(model, late.least))
        return LR_OK;
    return lr_gate_say(work->report, &result, "", work->error,
                       "live memory rose, and %s of that were released before the recording's end: "
                       "whose they were is not known; judge a copy of the recording that was taken "
                       "before the program tidied up, or end the program by SIGKILL",
                       lr_unit_bytes(bytes, lr_model_round(gone), false));
}
