/* emit_web.h -- what the script of an HTML page is given.
 *
 * Stage: EMIT, below html_data.c.  Context: analyzer only.
 *
 *     {"curves": […], "uprights": {…},    html_curves.h
 *      "report": {…},                      schema leakring.report/1
 *      "frames": […],                      of which stacks, here and below, give the indices
 *      "allocated": [[…]],                 of each pair's sites: bytes since the start
 *      "baseline": null                    or, for the difference:
 *         {"sites": […], "pairs": […],     of the old run, as in its report, but only what a flame
 *                                          graph needs
 *          "names": {NAME: KEY}}}          of frames, where what tells them apart in a difference
 *                                          (diff_name.h) isn't the name; "": no frame of its own
 *
 * It is private to the page that it is in.
 */
#ifndef LEAKRING_EMIT_WEB_H
#define LEAKRING_EMIT_WEB_H

#include <stdio.h>

#include "diff.h"
#include "model.h"

/* At most `top` places of memory of each run; `diff` may be NULL. */
enum lr_status lr_emit_web(FILE *out, const struct lr_model *model, const struct lr_diff *diff,
                           unsigned top, struct lr_error *error);

#endif
