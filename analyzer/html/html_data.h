/* html_data.h -- the report's JSON inside its page, for the page's script.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_DATA_H
#define LEAKRING_HTML_DATA_H

#include <stdio.h>

#include "diff.h"
#include "model.h"

/* A script element of type application/gzip that holds what emit_web.h writes, compressed, in
 * base64.  At most `most` bytes: the smallest sites are left out until it fits.  `diff` may be
 * NULL. */
enum lr_status lr_html_data(FILE *out, const struct lr_model *model, const struct lr_diff *diff,
                            size_t most, struct lr_error *error);

#endif
