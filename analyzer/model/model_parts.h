/* model_parts.h -- what is live, by the part of the run in which it was acquired: the parts lie
 * between the marks.
 *
 * Stage: MODEL.  Context: analyzer only; for the files that build a model.
 */
#ifndef LEAKRING_MODEL_PARTS_H
#define LEAKRING_MODEL_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

/* Makes model->parts of its marks.  False: no memory. */
bool lr_parts_make(struct lr_model *model);
/* One record, or several alike, acquired at that time: adds it to *parts, which is made at its
 * first.  False: no memory. */
bool lr_parts_add(const struct lr_model *model, struct lr_model_by_part **parts, uint64_t birth_ms,
                  double bytes, double count);
/* Adds *from, which is taken or freed; then it is NULL. */
void lr_parts_merge(const struct lr_model *model, struct lr_model_by_part **into,
                    struct lr_model_by_part **from);

#endif
