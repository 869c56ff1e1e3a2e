/* site_id.h -- a short name for each place in the code, to be asked for again.
 *
 * Stage: EMIT.  Context: analyzer only; pure functions.
 * The same build of a program gives the same place the same ID in every run: it is a hash of what
 * was acquired there and of the frames that tell the place from others, without addresses and
 * without the numbers that a JVM gives its lambdas.
 */
#ifndef LEAKRING_SITE_ID_H
#define LEAKRING_SITE_ID_H

#include "model.h"

/* Eight hexadecimal digits. */
enum { LR_SITE_ID_SIZE = 9 };

/* Each fills `out`, which should have LR_SITE_ID_SIZE bytes, and returns it. */
const char *lr_pair_site_id(char *out, const struct lr_model_pair *pair,
                            const struct lr_model_pair_site *site);
const char *lr_memory_site_id(char *out, const struct lr_model_memory_site *site);
/* All plain memory with one culprit, however it was come to: a line of the report's tables that
 * stands for several places.  NULL: without a stack. */
const char *lr_culprit_id(char *out, const struct lr_model_frame *culprit, bool mappings);

#endif
