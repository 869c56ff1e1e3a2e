/* html_data.h -- the report's JSON inside its page, for the page's script.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_DATA_H
#define LEAKRING_HTML_DATA_H

#include <stdio.h>

#include "model.h"

/* A script element of type application/gzip that holds leakring.report/1, compressed, in base64.
 * At most LR_HTML_DATA_MOST bytes: the smallest sites are left out until it fits. */
enum { LR_HTML_DATA_MOST = 2 << 20 };
enum lr_status lr_html_data(FILE *out, const struct lr_model *model, struct lr_error *error);

#endif
