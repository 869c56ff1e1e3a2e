/* html_chart.c -- html_chart.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_chart.h"

#include <inttypes.h>
#include <math.h>

#include "html.h"
#include "html_curves.h"
#include "units.h"

enum {
    WIDTH = 960,
    HEIGHT = 300,
    LEFT = 74,
    RIGHT = 14,
    TOP = 12,
    BOTTOM = 26,
    MOST_POINTS = 400,
    MOST_MARKS = 40,
    MARK_ROWS = 4,
    MARK_LETTERS = 40
};
enum { SPARK_WIDTH = 120, SPARK_HEIGHT = 26, SPARK_POINTS = 60 };

struct chart {
    FILE *out;
    const struct lr_model_series *series;
    const struct lr_model_column *columns[LR_HTML_CURVES]; /* NULL: not drawn */
    double first, last;                                    /* milliseconds */
    double most;                                           /* bytes at the upper edge */
    size_t uprights[LR_UPRIGHTS];                          /* drawn */
};

static double x_of(const struct chart *chart, double time)
{
    double span = chart->last - chart->first;

    return LEFT + (WIDTH - LEFT - RIGHT) * (span > 0 ? (time - chart->first) / span : 0);
}

static double y_of(const struct chart *chart, double bytes)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * bytes / chart->most;
}

