/* gc_pressure.h -- what the JVM's own counters say of its collections.
 *
 * Stage: MODEL -> JUDGE.  Context: analyzer only; after lr_build_series.
 *
 * Pressure is what the old generation holds right after a collection, in per cent of what it may
 * hold: below 75 fine, up to 85 to be watched, above that somebody has to act (75 is CMS's old
 * trigger, 85 experience).  Before a collection it holds garbage too, so that says nothing.  Where
 * the collector has no old generation of its own, or lets it take the whole heap, it is the whole
 * heap's.
 */
#ifndef LEAKRING_GC_PRESSURE_H
#define LEAKRING_GC_PRESSURE_H

#include "model.h"

#define LR_PRESSURE_WATCH_PERCENT 75.0
#define LR_PRESSURE_ACT_PERCENT 85.0

/* Fills model->gc_pressure from the series. */
void lr_gc_pressure(struct lr_model *model);

/* A moment at which the last full collection had not begun, ms since start: what was born before
 * it and is live was in use then.  0: no full collection was seen. */
uint64_t lr_gc_last_full(const struct lr_model_series *series);

/* Collections of the young generation and of the old one or the whole heap that began and ended
 * behind that moment, ms since start; LR_MODEL_UNKNOWN where the JVM's counters aren't known. */
uint64_t lr_gc_since(const struct lr_model_series *series, uint64_t time_ms);

#endif
