/* dump_series.h -- the time series in `leakring dump`.
 *
 * Stage: LOAD -> OUTPUT.  Context: analyzer only.
 */
#ifndef LEAKRING_DUMP_SERIES_H
#define LEAKRING_DUMP_SERIES_H

#include "dump_write.h"
#include "load.h"

/* The points of one resolution: one record each, without the figures that weren't known. */
void lr_dump_points(struct lr_dump *dump, const struct lr_trace *trace,
                    enum lr_resolution resolution);
/* What is followed, and the points of one resolution with the slots that have a value. */
/* What resident memory was made of, at the last complete look at it. */
void lr_dump_areas(struct lr_dump *dump, const struct lr_trace *trace);
/* Changes of the sampling interval. */
void lr_dump_intervals(struct lr_dump *dump, const struct lr_trace *trace);
void lr_dump_followed(struct lr_dump *dump, const struct lr_trace *trace);
void lr_dump_followed_points(struct lr_dump *dump, const struct lr_trace *trace,
                             enum lr_resolution resolution);

void lr_dump_collections(struct lr_dump *dump, const struct lr_trace *trace);
void lr_dump_marks(struct lr_dump *dump, const struct lr_trace *trace);

#endif
