/* cmd_report.c -- leakring report: what leaks, and where it was acquired.
 *
 * Stage: command.  Context: analyzer only.  load -> symbolize -> judge -> emit for each file.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "diff.h"
#include "emit.h"
#include "emit_suppressions.h"
#include "load.h"
#include "newest.h"
#include "open_model.h"
#include "options.h"
#include "pager.h"
#include "progress.h"
#include "status.h"
#include "terminal.h"
#include "trace_options.h"

static const struct lr_help help = {
    .name = "report",
    .synopsis = "report [options] [FILE...]",
    .examples = "  leakring report                          the newest trace here\n"
                "  leakring report app.lkr                  one trace; of a running process too\n"
                "  leakring report --format=short app.lkr   a few lines, for a message\n"
                "  leakring report --filter='*Codec*' app.lkr\n"
                "  leakring report --format=html -o app.html app.lkr\n"
                "  leakring report --format=json -o app.json app.lkr\n",
    .options = "  -F, --format=text|short|html|json\n"
               "                          text for people (default), short: at most ten lines of\n"
               "                          it; html for a browser; json: schema leakring.report/1\n"
               LR_OUTPUT_HELP
               "      --baseline=FILE     html: with what changed since that trace\n"
               "      --site=ID           all that is known of one place: stack, history, ages\n"
               "      --pair=PAIR         only the places of one kind of stream: Inflater\n"
               "      --filter=GLOB       only places with that function, file or library in\n"
               "                          their stack; without wildcards: part of a name\n"
               "      --top=N             list N places of each kind (text 10 and 20, json all)\n"
               "      --stacks            show every frame of each finding\n"
               "      --bytes             sizes in bytes, not in kB and MB\n"
               LR_COLOR_HELP
               LR_PAGER_HELP
               LR_PHASE_HELP
               LR_SYMBOLS_HELP
               LR_SUPPRESS_HELP
               "      --gen-suppressions  instead of a report, a suppression for each finding\n"
               "  -h, --help              this text\n",
    .notes = "Without FILE: the newest *.lkr in the working directory, else in TMPDIR, else in\n"
             "/tmp.  Of several FILEs each gets its own report; as JSON, one document after\n"
             "another.\n"
             "\n"
             "Exit code: 0 the report was written, whatever it says; 2 wrong usage or unreadable\n"
             "input.\n",
};

struct request {
    enum lr_output format;
    struct lr_output_file output;
    struct lr_emit_options emit;
    struct lr_open_options open;
    const char *baseline;  /* html: the trace to compare with; NULL: none */
    bool new_suppressions; /* instead of a report */
    bool no_pager;
};

enum {
    OPT_TOP = 256,
    OPT_STACKS,
    OPT_BYTES,
    OPT_COLOR,
    OPT_GEN,
    OPT_SITE,
    OPT_PAIR,
    OPT_FILTER,
    OPT_NO_PAGER,
    OPT_BASELINE,
};

