/* html.h -- text and numbers as HTML; what a name holds can't become markup.
 *
 * Stage: EMIT, below emit_html*.c.  Context: analyzer only.  Markup is written with fprintf; every
 * string that isn't a literal goes through lr_html_text().
 */
#ifndef LEAKRING_HTML_H
#define LEAKRING_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "model.h"

/* For element content and for attributes in double quotes.  The loader has made it valid UTF-8
 * without control characters. */
void lr_html_text(FILE *out, const char *text);
/* <code class="f java">pkg.Class.method</code> <span class="at">(File.java:12)</span>, isolated
 * from the direction of its surroundings. */
void lr_html_frame(FILE *out, const struct lr_model_frame *frame);
/* <data value="80462112">80.5 MB</data>, and whole numbers with thousands separators. */
void lr_html_bytes(FILE *out, uint64_t bytes);
void lr_html_count(FILE *out, uint64_t count);
/* "20.1 MB/h (19.8 to 20.4 MB)" if it grows, else the trend's name; `bytes`: in bytes. */
void lr_html_trend(FILE *out, const struct lr_trend *trend, bool bytes);
/* All frames of a path, folded up; at most a hundred. */
void lr_html_stack(FILE *out, const struct lr_model_path *path);
/* The frame to fix, and at most `most` of the callers that tell this site from others. */
void lr_html_culprit(FILE *out, const struct lr_model_path *path, size_t most);

#endif
