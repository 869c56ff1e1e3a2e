/* check_outputs.c -- check_outputs.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "check_outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit_ci.h"
#include "output_file.h"

bool lr_check_output_option(int c, const char *argument, struct lr_check_outputs *outputs)
{
    switch (c) {
    case LR_OPT_JUNIT:
        outputs->junit = argument;
        return true;
    case LR_OPT_MARKDOWN:
        outputs->markdown = argument;
        return true;
    case LR_OPT_SARIF:
        outputs->sarif = argument;
        return true;
    case LR_OPT_ANNOTATIONS:
        outputs->annotations = true;
        return true;
    default:
        return false;
    }
}

struct work {
    const struct lr_gate_report *const *reports;
    size_t count;
    const char *rules;
    struct lr_error *error;
};

static enum lr_status put_junit(FILE *out, const struct work *work)
{
    return lr_emit_junit(out, work->reports, work->count, work->error);
}

static enum lr_status put_markdown(FILE *out, const struct work *work)
{
    return lr_emit_markdown(out, work->reports, work->count, work->error);
}

static enum lr_status put_sarif(FILE *out, const struct work *work)
{
    return lr_emit_sarif(out, work->reports, work->count, work->rules, work->error);
}

static enum lr_status fail(const char *path, const char *why, struct lr_error *error)
{
    char text[sizeof(error->text)];

    snprintf(text, sizeof(text), "%s", why); /* it may be the error's own */
    return lr_fail(error, LR_FAILED, "%.200s %.280s", path, text);
}

typedef enum lr_status putter(FILE *out, const struct work *work);

static enum lr_status write_new(const char *path, const struct work *work, putter *put)
{
    struct lr_output_file output = {.path = path, .force = true};
    char **traces = calloc(work->count + 1, sizeof(*traces));
    enum lr_status status;
    FILE *out = NULL;
    int code;

    if (!traces)
        return lr_fail(work->error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < work->count; i++)
        traces[i] = (char *)(uintptr_t)work->reports[i]->path;
    out = lr_output_open(&output, traces, (int)work->count, work->error);
    free(traces);
    if (!out)
        return fail(path, work->error->text, work->error);
    status = put(out, work);
    code = lr_output_close(&output, out, status == LR_OK ? LR_EXIT_OK : LR_EXIT_BAD_INPUT);
    if (status == LR_OK && code != LR_EXIT_OK)
        return fail(path, "can't be written", work->error);
    return status;
}

/* The summary of a GitHub job's step has what other commands of the step put there. */
static enum lr_status append(const char *path, const struct work *work, putter *put)
{
    FILE *out = fopen(path, "ae");
    enum lr_status status;
    bool bad;

    if (!out)
        return fail(path, strerror(errno), work->error);
    status = put(out, work);
    bad = ferror(out) != 0;
    if ((fclose(out) != 0 || bad) && status == LR_OK)
        return fail(path, "can't be written", work->error);
    return status;
}

static bool is_step_summary(const char *path)
{
    const char *summary = getenv("GITHUB_STEP_SUMMARY");

    return summary && strcmp(summary, path) == 0;
}

enum lr_status lr_check_outputs_write(const struct lr_check_outputs *outputs, const char *rules,
                                      const struct lr_gate_report *const *reports, size_t count,
                                      struct lr_error *error)
{
    const struct work work = {reports, count, rules, error};
    enum lr_status status = LR_OK;

    if (outputs->junit)
        status = write_new(outputs->junit, &work, put_junit);
    if (status == LR_OK && outputs->markdown)
        status = is_step_summary(outputs->markdown)
                     ? append(outputs->markdown, &work, put_markdown)
                     : write_new(outputs->markdown, &work, put_markdown);
    if (status == LR_OK && outputs->sarif)
        status = write_new(outputs->sarif, &work, put_sarif);
    if (status == LR_OK && outputs->annotations)
        lr_emit_annotations(stdout, reports, count);
    return status;
}
