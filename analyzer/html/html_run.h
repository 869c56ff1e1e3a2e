/* html_run.h -- what a page says of the process and of its recording: ledger, completeness, run.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.  Each is one <section>.
 */
#ifndef LEAKRING_HTML_RUN_H
#define LEAKRING_HTML_RUN_H

#include <stdio.h>

#include "model.h"

void lr_html_ledger(FILE *out, const struct lr_model *model);
void lr_html_completeness(FILE *out, const struct lr_model *model);
void lr_html_run(FILE *out, const struct lr_model *model);

#endif
