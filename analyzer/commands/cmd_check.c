/* cmd_check.c -- leakring check: pass, fail or cannot tell, for continuous integration.
 *
 * Stage: command.  Context: analyzer only.  load -> symbolize -> judge -> gate -> emit.
 */
#include <stdlib.h>

#include "check_files.h"
#include "commands.h"
#include "emit_gate.h"
#include "gate_options.h"
#include "newest.h"
#include "options.h"
#include "status.h"
#include "terminal.h"
#include "trace_options.h"

static const struct lr_help help = {
    .name = "check",
    .synopsis = "check [options] [FILE...]",
    .examples =
        "  leakring check app.lkr                         fail on what surely leaks\n"
        "  leakring check --growth=off test.lkr           a short test: streams only\n"
        "  leakring check --limit-leaks=8MiB --limit-rss=2GiB app.lkr\n"
        "  leakring check --baseline=main.lkr branch.lkr  fail on what is worse than before\n"
        "  leakring check --rules=leakring.ini *.lkr      rules from a file\n",
    .options = "  -F, --format=text|json  text for people (default), or schema "
               "leakring.check/1\n" LR_OUTPUT_HELP LR_GATE_HELP LR_SUPPRESS_HELP LR_PHASE_HELP
 LR_SYMBOLS_HELP
               "  -q, --quiet             no output, the exit code only\n"
               "  -h, --help              this text\n",
    .notes = "Without rules: fail on memory that grows with high confidence, and on streams that\n"
             "were never ended and aren't expected.  Sizes: 4096, 64k, 8MiB, 2G.\n"
             "Without FILE: the newest *.lkr in the working directory, else in TMPDIR or /tmp.\n"
             "\n"
             "Exit code: 0 every rule passed; 1 a leak or regression was found; 2 wrong usage or\n"
             "unreadable input; 3 cannot tell: a recording is truncated, blind, incomplete or too\n"
             "short for what is asked.  Of several files the worst counts: 1, then 2, 3, 0.\n",
};

struct request {
    enum lr_output format;
    struct lr_output_file output;
    struct lr_open_options open;
    struct lr_gate_options gate;
    bool quiet;
};

static const struct option options[] = {
    {"format", required_argument, NULL, 'F'},
    {"quiet", no_argument, NULL, 'q'},
    LR_TRACE_OPTION_ROWS,
    LR_PHASE_OPTION_ROWS,
    LR_SUPPRESS_OPTION_ROWS,
    LR_GATE_OPTION_ROWS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    struct lr_error error = {{0}, {0}};
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, ":F:o:fqh", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 'F':
            if (lr_parse_output(optarg, &request->format) != 0)
                return lr_bad_usage(&help, "--format is text or json, not %s", optarg);
            break;
        case 'q':
            request->quiet = true;
            break;
        default:
            if (!lr_gate_option(c, optarg, &request->gate) &&
                !lr_trace_option(c, optarg, &request->output, &request->open))
                return lr_bad_option(&help, argv, c);
        }
    }
    if (lr_gate_options_settle(&request->gate, &error) != LR_OK)
        return lr_finish(LR_USAGE, help.name, &error);
    return -1;
}

static enum lr_status write_answers(const struct request *request, const struct lr_checked *checked,
                                    FILE *out, struct lr_error *error)
{
    const struct lr_emit_gate_options look = {
        .color = lr_use_color(LR_COLOR_AUTO, &request->output),
        .width = lr_output_width(&request->output),
    };

    if (request->quiet)
        return LR_OK;
    if (request->format == LR_OUTPUT_JSON)
        return lr_emit_gate_json(out, checked->reports, checked->count, error);
    for (size_t i = 0; i < checked->count; i++)
        lr_emit_gate_text(out, checked->reports[i], &look);
    return LR_OK;
}

/* What hasn't been told among the answers: why a file could not be read, and what to do. */
static void say_errors(const struct lr_checked *checked)
{
    for (size_t i = 0; i < checked->count; i++)
        if (!checked->files[i].open.model || checked->files[i].status == LR_FAILED)
            lr_finish(LR_UNREADABLE, checked->files[i].name, &checked->files[i].error);
}

/* Is the recording of what that process became by exec there, too? */
static bool goes_on(const struct lr_checked *checked, const struct lr_model_run *run)
{
    for (size_t i = 0; i < checked->count; i++) {
        const struct lr_model *model = checked->files[i].open.model;

        if (model && model->run.pid == run->pid && model->run.image > run->image &&
            model->run.start_unix_ns >= run->start_unix_ns)
            return true;
    }
    return false;
}

/* java starts itself again where LD_LIBRARY_PATH has another JVM's libraries, wrappers become what
 * they wrap: what passed then is the wrapper. */
static enum lr_status doubt_parts(struct lr_checked *checked, struct lr_error *error)
{
    enum lr_status status = LR_OK;

    for (size_t i = 0; status == LR_OK && i < checked->count; i++) {
        struct lr_checked_file *file = &checked->files[i];
        const struct lr_model *model = file->open.model;

        if (!model || model->run.ended != LR_RUN_EXEC || goes_on(checked, &model->run))
            continue;
        status = lr_gate_doubt(&file->report, "exec",
                               "it became another program by exec: what that did is in the "
                               "recording with the next number (NAME.1.lkr), which wasn't given",
                               error);
        if (file->status == LR_OK)
            file->status = LR_CANNOT_TELL;
    }
    return status;
}

static int check(const struct request *request, char **paths, size_t count, FILE *out)
{
    struct lr_error error = {{0}, {0}};
    struct lr_checked checked;
    enum lr_status status =
        lr_check_files(paths, count, &request->gate, &request->open, &checked, &error);
    int exit_code;

    if (status == LR_OK)
        status = doubt_parts(&checked, &error);
    if (status == LR_OK)
        status = write_answers(request, &checked, out, &error);
    if (status == LR_OK)
        status = lr_check_outputs_write(&request->gate.outputs, request->gate.file,
                                        checked.reports, checked.count, &error);
    exit_code = status == LR_OK ? lr_check_exit_code(&checked) : lr_finish(status, NULL, &error);
    if (status == LR_OK)
        say_errors(&checked);
    lr_check_free(&checked);
    return exit_code;
}

static int check_paths(struct request *request, char **paths, int count)
{
    struct lr_error error = {{0}, {0}};
    FILE *out = lr_output_open(&request->output, paths, count, &error);
    int exit_code, written;

    if (!out)
        return lr_finish(LR_USAGE, request->output.path, &error);
    exit_code = check(request, paths, (size_t)count, out);
    written = lr_output_close(&request->output, out, exit_code);
    return written == LR_EXIT_BAD_INPUT ? written : exit_code;
}

int lr_cmd_check(int argc, char **argv)
{
    struct request request = {.format = LR_OUTPUT_TEXT, .open.suppress.need_reasons = true};
    struct lr_error error = {{0}, {0}};
    int exit_code = parse_options(argc, argv, &request);
    char *newest = NULL;

    if (exit_code < 0 && optind < argc) {
        exit_code = check_paths(&request, argv + optind, argc - optind);
    } else if (exit_code < 0) {
        enum lr_status status = lr_newest_trace(&newest, &error);

        exit_code =
            status == LR_OK ? check_paths(&request, &newest, 1) : lr_finish(status, NULL, &error);
    }
    free(newest);
    lr_gate_options_free(&request.gate);
    return exit_code;
}
