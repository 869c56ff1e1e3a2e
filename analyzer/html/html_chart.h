/* html_chart.h -- the recording over time as SVG: readable without scripts.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_CHART_H
#define LEAKRING_HTML_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "model.h"

/* Resident memory, live blocks, Java heap, the cgroup's limit, collections and changes of the
 * sampling interval.  False, and nothing is written, with fewer than two points. */
bool lr_html_chart(FILE *out, const struct lr_model *model);
/* A small curve of what is live at a site; nothing when it wasn't followed. */
void lr_html_spark(FILE *out, const struct lr_model *model, uint64_t followed, bool bytes);

#endif
