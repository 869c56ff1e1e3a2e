/* emit_series.h -- the recording over time, in the JSON report.
 *
 * Stage: EMIT.  Context: analyzer only; emit_json.c only.
 */
#ifndef LEAKRING_EMIT_SERIES_H
#define LEAKRING_EMIT_SERIES_H

#include <json-c/json.h>

#include "model.h"

/* Columns of equal length: "time_s", and one for each figure that is known at some time, null
 * where it isn't.  A long recording is thinned to some hundreds of points; `leakring dump` has
 * them all.  {} when there are none. */
json_object *lr_series_to_json(const struct lr_model_series *series);
/* {"value", "low", "high"} an hour of a series that was judged; NULL of one that wasn't. */
json_object *lr_rate_to_json(const struct lr_trend *trend);
/* {"limit", "hours", "bytes_per_hour", "not_within_days"} of the nearest limit; NULL when none is
 * in sight. */
json_object *lr_projection_to_json(const struct lr_model_projection *projection);
/* {"pool", "collector", "used", "max", "percent", "band", "collected_s"}: right after the last
 * collection; NULL when there was none, or the JVM keeps no counters. */
json_object *lr_pressure_to_json(const struct lr_model_gc_pressure *pressure);
/* {"time_s", "bytes", "count"} of the slots of a site; NULL when it isn't followed. */
json_object *lr_history_to_json(const struct lr_model_followed *followed, uint64_t mask);

#endif
