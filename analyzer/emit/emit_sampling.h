/* emit_sampling.h -- how densely blocks were sampled, and how sure a figure is, for people.
 *
 * Stage: EMIT, below emit_text.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_SAMPLING_H
#define LEAKRING_EMIT_SAMPLING_H

#include "emit_page.h"

/* The changes of the interval, the last ones of many; nothing when all was exact. */
void lr_emit_sampling(struct lr_page *page, const struct lr_model_completeness *complete);

/* "1.21 to 1.93 MB": where the truth lies; "" for an exact figure.  Returns out, which should
 * have LR_RANGE_SIZE bytes. */
enum { LR_RANGE_SIZE = 96 };
const char *lr_emit_range(char *out, const struct lr_estimate *estimate, bool raw_bytes);

#endif