static const struct option options[] = {
    {"format", required_argument, NULL, 'F'},
    {"site", required_argument, NULL, OPT_SITE},
    {"pair", required_argument, NULL, OPT_PAIR},
    {"filter", required_argument, NULL, OPT_FILTER},
    {"no-pager", no_argument, NULL, OPT_NO_PAGER},
    {"baseline", required_argument, NULL, OPT_BASELINE},
    {"top", required_argument, NULL, OPT_TOP},
    {"stacks", no_argument, NULL, OPT_STACKS},
    {"bytes", no_argument, NULL, OPT_BYTES},
    {"color", required_argument, NULL, OPT_COLOR},
    LR_TRACE_OPTION_ROWS,
    LR_PHASE_OPTION_ROWS,
    LR_SUPPRESS_OPTION_ROWS,
    {"gen-suppressions", no_argument, NULL, OPT_GEN},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int parse_format(const char *word, enum lr_output *format)
{
    if (strcmp(word, "html") == 0)
        *format = LR_OUTPUT_HTML;
    else if (strcmp(word, "short") == 0)
        *format = LR_OUTPUT_SHORT;
    else
        return lr_parse_output(word, format);
    return 0;
}

/* What the text is to show, and how.  False: `c` is none of these options. */
static bool text_option(int c, struct lr_emit_options *emit)
{
    switch (c) {
    case OPT_STACKS:
        emit->whole_stacks = true;
        return true;
    case OPT_BYTES:
        emit->raw_bytes = true;
        return true;
    case OPT_SITE:
        emit->choice.site = optarg;
        return true;
    case OPT_PAIR:
        emit->choice.pair = optarg;
        return true;
    case OPT_FILTER:
        emit->choice.filter = optarg;
        return true;
    default:
        return false;
    }
}

/* Exit code, or -1 to go on. */
static int check_choice(const struct request *request)
{
    const struct lr_emit_choice *choice = &request->emit.choice;
    bool text = request->format == LR_OUTPUT_TEXT;

    if (choice->site && (!text || choice->pair || choice->filter))
        return lr_bad_usage(&help, "--site is for text, without --pair and --filter");
    if (choice->filter && !*choice->filter)
        return lr_bad_usage(&help, "--filter is a part of a name, or a glob, not empty");
    if ((choice->pair || choice->filter) && !text && request->format != LR_OUTPUT_SHORT)
        return lr_bad_usage(&help, "--pair and --filter are for text; jq filters JSON");
    return -1;
}

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    unsigned long top = 0;
    int c, color = LR_COLOR_AUTO;

    optind = 1;
    while ((c = getopt_long(argc, argv, ":F:o:fh", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 'F':
            if (parse_format(optarg, &request->format) != 0)
                return lr_bad_usage(&help, "--format is text, short, json or html, not %s", optarg);
            break;
        case OPT_TOP:
            if (lr_parse_number(optarg, 1000000, &top) != 0)
                return lr_bad_usage(&help, "--top is a number from 1 on, not %s", optarg);
            break;
        case OPT_NO_PAGER:
            request->no_pager = true;
            break;
        case OPT_BASELINE:
            request->baseline = optarg;
            break;
        case OPT_GEN:
            request->new_suppressions = true;
            break;
        case OPT_COLOR:
            if (lr_parse_color(optarg, &color) != 0)
                return lr_bad_usage(&help, "--color is auto, always or never, not %s", optarg);
            break;
        default:
            if (!text_option(c, &request->emit) &&
                !lr_trace_option(c, optarg, &request->output, &request->open))
                return lr_bad_option(&help, argv, c);
        }
    }
    if (request->baseline && request->format != LR_OUTPUT_HTML)
        return lr_bad_usage(&help, "--baseline is for --format=html; leakring diff OLD NEW "
                                   "compares as text or JSON");
    request->emit.top = (unsigned)top;
    request->emit.color = lr_use_color(color, &request->output);
    request->emit.width = lr_output_width(&request->output);
    return check_choice(request);
}

/* Errors are printed behind the name of the trace that is reported. */
static void name_baseline(struct lr_error *error, const char *path)
{
    char text[sizeof(error->text)];

    memcpy(text, error->text, sizeof(text));
    snprintf(error->text, sizeof(error->text), "baseline %.200s: %.280s", path, text);
}

static enum lr_status write_html(const struct request *request, const struct lr_model *model,
                                 FILE *out, struct lr_error *error)
{
    const struct lr_diff_options rules = LR_DIFF_DEFAULTS;
    struct lr_open_model old = {0};
    struct lr_diff *diff = NULL;
    enum lr_status status = LR_OK;

    if (request->baseline) {
        status = lr_model_open_slowly(&old, request->baseline, &request->open, error);
        if (status == LR_OK)
            status = lr_diff_make(old.model, model, &rules, &diff, error);
        else
            name_baseline(error, request->baseline);
    }
    if (status == LR_OK)
        status = lr_emit_html(out, model, &(struct lr_html_options){.diff = diff}, error);
    lr_diff_free(diff);
    lr_model_close(&old);
    return status;
}

static enum lr_status write_report(const struct request *request, const struct lr_model *model,
                                   FILE *out, struct lr_error *error)
{
    if (request->new_suppressions)
        return lr_emit_new_suppressions(out, model, error);
    if (request->format == LR_OUTPUT_HTML)
        return write_html(request, model, out, error);
    if (request->format == LR_OUTPUT_JSON)
        return lr_emit_json(out, model, &request->emit, error);
    if (request->format == LR_OUTPUT_SHORT)
        return lr_emit_short(out, model, &request->emit, error);
    return lr_emit_text(out, model, &request->emit, error);
}

static enum lr_status report_file(const struct request *request, const char *path, FILE *out,
                                  struct lr_error *error)
{
    struct lr_open_model open;
    enum lr_status status = lr_model_open_slowly(&open, path, &request->open, error);

    if (status == LR_OK)
        status = write_report(request, open.model, out, error);
    lr_model_close(&open);
    return status;
}

static void put_title(FILE *out, const char *path)
{
    char *shown = lr_text_clean((const unsigned char *)path, strlen(path));

    fprintf(out, "== %s\n", shown ? shown : "");
    free(shown);
}

static int report_all(const struct request *request, char **paths, int count, FILE *out)
{
    int exit_code = LR_EXIT_OK;

    for (int i = 0; i < count; i++) {
        struct lr_error error = {{0}, {0}};
        enum lr_status status;
        int code;

        if (i > 0 && request->format == LR_OUTPUT_TEXT)
            fputc('\n', out);
        if (count > 1 && request->format == LR_OUTPUT_TEXT)
            put_title(out, paths[i]);
        status = report_file(request, paths[i], out, &error);
        code = lr_finish(status, paths[i], &error);
        if (code > exit_code)
            exit_code = code;
    }
    return exit_code;
}

/* What a terminal gets is paged; what a program reads isn't. */
static int report_paged(const struct request *request, char **paths, int count, FILE *out)
{
    bool text = request->format == LR_OUTPUT_TEXT && !request->new_suppressions;
    struct lr_pager pager;
    int exit_code;

    out = lr_pager_open(&pager, &request->output, out, !text || request->no_pager);
    exit_code = report_all(request, paths, count, out);
    lr_pager_close(&pager);
    return exit_code;
}

int lr_cmd_report(int argc, char **argv)
{
    struct request request = {.format = LR_OUTPUT_TEXT};
    struct lr_error error = {{0}, {0}};
    char *newest = NULL, **paths;
    int count, exit_code = parse_options(argc, argv, &request);
    FILE *out;

    if (exit_code >= 0)
        return exit_code;
    paths = argv + optind;
    count = argc - optind;
    if (count == 0) {
        enum lr_status status = lr_newest_trace(&newest, &error);

        if (status != LR_OK)
            return lr_finish(status, NULL, &error);
        paths = &newest;
        count = 1;
    }
    out = lr_output_open(&request.output, paths, count, &error);
    if (out)
        exit_code =
            lr_output_close(&request.output, out, report_paged(&request, paths, count, out));
    else
        exit_code = lr_finish(LR_USAGE, request.output.path, &error);
    free(newest);
    return exit_code;
}
