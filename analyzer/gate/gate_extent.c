/* gate_extent.c -- the least and the most of a figure in a part of the recording (gate_internal.h).
 *
 * Stage: GATE.  Context: analyzer only; pure functions.
 */
#include <math.h>

#include "gate_internal.h"

static void take(struct lr_gate_extent *extent, double value)
{
    if (isnan(value))
        return;
    extent->least = fmin(extent->least, value);
    extent->most = fmax(extent->most, value);
    extent->points++;
}

static bool is_in(uint64_t time_ms, double from_ms, double to_ms)
{
    return (double)time_ms >= from_ms && (double)time_ms <= to_ms;
}

struct lr_gate_extent lr_gate_extent_of(const struct lr_model *model, const char *name,
                                        double from_ms, double to_ms)
{
    const struct lr_model_series *series = &model->series;
    const struct lr_model_column *column = lr_model_column(series, name);
    struct lr_gate_extent extent = {INFINITY, -INFINITY, 0};

    for (size_t i = 0; column && i < series->points; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN && is_in(series->time_ms[i], from_ms, to_ms))
            take(&extent, (double)column->values[i]);
    return extent;
}

struct lr_gate_extent lr_gate_extent_of_slots(const struct lr_model *model, uint64_t slots,
                                              double from_ms, double to_ms)
{
    const struct lr_model_followed *followed = &model->series.followed;
    struct lr_gate_extent extent = {INFINITY, -INFINITY, 0};

    for (size_t i = 0; slots && i < followed->points; i++)
        if (is_in(followed->time_ms[i], from_ms, to_ms))
            take(&extent, lr_followed_bytes(followed, slots, i));
    return extent;
}

/* How much it rose for certain, or at most, from the one part to the other. */
double lr_gate_risen_at_least(const struct lr_gate_extent *then, const struct lr_gate_extent *late)
{
    bool known = then->points >= LR_GATE_POINTS && late->points >= LR_GATE_POINTS;

    return known ? late->least - then->most : 0;
}

double lr_gate_risen_at_most(const struct lr_gate_extent *then, const struct lr_gate_extent *late)
{
    bool known = then->points >= LR_GATE_POINTS && late->points >= LR_GATE_POINTS;

    return known ? fmax(late->most - then->least, 0) : (double)INFINITY;
}
