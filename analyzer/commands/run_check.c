/* run_check.c -- the verdict on what a command left behind (run_check.h).
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#include "run_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_files.h"
#include "emit_gate.h"
#include "load.h"

/* Ten lines: two files with their answers, a line for others, one for what to do next. */
enum { FILES_SHOWN = 2, ANSWERS_OF_ONE = 6, ANSWERS_OF_TWO = 2 };

static bool is_before_exec(const struct lr_checked *checked, size_t i)
{
    const struct lr_model *model = checked->files[i].open.model;

    return model && model->run.ended == LR_RUN_EXEC;
}

/* Nothing is there but what came before an exec: what it was all about wasn't traced. */
static bool is_all_before_exec(const struct lr_checked *checked)
{
    for (size_t i = 0; i < checked->count; i++)
        if (!is_before_exec(checked, i))
            return false;
    return true;
}

/* What a process held before it became another program by exec is gone. */
static bool is_left_out(const struct lr_checked *checked, size_t i)
{
    return is_before_exec(checked, i) && !is_all_before_exec(checked);
}

/* daemon() ends the process inside the C library, where nobody sees it. */
static bool is_daemon(const struct lr_checked *checked, pid_t exited)
{
    for (size_t i = 0; i < checked->count && exited > 0; i++) {
        const struct lr_model *model = checked->files[i].open.model;

        if (model && model->run.pid == (uint32_t)exited && model->run.ended == LR_RUN_KILLED)
            return true;
    }
    return false;
}

/* Why nothing may pass: what the command itself did isn't recorded.  NULL: it is. */
static char *doubt_of(const struct lr_checked *checked, const char *escaped, pid_t exited)
{
    char *name = escaped ? lr_text_clean((const unsigned char *)escaped, strlen(escaped)) : NULL;
    char *text = NULL;

    if (name && *name) {
        if (asprintf(&text,
                     "what the command itself did isn't known: it was, or became, %s, which left "
                     "no trace (leakring doctor %s)",
                     name, name) < 0)
            text = NULL;
    } else if (escaped || is_all_before_exec(checked)) {
        text = strdup("it became another program, which left no trace");
    } else if (is_daemon(checked, exited)) {
        text = strdup("its process ended unseen, as that of a daemon does: what went on in a "
                      "forked child is not recorded; run it in the foreground, or say "
                      "--limit-forked=off");
    }
    free(name);
    return text;
}

/* The answer goes to the last that counts, and into the files for CI with it. */
static enum lr_status add_doubt(struct lr_checked *checked, const char *escaped, pid_t exited,
                                struct lr_error *error)
{
    char *doubt = doubt_of(checked, escaped, exited);
    size_t at = checked->count - 1;
    enum lr_status status = LR_OK;

    while (doubt && at > 0 && is_left_out(checked, at))
        at--;
    if (doubt) {
        status = lr_gate_doubt(&checked->files[at].report, "the command itself", doubt, error);
        if (checked->files[at].status == LR_OK)
            checked->files[at].status = LR_CANNOT_TELL;
    }
    free(doubt);
    return status;
}

static int exit_code_of(struct lr_checked *checked)
{
    int code;

    for (size_t i = 0; i < checked->count; i++)
        if (is_left_out(checked, i))
            checked->files[i].status = LR_OK;
    code = lr_check_exit_code(checked);
    /* That our own trace can't be read is no mistake of the caller's. */
    return code == LR_EXIT_BAD_INPUT ? LR_EXIT_CANNOT_TELL : code;
}

static void say(const struct lr_checked *checked)
{
    struct lr_emit_gate_options look = {.prefix = "leakring: ", .brief = true};
    size_t judged = 0, shown = 0;
    const char *next = NULL;

    for (size_t i = 0; i < checked->count; i++)
        judged += !is_left_out(checked, i);
    look.lines = judged > 1 ? ANSWERS_OF_TWO : ANSWERS_OF_ONE;
    for (int outcome = LR_GATE_FAIL; outcome >= LR_GATE_PASS; outcome--)
        for (size_t i = 0; i < checked->count && shown < FILES_SHOWN; i++) {
            if (is_left_out(checked, i) || (int)checked->reports[i]->outcome != outcome)
                continue;
            lr_emit_gate_text(stderr, checked->reports[i], &look);
            next = next ? next : checked->files[i].name;
            shown++;
        }
    if (judged > shown)
        lr_tell("and %zu more of %zu processes: leakring check *.lkr", judged - shown, judged);
    if (next)
        lr_tell("next: leakring report %s", next);
}

int lr_run_check_nothing(const char *command, const struct lr_gate_options *options)
{
    struct lr_error error = {{0}, {0}};
    char *name = lr_text_clean((const unsigned char *)command, strlen(command));
    struct lr_gate_report report = {.path = name ? name : "the command"};
    const struct lr_gate_report *reports[] = {&report};
    enum lr_status status =
        lr_gate_doubt(&report, "", "the command left no recording (leakring doctor says why)",
                      &error);

    if (status == LR_OK)
        status = lr_check_outputs_write(&options->outputs, options->file, reports, 1, &error);
    if (status != LR_OK)
        lr_finish(status, NULL, &error);
    lr_gate_report_free(&report);
    free(name);
    return status == LR_OK ? LR_EXIT_CANNOT_TELL : LR_EXIT_BAD_INPUT;
}

int lr_run_check(const struct lr_written *written, const char *escaped, pid_t exited,
                 const struct lr_gate_options *options, const struct lr_open_options *open,
                 bool quiet)
{
    struct lr_error error = {{0}, {0}};
    struct lr_checked checked;
    enum lr_status status =
        lr_check_files(written->paths, written->count, options, open, &checked, &error);
    int code;

    if (status == LR_OK)
        status = add_doubt(&checked, escaped, options->rules.limit_forked < 0 ? 0 : exited, &error);
    if (status == LR_OK)
        status = lr_check_outputs_write(&options->outputs, options->file, checked.reports,
                                        checked.count, &error);
    code = status == LR_OK ? exit_code_of(&checked) : lr_finish(status, NULL, &error);

    if (status == LR_OK && !quiet)
        say(&checked);
    lr_check_free(&checked);
    return code;
}
