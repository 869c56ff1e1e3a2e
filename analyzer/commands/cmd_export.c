/* cmd_export.c -- leakring export: live memory by stack, for other people's tools.
 *
 * Stage: command.  Context: analyzer only.  load -> symbolize -> model -> emit.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "emit_diff.h"
#include "emit_stacks.h"
#include "newest.h"
#include "open_model.h"
#include "options.h"
#include "status.h"
#include "trace_options.h"

static const struct lr_help help = {
    .name = "export",
    .synopsis = "export --format=FORMAT [options] [FILE]",
    .examples = "  leakring export --format=pprof -o app.pb.gz app.lkr && go tool pprof app.pb.gz\n"
                "  leakring export --format=jeprof -o app.heap app.lkr && jeprof --text app.heap\n"
                "  leakring export --format=folded app.lkr | flamegraph.pl >app.svg\n"
                "  leakring export --format=folded-diff old.lkr new.lkr | difffolded.pl\n",
    .options = "  -F, --format=pprof|jeprof|gperftools|folded|folded-diff|csv|openmetrics\n"
               "                          pprof: gzipped profile.proto, for go tool pprof\n"
               "                          jeprof: a heap profile with its names, for jeprof\n"
               "                          gperftools: with addresses, for google-pprof; native\n"
               "                          frames only\n"
               "                          folded: one line per stack with its live bytes\n"
               "                          folded-diff: the same of two traces: stack old new\n"
               "                          csv: one row per place\n"
               "                          openmetrics: for node_exporter's textfile collector\n"
               LR_OUTPUT_HELP
               "      --lines             names with their line: pkg.Class.method:86\n"
               LR_PHASE_HELP
               LR_SYMBOLS_HELP
               "  -h, --help              this text\n",
    .notes = "Live bytes of malloc and relatives, those that streams own at the stack that made\n"
             "the stream.  Without FILE: the newest trace, as `leakring report` finds it.\n"
             "\n"
             "Exit code: 0 written; 2 wrong usage or unreadable input.\n",
};

typedef enum lr_status emitter(FILE *out, const struct lr_model *model,
                               const struct lr_stacks_options *options, struct lr_error *error);

static const struct format {
    const char *name;
    emitter *emit;
    bool past; /* what was allocated and freed is wanted, too */
} formats[] = {
    {"pprof", lr_emit_pprof, true},
    {"jeprof", lr_emit_jeprof, true},
    {"gperftools", lr_emit_gperftools, true},
    {"folded", lr_emit_folded, false},
    {"folded-diff", NULL, false}, /* of two traces */
    {"csv", lr_emit_csv, false},
    {"openmetrics", lr_emit_openmetrics, false},
};
#define FORMATS "pprof, jeprof, gperftools, folded, folded-diff, csv or openmetrics"
enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

struct request {
    const struct format *format;
    struct lr_output_file output;
    struct lr_stacks_options stacks;
    struct lr_open_options open;
};

enum { OPT_LINES = 256 };

static const struct option options[] = {
    {"format", required_argument, NULL, 'F'},
    {"lines", no_argument, NULL, OPT_LINES},
    LR_TRACE_OPTION_ROWS,
    LR_PHASE_OPTION_ROWS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, ":F:o:fh", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 'F':
            request->format = find_format(optarg);
            if (!request->format)
                return lr_bad_usage(&help, "--format is " FORMATS ", not %s", optarg);
            break;
        case OPT_LINES:
            request->stacks.lines = true;
            break;
        default:
            if (!lr_trace_option(c, optarg, &request->output, &request->open))
                return lr_bad_option(&help, argv, c);
        }
    }
    if (!request->format)
        return lr_bad_usage(&help, "--format is needed: " FORMATS);
    if (!request->format->emit && argc - optind != 2)
        return lr_bad_usage(&help, "folded-diff takes two traces: the old one and the new one");
    if (request->format->emit && argc - optind > 1)
        return lr_bad_usage(&help, "one trace at a time");
    if (request->format->emit == lr_emit_pprof && lr_output_is_stdout(&request->output) &&
        isatty(STDOUT_FILENO))
        return lr_bad_usage(&help, "pprof is nothing for a terminal; write it to a file with -o");
    request->open.past = request->format->past;
    return -1;
}

/* What is missing in the trace is missing in the picture: say so where the picture can't. */
static void warn(const char *path, const struct lr_model *model)
{
    if (model->completeness.verdict != LR_COMPLETE)
        lr_tell("%s: the trace is %s; `leakring report` says what is missing",
                path, lr_completeness_name(model->completeness.verdict));
}

static enum lr_status export(const struct request *request, const char *path, FILE *out,
                             struct lr_error *error)
{
    struct lr_open_model open;
    enum lr_status status = lr_model_open(&open, path, &request->open, error);

    if (status == LR_OK)
        status = request->format->emit(out, open.model, &request->stacks, error);
    if (status == LR_OK)
        warn(path, open.model);
    lr_model_close(&open);
    return status;
}

/* *which is the trace that could not be read. */
static enum lr_status export_two(const struct request *request, char **paths, const char **which,
                                 FILE *out, struct lr_error *error)
{
    struct lr_open_model old, new;
    enum lr_status status;

    *which = paths[0];
    status = lr_model_open(&old, paths[0], &request->open, error);
    if (status == LR_OK) {
        *which = paths[1];
        status = lr_model_open(&new, paths[1], &request->open, error);
        if (status == LR_OK)
            status = lr_emit_diff_folded(out, old.model, new.model, error);
        if (status == LR_OK) {
            warn(paths[0], old.model);
            warn(paths[1], new.model);
        }
        lr_model_close(&new);
    }
    lr_model_close(&old);
    return status;
}

static int export_paths(struct request *request, char **paths, int count)
{
    struct lr_error error = {{0}, {0}};
    const char *which = paths[0];
    FILE *out = lr_output_open(&request->output, paths, count, &error);
    enum lr_status status;

    if (!out)
        return lr_finish(LR_USAGE, request->output.path, &error);
    status = request->format->emit ? export(request, paths[0], out, &error)
                                   : export_two(request, paths, &which, out, &error);
    return lr_output_close(&request->output, out, lr_finish(status, which, &error));
}

int lr_cmd_export(int argc, char **argv)
{
    struct request request = {0};
    struct lr_error error = {{0}, {0}};
    char *newest = NULL;
    int exit_code = parse_options(argc, argv, &request);
    enum lr_status status;

    if (exit_code >= 0)
        return exit_code;
    if (optind < argc)
        return export_paths(&request, argv + optind, argc - optind);
    status = lr_newest_trace(&newest, &error);
    if (status != LR_OK)
        return lr_finish(status, NULL, &error);
    exit_code = export_paths(&request, &newest, 1);
    free(newest);
    return exit_code;
}