/* 1, 2 or 5 times a power of ten, so that at most five of them fill `most`. */
static double round_step(double most)
{
    double power = pow(10, floor(log10(most / 5)));
    double rest = most / 5 / power;

    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

static void put_grid(struct chart *chart)
{
    double step = round_step(chart->most);
    char text[LR_UNIT_SIZE];

    for (double bytes = 0; bytes <= chart->most; bytes += step)
        fprintf(
            chart->out,
            "<line class=\"grid\" stroke=\"#d5dbe1\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
            "<text class=\"tick\" font-size=\"12\" x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">%s</text>",
            LEFT, WIDTH - RIGHT, y_of(chart, bytes), y_of(chart, bytes), LEFT - 6,
            y_of(chart, bytes) + 4, lr_unit_bytes(text, (uint64_t)bytes, false));
    for (int i = 0; i <= 4; i++) {
        double time = chart->first + (chart->last - chart->first) * i / 4;

        fprintf(chart->out,
                "<text class=\"tick\" font-size=\"12\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"%s\">%s</text>",
                x_of(chart, time), HEIGHT - 8,
                i == 0   ? "start"
                : i == 4 ? "end"
                         : "middle",
                lr_unit_duration(text, (uint64_t)time));
    }
}

/* Attributes, since a page may be shown where styles are forbidden. */
static void put_stroke(FILE *out, const char *class, const char *color, const char *dashes)
{
    fprintf(out,
            "<path class=\"curve %s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" "
            "stroke-dasharray=\"%s\" d=\"",
            class, color, *dashes ? dashes : "none");
}

static void put_line(struct chart *chart, int number)
{
    const struct lr_model_column *column = chart->columns[number];
    size_t points = chart->series->points, step = points / MOST_POINTS + 1;
    bool begun = false;

    put_stroke(chart->out, lr_html_curves[number].class, lr_html_curves[number].light,
               lr_html_curves[number].dashes);
    for (size_t i = 0; i < points;
         i = i + step < points || i == points - 1 ? i + step : points - 1) {
        if (column->values[i] == LR_MODEL_UNKNOWN)
            continue;
        fprintf(chart->out, "%c%.1f %.1f", begun ? 'L' : 'M',
                x_of(chart, (double)chart->series->time_ms[i]),
                y_of(chart, (double)column->values[i]));
        begun = true;
    }
    fputs("\"/>", chart->out);
}

static void put_upright(struct chart *chart, double time, enum lr_upright kind, const char *title)
{
    const struct lr_html_upright *upright = &lr_html_uprights[kind];

    if (time < chart->first || time > chart->last)
        return;
    fputs("<g><title>", chart->out);
    lr_html_text(chart->out, title);
    fprintf(chart->out,
            "</title><line class=\"%s\" stroke=\"%s\" stroke-dasharray=\"%s\" x1=\"%.1f\" "
            "x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/></g>",
            upright->class, upright->light, *upright->dashes ? upright->dashes : "none",
            x_of(chart, time), x_of(chart, time), TOP, HEIGHT - BOTTOM);
    chart->uprights[kind]++;
}

/* Of collections that are a pixel apart, one is enough. */
static void put_collections(struct chart *chart)
{
    const struct lr_model_column *column = lr_model_column(chart->series, "java_full_gcs");
    uint64_t before = LR_MODEL_UNKNOWN;
    double drawn = -1;

    for (size_t i = 0; column && i < chart->series->points; i++) {
        double time = (double)chart->series->time_ms[i];
        bool rose = before != LR_MODEL_UNKNOWN && column->values[i] != LR_MODEL_UNKNOWN &&
                    column->values[i] > before;

        if (rose && x_of(chart, time) >= drawn + 2) {
            put_upright(chart, time, LR_UPRIGHT_GC, lr_html_uprights[LR_UPRIGHT_GC].label);
            drawn = x_of(chart, time);
        }
        before = column->values[i];
    }
}

static void put_changes(struct chart *chart, const struct lr_model_completeness *complete)
{
    for (size_t i = 0; i < complete->interval_count && i < MOST_POINTS; i++)
        put_upright(chart, (double)complete->intervals[i].time_ms, LR_UPRIGHT_CHANGE,
                    lr_html_uprights[LR_UPRIGHT_CHANGE].label);
}

/* Names beside their lines, on as many levels as it takes for neighbours not to overlap; where none
 * is free the line has its name as a title only. */
static void put_mark_name(struct chart *chart, double time, const char *name,
                          double ends[MARK_ROWS])
{
    double x = x_of(chart, time), width = 7.0 * (double)lr_html_letters(name, MARK_LETTERS);
    bool left = x + 3 + width > WIDTH;
    double from = left ? x - 3 - width : x + 3;

    for (int row = 0; row < MARK_ROWS; row++) {
        if (from < ends[row])
            continue;
        ends[row] = from + width + 6;
        fprintf(chart->out,
                "<text class=\"tick\" font-size=\"12\" x=\"%.1f\" y=\"%d\" "
                "text-anchor=\"%s\">",
                left ? x - 3 : x + 3, TOP + 10 + 14 * row, left ? "end" : "start");
        lr_html_start(chart->out, name, MARK_LETTERS);
        fputs("</text>", chart->out);
        return;
    }
}

static void put_marks(struct chart *chart, const struct lr_model *model)
{
    double ends[MARK_ROWS] = {0};

    for (size_t i = 0; i < model->mark_count && i < MOST_MARKS; i++) {
        const struct lr_model_mark *mark = &model->marks[i];
        double time = (double)mark->time_ms;

        put_upright(chart, time, LR_UPRIGHT_MARK, mark->name);
        if (time >= chart->first && time <= chart->last)
            put_mark_name(chart, time, mark->name, ends);
    }
}

static void put_legend(struct chart *chart)
{
    fputs("<ul class=\"legend\" aria-hidden=\"true\">", chart->out);
    for (int i = 0; i < LR_HTML_CURVES; i++) {
        const struct lr_html_curve *curve = &lr_html_curves[i];

        if (!chart->columns[i])
            continue;
        fputs("<li><svg width=\"34\" height=\"8\">", chart->out);
        put_stroke(chart->out, curve->class, curve->light, curve->dashes);
        fprintf(chart->out, "M1 4L33 4\"/></svg> %s</li>", curve->label);
    }
    for (int i = 0; i < LR_UPRIGHTS; i++) {
        const struct lr_html_upright *upright = &lr_html_uprights[i];

        if (!chart->uprights[i])
            continue;
        fputs("<li class=\"upright\"><svg width=\"10\" height=\"14\">", chart->out);
        put_stroke(chart->out, upright->class, upright->light, upright->dashes);
        fprintf(chart->out, "M5 0L5 14\"/></svg> %s</li>", upright->label);
    }
    fputs("</ul>", chart->out);
}

/* What a reader who doesn't see the curves needs. */
static void put_description(struct chart *chart)
{
    const struct lr_model_series *series = chart->series;
    char first[LR_UNIT_SIZE], last[LR_UNIT_SIZE], most[LR_UNIT_SIZE];
    const char *between = "";

    for (int i = 0; i < LR_HTML_CURVES; i++) {
        const struct lr_html_curve *curve = &lr_html_curves[i];
        const struct lr_model_column *column = lr_model_column(series, curve->column);

        if (!column || lr_model_first_known(series, column) == series->points ||
            (!chart->columns[i] && !(curve->limit && lr_html_peak(series, column) > 0)))
            continue;
        if (!chart->columns[i]) {
            fprintf(chart->out, "%s%s: %s, far above this chart", between, curve->label,
                    lr_unit_bytes(most, (uint64_t)lr_html_peak(series, column), false));
            continue;
        }
        fprintf(chart->out, "%s%s: %s at first, %s at most, %s at last", between, curve->label,
                lr_unit_bytes(first, column->values[lr_model_first_known(series, column)], false),
                lr_unit_bytes(most, (uint64_t)lr_html_peak(series, column), false),
                lr_unit_bytes(last, column->values[lr_model_last_known(series, column)], false));
        between = "; ";
    }
}

bool lr_html_chart(FILE *out, const struct lr_model *model)
{
    struct chart chart = {.out = out, .series = &model->series};

    if (model->series.points < 2)
        return false;
    chart.most = lr_html_choose(&model->series, chart.columns);
    if (chart.most <= 0)
        return false;
    chart.first = (double)model->series.time_ms[0];
    chart.last = (double)model->series.time_ms[model->series.points - 1];
    chart.most *= 1.05;
    fprintf(out, "<figure id=\"chart\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
            WIDTH, HEIGHT);
    put_description(&chart);
    fputs("\">", out);
    put_grid(&chart);
    put_collections(&chart);
    put_changes(&chart, &model->completeness);
    put_marks(&chart, model);
    for (int i = 0; i < LR_HTML_CURVES; i++)
        if (chart.columns[i])
            put_line(&chart, i);
    fputs("</svg>", out);
    put_legend(&chart);
    fputs("<figcaption>", out);
    put_description(&chart);
    fputs(".</figcaption></figure>", out);
    return true;
}

void lr_html_spark(FILE *out, const struct lr_model *model, uint64_t followed, bool bytes)
{
    const struct lr_model_followed *history = &model->series.followed;
    size_t step = history->points / SPARK_POINTS + 1;
    double most = 0, span;
    size_t known = 0;
    bool begun = false;
    double (*value)(const struct lr_model_followed *, uint64_t, size_t) =
        bytes ? lr_followed_bytes : lr_followed_count;

    if (followed == 0 || history->points < 2)
        return;
    for (size_t i = 0; i < history->points; i += step) {
        most = fmax(most, value(history, followed, i)); /* a NAN never wins */
        known += !isnan(value(history, followed, i));
    }
    span = (double)(history->time_ms[history->points - 1] - history->time_ms[0]);
    if (known < 2 || most <= 0 || span <= 0)
        return;
    fprintf(out,
            "<svg class=\"spark\" width=\"%d\" height=\"%d\" aria-hidden=\"true\"><path "
            "fill=\"none\" stroke=\"#1668c4\" d=\"",
            SPARK_WIDTH, SPARK_HEIGHT);
    for (size_t i = 0; i < history->points; i += step) {
        double at = value(history, followed, i);

        if (isnan(at))
            continue;
        fprintf(out, "%c%.0f %.1f", begun ? 'L' : 'M',
                SPARK_WIDTH * (double)(history->time_ms[i] - history->time_ms[0]) / span,
                SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * at / most);
        begun = true;
    }
    fputs("\"/></svg>", out);
}
