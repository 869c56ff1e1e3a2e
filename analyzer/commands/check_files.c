/* check_files.c -- traces judged by rules (check_files.h).
 *
 * Stage: LOAD to GATE.  Context: analyzer only.
 */
#include "check_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum lr_status status_of(enum lr_gate_outcome outcome)
{
    return outcome == LR_GATE_FAIL ? LR_FOUND : outcome == LR_GATE_PASS ? LR_OK : LR_CANNOT_TELL;
}

static enum lr_status answer_unreadable(struct lr_checked_file *file)
{
    enum lr_status why = file->status;
    struct lr_error ignored;

    if (why == LR_FAILED ||
        lr_gate_unreadable(file->name, file->error.text, &file->report, &ignored) != LR_OK)
        return LR_FAILED;
    return why == LR_TRUNCATED ? LR_CANNOT_TELL : LR_UNREADABLE;
}

static void check_file(struct lr_checked_file *file, const char *path,
                       const struct lr_gate_options *options, const struct lr_model *baseline,
                       const struct lr_open_options *look)
{
    file->name = lr_text_clean((const unsigned char *)path, strlen(path));
    if (!file->name) {
        file->status = lr_fail(&file->error, LR_FAILED, "out of memory");
        return;
    }
    file->status = lr_model_open(&file->open, path, look, &file->error);
    if (file->status != LR_OK) {
        file->status = answer_unreadable(file);
        return;
    }
    file->status =
        lr_gate_judge(&options->rules, file->open.model, baseline, &file->report, &file->error);
    if (file->status == LR_OK)
        file->status = status_of(file->report.outcome);
}

static enum lr_status open_baseline(struct lr_open_model *baseline, const char *path,
                                    const struct lr_open_options *look, struct lr_error *error)
{
    char text[sizeof(error->text)];
    enum lr_status status = path ? lr_model_open(baseline, path, look, error) : LR_OK;

    if (status != LR_OK) {
        memcpy(text, error->text, sizeof(text));
        snprintf(error->text, sizeof(error->text), "baseline %.200s: %.280s", path, text);
    }
    return status;
}

enum lr_status lr_check_files(char **paths, size_t count, const struct lr_gate_options *options,
                              const struct lr_open_options *look, struct lr_checked *checked,
                              struct lr_error *error)
{
    enum lr_status status;

    *checked = (struct lr_checked){.files = calloc(count, sizeof(*checked->files)),
                                   .reports = calloc(count, sizeof(*checked->reports))};
    if (!checked->files || !checked->reports)
        return lr_fail(error, LR_FAILED, "out of memory");
    status = open_baseline(&checked->baseline, options->baseline, look, error);
    if (status != LR_OK)
        return status;
    checked->count = count;
    for (size_t i = 0; i < count; i++) {
        check_file(&checked->files[i], paths[i], options, checked->baseline.model, look);
        checked->reports[i] = &checked->files[i].report;
    }
    return LR_OK;
}

void lr_check_free(struct lr_checked *checked)
{
    for (size_t i = 0; i < checked->count; i++) {
        lr_gate_report_free(&checked->files[i].report);
        lr_model_close(&checked->files[i].open);
        free(checked->files[i].name);
    }
    lr_model_close(&checked->baseline);
    free(checked->files);
    free(checked->reports);
}

int lr_check_exit_code(const struct lr_checked *checked)
{
    static const int order[] = {LR_EXIT_OK, LR_EXIT_CANNOT_TELL, LR_EXIT_BAD_INPUT, LR_EXIT_FOUND};
    size_t worst = 0;

    for (size_t i = 0; i < checked->count; i++)
        for (size_t k = worst; k < sizeof(order) / sizeof(order[0]); k++)
            if (order[k] == lr_exit_code(checked->files[i].status))
                worst = k;
    return order[worst];
}
