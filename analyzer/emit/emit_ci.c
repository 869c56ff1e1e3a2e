/* emit_ci.c -- names and places that the CI formats share, and GitHub's annotations (emit_ci.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_ci.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "words.h"

enum { ANNOTATIONS = 10 };

static const char *program_of(const struct lr_gate_report *report)
{
    return report->model && *report->model->run.exe ? lr_base_name(report->model->run.exe)
                                                    : "recording";
}

const char *lr_ci_suite(char *out, size_t size, const struct lr_gate_report *const *reports,
                        size_t index)
{
    const char *program = program_of(reports[index]);
    unsigned number = 1;

    for (size_t i = 0; i < index; i++)
        number += strcmp(program_of(reports[i]), program) == 0;
    if (number == 1)
        return lr_text_end_whole(out, size, snprintf(out, size, "%s", program));
    return lr_text_end_whole(out, size, snprintf(out, size, "%s (%u)", program, number));
}

const char *lr_ci_case(char *out, size_t size, const struct lr_gate_result *result)
{
    const char *what = *result->subject ? result->subject : lr_gate_rule_text(result->rule);

    return lr_text_end_whole(out, size,
                             snprintf(out, size, "%s: %s", lr_gate_rule_name(result->rule), what));
}

const char *lr_ci_word(enum lr_gate_outcome outcome)
{
    static const char *const words[] = {"PASS", "CANNOT TELL", "FAIL"};

    return words[outcome];
}

/* A trace may say anything: only what lies in the checkout is pointed at. */
static bool is_here(const char *path)
{
    return *path && *path != '/' && !strstr(path, "..") && access(path, F_OK) == 0;
}

/* org.acme.Codec$Inner.read in Codec.java: org/acme/Codec.java */
static bool java_source(char *out, size_t size, const struct lr_model_frame *frame)
{
    static const char *const roots[] = {"src/main/java",   "src/test/java", "src/main/kotlin",
                                        "src/test/kotlin", "src",           "."};
    const char *method = strrchr(frame->function, '.'), *class = method;

    if (!method)
        return false;
    while (class > frame->function && class[-1] != '.')
        class --;
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        int start = strcmp(roots[i], ".") == 0 ? 0 : snprintf(out, size, "%s/", roots[i]);
        int wanted = start + snprintf(out + start, size - (size_t)start, "%.*s%s",
                                      (int)(class - frame->function), frame->function, frame->file);

        if ((size_t)wanted >= size)
            continue;
        for (char *dot = out + start; dot < out + start + (class - frame->function); dot++)
            if (*dot == '.')
                *dot = '/';
        if (is_here(out))
            return true;
    }
    return false;
}

static bool native_source(char *out, size_t size, const struct lr_model_frame *frame)
{
    size_t length;

    if (!getcwd(out, size))
        return false;
    length = strlen(out);
    if (strncmp(frame->file, out, length) == 0 && frame->file[length] == '/')
        length++;
    else
        length = 0;
    return (size_t)snprintf(out, size, "%s", frame->file + length) < size && is_here(out);
}

bool lr_ci_source(char *out, size_t size, const struct lr_gate_result *result)
{
    const struct lr_model_frame *frame = lr_gate_culprit(result);

    if (!frame || !*frame->file)
        return false;
    return frame->java ? java_source(out, size, frame) : native_source(out, size, frame);
}

/* What would end the command or its property is escaped as GitHub wants it. */
static void put_escaped(FILE *out, const char *text, bool property)
{
    for (; *text; text++) {
        if (*text == '%' || *text == '\r' || *text == '\n' ||
            (property && (*text == ':' || *text == ',')))
            fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out);
    }
}

static void put_annotation(FILE *out, const struct lr_gate_result *result)
{
    const struct lr_model_frame *frame = lr_gate_culprit(result);
    char source[1024];

    fputs(result->outcome == LR_GATE_FAIL ? "::error " : "::warning ", out);
    if (lr_ci_source(source, sizeof(source), result)) {
        fputs("file=", out);
        put_escaped(out, source, true);
        if (frame->line)
            fprintf(out, ",line=%" PRIu32, frame->line);
        fputc(',', out);
    }
    fputs("title=", out);
    put_escaped(out, "leakring ", true);
    put_escaped(out, lr_gate_rule_name(result->rule), true);
    fputs("::", out);
    put_escaped(out, result->message, false);
    fputc('\n', out);
}

void lr_emit_annotations(FILE *out, const struct lr_gate_report *const *reports, size_t count)
{
    unsigned put = 0;

    for (int outcome = LR_GATE_FAIL; outcome > LR_GATE_PASS; outcome--)
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < reports[i]->count && put < ANNOTATIONS; k++)
                if ((int)reports[i]->items[k].outcome == outcome) {
                    put_annotation(out, &reports[i]->items[k]);
                    put++;
                }
}
