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
/* How many letters it has, at most `most`; and its first ones, with an ellipsis where it is cut. */
size_t lr_html_letters(const char *text, size_t most);
void lr_html_start(FILE *out, const char *text, size_t most);
/* <code class="java">pkg.Class.method</code> <span class="at">(File.java:12)</span>, isolated
 * from the direction of its surroundings. */
void lr_html_frame(FILE *out, const struct lr_model_frame *frame);
/* <data value="80462112">80.5 MB</data>, and whole numbers with thousands separators. */
void lr_html_bytes(FILE *out, uint64_t bytes);
void lr_html_count(FILE *out, uint64_t count);
/* The same in a cell of a table. */
void lr_html_cell(FILE *out, uint64_t count);
/* Bytes, and the interval if it is an estimate. */
void lr_html_estimate(FILE *out, const struct lr_estimate *estimate);
/* "20.1 MB/h (19.8 to 20.4 MB)" if it grows, else the trend's name; `bytes`: in bytes. */
void lr_html_trend(FILE *out, const struct lr_trend *trend, bool bytes);
/* Frames of a path, folded up; at most `most`. */
void lr_html_stack(FILE *out, const struct lr_model_path *path, size_t most);
/* The frame to fix, and at most `most` of the callers that tell this site from others. */
void lr_html_culprit(FILE *out, const struct lr_model_path *path, size_t most);
/* A list, if there is anything in it. */
void lr_html_texts(FILE *out, const char *class, const struct lr_model_texts *texts);
/* The command line, else the program. */
const char *lr_html_command(const struct lr_model_run *run);
/* What is to be sent to somebody else: a link to the element of that id.  The label is a literal,
 * as the title is. */
void lr_html_link(FILE *out, const char *id, const char *label);
/* The same to the row of a place, by its ID (site_id.h). */
void lr_html_site_link(FILE *out, const char *id);
/* Opens a section of that id, with its heading. */
void lr_html_heading(FILE *out, const char *id, const char *title);

/* How much of a model a page shows, so that it isn't too large: each part says what it leaves out.
 */
struct lr_html_limits {
    size_t findings, pair_sites, places; /* rows */
    size_t stacked;                      /* of the places, those with a stack */
    size_t frames;                       /* of a stack */
    size_t changes;                      /* of a difference */
};

#endif
