/* emit_site.h -- all that is known of one place, for people.
 *
 * Stage: EMIT, below emit_text.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_SITE_H
#define LEAKRING_EMIT_SITE_H

#include "emit.h"
#include "emit_page.h"

/* The places that options->choice.site names, one or, of a line of the report's tables, many.
 * LR_USAGE when there is none. */
enum lr_status lr_emit_site(struct lr_page *page, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error);

#endif
