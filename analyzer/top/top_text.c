/* top_text.c -- top_text.h.  Stage: EMIT, for `leakring top`.  Context: analyzer only. */
#include "top_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "emit_page.h"
#include "units.h"

/* Where the program lies says little, and takes the room of its arguments. */
static const char *without_directory(const char *command)
{
    const char *name = command, *end = command + strcspn(command, " ");

    for (const char *at = command; at < end; at++)
        if (*at == '/' && at + 1 < end)
            name = at + 1;
    return name;
}

const char *lr_top_state(char *out, const struct lr_model *model)
{
    static const char *const endings[] = {
        [LR_RUN_EXIT] = "has exited",
        [LR_RUN_EXEC] = "became another program",
        [LR_RUN_KILLED] = "was killed",
        [LR_RUN_RUNNING] = "running",
    };
    const struct lr_model_run *run = &model->run;
    const struct lr_model_completeness *complete = &model->completeness;
    char duration[LR_UNIT_SIZE];
    int wanted = snprintf(
        out, LR_TOP_LINE, "pid %" PRIu32 " %s, %s; %s, %s; %s", run->pid, endings[run->ended],
        lr_unit_duration(duration, run->duration_ms), lr_completeness_name(complete->verdict),
        complete->exact ? "exact" : "sampled",
        without_directory(run->cmdline[0] ? run->cmdline : run->exe));

    return lr_text_end_whole(out, LR_TOP_LINE, wanted);
}

const char *lr_top_verdict(char *out, const struct lr_model *model)
{
    int wanted = snprintf(out, LR_TOP_LINE, "%s: %s", lr_verdict_heading(model->verdict.kind),
                          model->verdict.summary);

    return lr_text_end_whole(out, LR_TOP_LINE, wanted);
}

const char *lr_top_heading(char *out, const struct lr_top_choice *choice)
{
    static const char *const marks[LR_TOP_KEYS][3] = {{"*", "", ""}, {"", "*", ""}, {"", "", "*"}};
    char texts[3][16];

    snprintf(texts[0], sizeof(texts[0]), "%schange/min", marks[choice->key][0]);
    snprintf(texts[1], sizeof(texts[1]), "%slive", marks[choice->key][1]);
    snprintf(texts[2], sizeof(texts[2]), "%scount", marks[choice->key][2]);
    snprintf(out, LR_TOP_LINE, "%11s %8s %9s  %-9s %s", texts[0], texts[1], texts[2], "trend",
             "where");
    return out;
}

const char *lr_top_figures(char *out, const struct lr_top_row *row)
{
    char bytes[LR_UNIT_SIZE], count[LR_UNIT_SIZE], size[LR_UNIT_SIZE], change[LR_UNIT_SIZE + 1];

    if (isnan(row->change))
        snprintf(change, sizeof(change), "-");
    else
        snprintf(change, sizeof(change), "%c%s", row->change < 0 ? '-' : '+',
                 lr_unit_bytes(size, lr_model_round(fabs(row->change)), false));
    snprintf(out, LR_TOP_LINE, "%11s %8s %9s  %-9s ", change,
             lr_unit_bytes(bytes, lr_model_round(row->bytes), false),
             lr_unit_count(count, lr_model_round(row->count)),
             row->leak       ? "LEAK"
             : row->expected ? "expected"
             : row->trend && row->trend->kind != LR_TREND_UNKNOWN ? lr_trend_name(row->trend->kind)
                                                                  : "-");
    return out;
}

/* What it is, behind the place: in whole, or as short as it can be understood. */
static const char *kind_of(char *out, size_t size, const struct lr_top_row *row, bool whole)
{
    const char *last = strrchr(row->kind, '.');

    snprintf(out, size, "%s%s%s", row->pair ? ": " : "",
             !row->pair      ? ""
             : whole || !last ? row->kind
                              : last + 1,
             !row->jvm ? "" : whole ? " (the JVM's own)" : " (JVM)");
    return out;
}

const char *lr_top_place(char *out, const struct lr_top_row *row, unsigned room)
{
    char frame[LR_TOP_LINE], kind[160];
    const struct lr_model_frame *culprit;

    if (row->path->count == 0)
        return lr_text_end_whole(out, LR_TOP_LINE, snprintf(out, LR_TOP_LINE,
                                                            "%s at an unknown place", row->kind));
    culprit = &row->path->frames[row->path->culprit];
    lr_model_frame_text(frame, sizeof(frame), culprit);
    kind_of(kind, sizeof(kind), row, true);
    if (room && strlen(frame) + strlen(kind) > room) {
        lr_frame_shorten(frame, sizeof(frame), culprit, room);
        kind_of(kind, sizeof(kind), row, false);
        if (strlen(frame) + strlen(kind) > room)
            *kind = '\0';
    }
    return lr_text_end_whole(out, LR_TOP_LINE, snprintf(out, LR_TOP_LINE, "%s%s", frame, kind));
}

size_t lr_top_curve(const struct lr_model_series *series, const char *name, signed char *eighths,
                    size_t points, uint64_t *most, uint64_t *last)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t shown = series->points < points ? series->points : points;
    size_t from = series->points - shown;

    *most = *last = 0;
    if (!column)
        return 0;
    for (size_t i = from; i < series->points; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN) {
            *last = column->values[i];
            *most = *last > *most ? *last : *most;
        }
    for (size_t i = 0; i < shown; i++) {
        uint64_t value = column->values[from + i];

        eighths[i] = value == LR_MODEL_UNKNOWN ? -1
                     : *most == 0              ? 0
                                  : (signed char)lround(8.0 * (double)value / (double)*most);
    }
    return shown;
}

void lr_top_write(FILE *out, const struct lr_model *model, const struct lr_top_rows *rows,
                  const struct lr_top_choice *choice, size_t top)
{
    char line[LR_TOP_LINE];
    signed char none[1];
    uint64_t most, last;

    fprintf(out, "%s\n", lr_top_state(line, model));
    fprintf(out, "%s\n", lr_top_verdict(line, model));
    if (lr_top_curve(&model->series, "rss", none, 1, &most, &last))
        fprintf(out, "resident %s\n", lr_unit_bytes(line, last, false));
    if (lr_top_curve(&model->series, "live_bytes", none, 1, &most, &last))
        fprintf(out, "live blocks %s\n", lr_unit_bytes(line, last, false));
    fprintf(out, "%s\n", lr_top_heading(line, choice));
    for (size_t i = 0; i < rows->count && i < top; i++) {
        fputs(lr_top_figures(line, &rows->items[i]), out);
        fprintf(out, "%s\n", lr_top_place(line, &rows->items[i], 0));
    }
    if (rows->count > top)
        fprintf(out, "and %zu more\n", rows->count - top);
}
