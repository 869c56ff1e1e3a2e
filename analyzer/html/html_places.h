/* html_places.h -- plain memory, place by place, as a table of a page.
 *
 * Stage: EMIT, below emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_PLACES_H
#define LEAKRING_HTML_PLACES_H

#include <stdio.h>

#include "html.h"
#include "model.h"

/* One <section>.  The largest come first; a row has the id site-ID (site_id.h).  The
 * page's script adds the rows that limits->places leaves out. */
void lr_html_memory(FILE *out, const struct lr_model *model, const struct lr_html_limits *limits);

#endif
