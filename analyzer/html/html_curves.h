/* html_curves.h -- what the chart shows, and how: the one list, for the page's SVG, its style and
 * its script.
 *
 * Stage: EMIT, below emit_*.c.  Context: analyzer only.
 */
#ifndef LEAKRING_HTML_CURVES_H
#define LEAKRING_HTML_CURVES_H

#include <stdbool.h>
#include <stdio.h>

#include "model.h"

/* Lines differ in dashes as well as in colour.  All are bytes. */
struct lr_html_curve {
    const char *column, *label;
    const char *class;        /* of the line in SVG, and its colour's name in the style */
    const char *light, *dark; /* the colour on either paper */
    const char *dashes;       /* as SVG has them; "": none */
    bool limit;               /* far above all others it would flatten them: then only told */
};
enum { LR_HTML_CURVES = 5 };
extern const struct lr_html_curve lr_html_curves[LR_HTML_CURVES];

/* Moments, as upright lines. */
struct lr_html_upright {
    const char *class, *label, *light, *dark, *dashes;
};
enum lr_upright { LR_UPRIGHT_GC, LR_UPRIGHT_CHANGE, LR_UPRIGHT_MARK, LR_UPRIGHTS };
extern const struct lr_html_upright lr_html_uprights[LR_UPRIGHTS];

/* Largest known value; 0 without any. */
double lr_html_peak(const struct lr_model_series *series, const struct lr_model_column *column);
/* The column of each curve that is to be drawn, else NULL; returns the largest value of all. */
double lr_html_choose(const struct lr_model_series *series,
                      const struct lr_model_column *columns[LR_HTML_CURVES]);

/* Their colours as custom properties of CSS, light and dark. */
void lr_html_curves_style(FILE *out);
/* {"curves": [{"column","label","class","dash"}], "uprights": {"gc": {"label","class","dash"}}},
 * of curves those that are drawn; without the braces around. */
void lr_html_curves_json(FILE *out, const struct lr_model_series *series);

#endif
