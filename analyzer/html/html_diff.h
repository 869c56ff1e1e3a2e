/* html_diff.h -- what changed since a baseline, in a page.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_DIFF_H
#define LEAKRING_HTML_DIFF_H

#include <stdio.h>

#include "diff.h"
#include "html.h"

/* The verdict in a sentence, as an element of that name (h1, p). */
void lr_html_diff_verdict(FILE *out, const struct lr_diff *diff, const char *element);
/* One <section>: both runs, and a table of what is new, grown, unclear, gone or shrunk. */
void lr_html_diff(FILE *out, const struct lr_diff *diff, const struct lr_html_limits *limits);

#endif
