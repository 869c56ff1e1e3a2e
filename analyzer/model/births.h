/* births.h -- when what is live was acquired: a histogram over the run.
 *
 * Stage: MODEL.  Context: analyzer only; pure functions.
 */
#ifndef LEAKRING_BIRTHS_H
#define LEAKRING_BIRTHS_H

#include <stdbool.h>
#include <stdint.h>

enum { LR_BIRTH_SLICES = 10 };

/* All zero: nothing is live. */
struct lr_births {
    bool any;
    uint64_t oldest_ms, newest_ms; /* since the start of the recording */
    float live[LR_BIRTH_SLICES];   /* in equal parts of the recording; weights, when sampled */
};

/* `span_ms`: how long the recording is; what is later belongs to its last part.  A weight that
 * isn't a number above 0 counts nothing. */
void lr_births_add(struct lr_births *births, uint64_t birth_ms, double weight, uint64_t span_ms);
void lr_births_merge(struct lr_births *into, const struct lr_births *from);

#endif
