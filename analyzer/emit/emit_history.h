/* emit_history.h -- the recording over time, in a few lines for people.
 *
 * Stage: EMIT.  Context: analyzer only; emit_text.c and emit_html.c.
 */
#ifndef LEAKRING_EMIT_HISTORY_H
#define LEAKRING_EMIT_HISTORY_H

#include "emit_page.h"
#include "model.h"

/* Nothing where the file has fewer than two points. */
void lr_emit_history(struct lr_page *page, const struct lr_model *model, bool raw_bytes);
/* A line; nothing where nothing grows. */
void lr_emit_growth(struct lr_page *page, const struct lr_model_pair_site *site, bool raw_bytes);
/* A sentence; "" where nothing grows, or there is no limit.  Returns out, which should have
 * LR_PROJECTION_SIZE bytes. */
enum { LR_PROJECTION_SIZE = 480 };
const char *lr_projection_text(char *out, const struct lr_model_projection *projection,
                               bool raw_bytes);

#endif
