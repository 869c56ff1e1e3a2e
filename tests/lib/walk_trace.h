/* walk_trace.h -- asks a trace for everything it holds, as the most curious reader would.
 *
 * Stage: tests and fuzzing.  Aborts when an accessor breaks a promise of load.h: a NULL text, a
 * control character, invalid UTF-8, an index out of range, a weight that isn't positive.
 */
#ifndef LEAKRING_WALK_TRACE_H
#define LEAKRING_WALK_TRACE_H

#include "load.h"

struct lr_walk {
    uint64_t live, regions, pairs, frames, events, metas;
    uint64_t points, followed_points, followed;
};
void lr_walk_trace(const struct lr_trace *trace, struct lr_walk *walk);

#endif
