/* top_text.h -- the words of `leakring top`, for its screen and for scripts alike.
 *
 * Stage: EMIT, for `leakring top`.  Context: analyzer only.
 */
#ifndef LEAKRING_TOP_TEXT_H
#define LEAKRING_TOP_TEXT_H

#include <stdio.h>

#include "model.h"
#include "top_rows.h"

enum { LR_TOP_LINE = 512 }; /* bytes that each `out` should have; all return it */

/* "pid 123 java -jar x, 3 min 20 s, running; complete, exact" */
const char *lr_top_state(char *out, const struct lr_model *model);
/* "LEAK: …" */
const char *lr_top_verdict(char *out, const struct lr_model *model);
/* The heading of the table, and a row of it without its place. */
const char *lr_top_heading(char *out, const struct lr_top_choice *choice);
const char *lr_top_figures(char *out, const struct lr_top_row *row);
/* Where: the culprit's line, in at most `room` columns if it can be had; 0: whole. */
const char *lr_top_place(char *out, const struct lr_top_row *row, unsigned room);

/* The last `points` values of a figure over time as eighths of `most`, 0 to 8, -1 unknown.  Returns
 * how many there are.  *most is the largest. */
size_t lr_top_curve(const struct lr_model_series *series, const char *name, signed char *eighths,
                    size_t points, uint64_t *most, uint64_t *last);

/* All of it once, as plain text: state, verdict, and the first `top` rows. */
void lr_top_write(FILE *out, const struct lr_model *model, const struct lr_top_rows *rows,
                  const struct lr_top_choice *choice, size_t top);

#endif
