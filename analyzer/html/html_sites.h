/* html_sites.h -- what leaks and the pairs, as tables of a page.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.  Each is one <section>.
 */
#ifndef LEAKRING_HTML_SITES_H
#define LEAKRING_HTML_SITES_H

#include <stdio.h>

#include "html.h"
#include "model.h"

/* The lines to fix, each with its figures and stack. */
void lr_html_findings(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits);
/* Pairs and their call sites. */
void lr_html_pairs(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits);

#endif
