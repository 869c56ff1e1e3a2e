/* emit_places.h -- live memory, summed by culprit, for readers with one screen.
 *
 * Stage: EMIT, below emit_text.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_PLACES_H
#define LEAKRING_EMIT_PLACES_H

#include "emit.h"
#include "emit_page.h"

/* A table of the `top` largest places; mappings or blocks.  Nothing when there are none. */
void lr_emit_places(struct lr_page *page, const struct lr_model *model, bool mappings, unsigned top,
                    const struct lr_emit_options *options);

#endif
