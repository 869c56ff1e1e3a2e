/* cmd_export.c -- leakring export: live memory by stack, for other people's tools.
 *
 * Stage: command.  Context: analyzer only.  load -> symbolize -> model -> emit.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "emit_stacks.h"
#include "newest.h"
#include "open_model.h"
#include "options.h"
#include "status.h"
#include "trace_options.h"

static const struct lr_help help = {
    .name = "export",
    .synopsis = "export --format=FORMAT [options] [FILE]",
    .examples = "  leakring export --format=jeprof -o app.heap app.lkr && jeprof --text app.heap\n"
                "  leakring export --format=folded app.lkr | flamegraph.pl >app.svg\n",
    .options = "  -F, --format=FORMAT     jeprof: a heap profile with its names, for jeprof\n"
               "                          folded: one line per stack with its live bytes\n"
               LR_OUTPUT_HELP
               "      --lines             names with their line: pkg.Class.method:86\n"
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
} formats[] = {{"jeprof", lr_emit_jeprof}, {"folded", lr_emit_folded}};
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
                return lr_bad_usage(&help, "--format is jeprof or folded, not %s", optarg);
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
        return lr_bad_usage(&help, "--format is needed: jeprof or folded");
    if (argc - optind > 1)
        return lr_bad_usage(&help, "one trace at a time");
    return -1;
}

/* What is missing in the trace is missing in the picture: say so where the picture can't. */
static void warn(const char *path, const struct lr_model *model)
{
    if (model->completeness.verdict != LR_COMPLETE)
        fprintf(stderr, "leakring: %s: the trace is %s; `leakring report` says what is missing\n",
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

int lr_cmd_export(int argc, char **argv)
{
    struct request request = {0};
    struct lr_error error = {{0}, {0}};
    char *newest = NULL, *path;
    int exit_code = parse_options(argc, argv, &request);
    FILE *out;

    if (exit_code >= 0)
        return exit_code;
    path = argv[optind];
    if (!path) {
        enum lr_status status = lr_newest_trace(&newest, &error);

        if (status != LR_OK)
            return lr_finish(status, NULL, &error);
        path = newest;
    }
    out = lr_output_open(&request.output, &path, 1, &error);
    if (out)
        exit_code = lr_output_close(&request.output, out,
                                    lr_finish(export(&request, path, out, &error), path, &error));
    else
        exit_code = lr_finish(LR_USAGE, request.output.path, &error);
    free(newest);
    return exit_code;
}
