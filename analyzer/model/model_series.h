/* model_series.h -- the recording over time, as a report has it.
 *
 * Stage: MODEL.  Context: analyzer only.  All resolutions of the file are one series here: times
 * ascend and are unequal in distance, the last minutes by seconds, what is long ago by half hours.
 */
#ifndef LEAKRING_MODEL_SERIES_H
#define LEAKRING_MODEL_SERIES_H

#include <stddef.h>
#include <stdint.h>

/* One figure over time; those that nobody could read are left out. */
struct lr_model_column {
    const char *name, *text; /* series.def's */
    uint64_t *values;        /* one for each time; LR_MODEL_UNKNOWN where not known */
};
#define LR_MODEL_UNKNOWN UINT64_MAX

/* Live memory of followed stacks and pair sites, by slot. */
enum { LR_MODEL_SLOTS = 64 };
struct lr_model_followed {
    size_t points;
    uint64_t *time_ms;             /* since start */
    double *bytes[LR_MODEL_SLOTS]; /* NULL: nothing in that slot; NAN: not known then */
    double *count[LR_MODEL_SLOTS];
};

struct lr_model_series {
    size_t points, column_count;
    uint64_t *time_ms; /* since start */
    struct lr_model_column *columns;
    struct lr_model_followed followed;
};

/* The column of that name; NULL when there is none. */
const struct lr_model_column *lr_model_column(const struct lr_model_series *series,
                                              const char *name);
/* Index of the first (last) known value; `points` when none is. */
size_t lr_model_first_known(const struct lr_model_series *series,
                            const struct lr_model_column *column);
size_t lr_model_last_known(const struct lr_model_series *series,
                           const struct lr_model_column *column);

/* Sum over the slots of `mask` (bit i: slot i) at point `i`; NAN unless all of them are known. */
double lr_followed_bytes(const struct lr_model_followed *followed, uint64_t mask, size_t i);
double lr_followed_count(const struct lr_model_followed *followed, uint64_t mask, size_t i);

void lr_model_series_free(struct lr_model_series *series);

#endif
