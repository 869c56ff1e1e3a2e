/* emit_markdown.c -- --markdown: a summary for a build's page or a review (emit_ci.h).
 *
 * Stage: EMIT.  Context: analyzer only.  GitHub takes less than a mebibyte and drops the whole when
 * there is more: so what is put is counted, and rows end in time.
 */
#include "emit_ci.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

enum { MOST = 900 * 1000 };

struct writer {
    FILE *out;
    size_t room;   /* bytes that may still be put */
    size_t hidden; /* answers that found none */
};

/* Within a table's cell; nothing of a name is taken for markup. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r')
            fputc(' ', out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '@') /* nobody is to be called */
            fputs("&#64;", out);
        else if (strchr("\\`*_[]|#~!", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

/* Whoever called the culprit; the message names the culprit itself. */
static void put_caller(FILE *out, const struct lr_model_path *path)
{
    char text[600];

    for (size_t i = path ? path->culprit + 1 : 0; path && i < path->count; i++)
        if (path->frames[i].user) {
            put_cell(out, lr_model_frame_text(text, sizeof(text), &path->frames[i]));
            return;
        }
}

static const char *sign_of(const struct lr_gate_result *result)
{
    bool skipped = result->rule == LR_GATE_SUPPRESSION && result->outcome == LR_GATE_PASS;

    return result->outcome == LR_GATE_FAIL          ? "❌ fail"
           : result->outcome == LR_GATE_CANNOT_TELL ? "❔ cannot tell"
           : skipped                                ? "➖ expected"
                                                    : "✅ pass";
}

/* A row, or nothing when there is no room for it. */
static bool put_row(struct writer *writer, const struct lr_gate_result *result)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return false;
    fprintf(out, "| %s | %s | ", sign_of(result), lr_gate_rule_name(result->rule));
    put_cell(out, result->message);
    fputs(" | ", out);
    put_caller(out, result->path);
    fputs(" |\n", out);
    if (fclose(out) != 0) {
        free(text);
        return false;
    }
    if (size <= writer->room) {
        fputs(text, writer->out);
        writer->room -= size;
    } else {
        writer->hidden++;
    }
    free(text);
    return true;
}

static void put_heading(struct writer *writer, const struct lr_gate_report *const *reports,
                        size_t index)
{
    static const char *const signs[] = {"✅", "❔", "❌"};
    const struct lr_gate_report *report = reports[index];
    char suite[256], duration[LR_UNIT_SIZE];

    fprintf(writer->out, "### %s leakring: %s: ", signs[report->outcome],
            lr_ci_word(report->outcome));
    put_cell(writer->out, lr_ci_suite(suite, sizeof(suite), reports, index));
    fputs("\n\n", writer->out);
    if (!report->model)
        return;
    put_cell(writer->out, report->model->verdict.summary);
    fprintf(writer->out, " Recorded for %s",
            lr_unit_duration(duration, report->model->run.duration_ms));
    fprintf(writer->out, "; %s, %s.\n\n", lr_completeness_name(report->model->completeness.verdict),
            report->model->completeness.exact ? "exact" : "sampled");
}

enum lr_status lr_emit_markdown(FILE *out, const struct lr_gate_report *const *reports,
                                size_t count, struct lr_error *error)
{
    const size_t HEADING = 4096; /* bytes, at most */
    struct writer writer = {.out = out, .room = MOST};

    for (size_t i = 0; i < count && writer.room > HEADING; i++) {
        writer.room -= HEADING;
        writer.hidden = 0;
        put_heading(&writer, reports, i);
        fputs("| | rule | finding | called by |\n|---|---|---|---|\n", out);
        for (int outcome = LR_GATE_FAIL; outcome >= LR_GATE_PASS; outcome--)
            for (size_t k = 0; k < reports[i]->count; k++)
                if ((int)reports[i]->items[k].outcome == outcome &&
                    !put_row(&writer, &reports[i]->items[k]))
                    return lr_fail(error, LR_FAILED, "out of memory");
        if (writer.hidden)
            fprintf(out, "\nand %zu more.\n", writer.hidden);
        fputc('\n', out);
    }
    return LR_OK;
}
