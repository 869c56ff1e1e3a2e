/* html_curves.c -- html_curves.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_curves.h"

#include <math.h>

const struct lr_html_curve lr_html_curves[LR_HTML_CURVES] = {
    {"rss", "resident memory", "c0", "#1668c4", "#6cb0ff", "", false},
    {"live_bytes", "live blocks", "c1", "#c2410c", "#ff9a5c", "6 3", false},
    {"java_heap_size", "committed Java heap", "c2", "#7a3fb0", "#c69af0", "2 3", false},
    {"java_old_used", "old generation in use", "c3", "#0f766e", "#5fd0c5", "8 3 2 3", false},
    {"cgroup_limit", "limit of the cgroup", "c4", "#b3261e", "#ff8a80", "12 4", true},
};

const struct lr_html_upright lr_html_uprights[LR_UPRIGHTS] = {
    [LR_UPRIGHT_GC] = {"gc", "collection of the old generation or the whole heap", "#8b949e",
                       "#7d8894", "1 2"},
    [LR_UPRIGHT_CHANGE] = {"change", "the sampling interval was changed", "#8a5a00", "#f0b64a",
                           "3 3"},
    [LR_UPRIGHT_MARK] = {"mark", "mark", "#1a7a3c", "#6fcf8e", ""},
};

double lr_html_peak(const struct lr_model_series *series, const struct lr_model_column *column)
{
    double most = 0;

    for (size_t i = 0; column && i < series->points; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN)
            most = fmax(most, (double)column->values[i]);
    return most;
}

double lr_html_choose(const struct lr_model_series *series,
                      const struct lr_model_column *columns[LR_HTML_CURVES])
{
    double most = 0, limits = 0;

    for (int i = 0; i < LR_HTML_CURVES; i++) {
        double peak;

        columns[i] = lr_model_column(series, lr_html_curves[i].column);
        peak = lr_html_peak(series, columns[i]);
        if (peak <= 0)
            columns[i] = NULL;
        else if (!lr_html_curves[i].limit)
            most = fmax(most, peak);
    }
    for (int i = 0; i < LR_HTML_CURVES; i++) {
        double peak = lr_html_peak(series, columns[i]);

        if (columns[i] && lr_html_curves[i].limit && peak > 4 * most)
            columns[i] = NULL;
        else if (lr_html_curves[i].limit)
            limits = fmax(limits, peak);
    }
    return fmax(most, limits);
}

static void put_colors(FILE *out, bool dark)
{
    for (int i = 0; i < LR_HTML_CURVES; i++)
        fprintf(out, "--%s:%s;", lr_html_curves[i].class,
                dark ? lr_html_curves[i].dark : lr_html_curves[i].light);
    for (int i = 0; i < LR_UPRIGHTS; i++)
        fprintf(out, "--%s:%s;", lr_html_uprights[i].class,
                dark ? lr_html_uprights[i].dark : lr_html_uprights[i].light);
}

void lr_html_curves_style(FILE *out)
{
    fputs(":root{", out);
    put_colors(out, false);
    fputs("}\n@media screen and (prefers-color-scheme:dark){:root{", out);
    put_colors(out, true);
    fputs("}}\n", out);
    for (int i = 0; i < LR_HTML_CURVES; i++)
        fprintf(out, ".%s{stroke:var(--%s)}", lr_html_curves[i].class, lr_html_curves[i].class);
    for (int i = 0; i < LR_UPRIGHTS; i++)
        fprintf(out, ".%s{stroke:var(--%s)}", lr_html_uprights[i].class, lr_html_uprights[i].class);
    fputs("\n", out);
}

/* "6 3" as [6,3]. */
static void put_dashes(FILE *out, const char *dashes)
{
    fputs("\"dash\": [", out);
    for (; *dashes; dashes++)
        fputc(*dashes == ' ' ? ',' : *dashes, out);
    fputs("]}", out);
}

void lr_html_curves_json(FILE *out, const struct lr_model_series *series)
{
    const struct lr_model_column *columns[LR_HTML_CURVES];
    const char *comma = "";

    lr_html_choose(series, columns);
    fputs("\"curves\": [", out);
    for (int i = 0; i < LR_HTML_CURVES; i++) {
        const struct lr_html_curve *curve = &lr_html_curves[i];

        if (!columns[i])
            continue;
        fprintf(out, "%s{\"column\": \"%s\", \"label\": \"%s\", \"class\": \"%s\", ", comma,
                curve->column, curve->label, curve->class);
        put_dashes(out, curve->dashes);
        comma = ", ";
    }
    fputs("], \"uprights\": {", out);
    for (int i = 0; i < LR_UPRIGHTS; i++) {
        const struct lr_html_upright *upright = &lr_html_uprights[i];

        fprintf(out, "%s\"%s\": {\"label\": \"%s\", \"class\": \"%s\", ", i ? ", " : "",
                upright->class, upright->label, upright->class);
        put_dashes(out, upright->dashes);
    }
    fputs("}", out);
}
