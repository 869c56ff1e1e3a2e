/* cmd_diff.c -- leakring diff: what is new, gone, grown or shrunk between two runs.
 *
 * Stage: command.  Context: analyzer only.  load -> symbolize -> judge, twice -> diff -> emit.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "diff.h"
#include "emit_diff.h"
#include "open_model.h"
#include "options.h"
#include "pager.h"
#include "progress.h"
#include "status.h"
#include "terminal.h"
#include "trace_options.h"
#include "units.h"

static const struct lr_help help = {
    .name = "diff",
    .synopsis = "diff [options] OLD NEW",
    .examples = "  leakring diff before.lkr after.lkr       did the release make it worse?\n"
                "  leakring diff --by=rate short.lkr night.lkr\n"
                "  leakring diff --format=html -o diff.html old.lkr new.lkr\n"
                "  leakring diff --format=folded old.lkr new.lkr | flamegraph.pl >diff.svg\n",
    .options = "  -F, --format=text|json|folded|html\n"
               "                          text (default); json, schema leakring.diff/1; folded:\n"
               "                          stack, old and new bytes, for a flame graph; or html: a\n"
               "                          page with a differential flame graph\n"
               "      --by=auto|total|rate\n"
               "                          compare the total at the end, the rate per hour, or\n"
               "                          auto: what fits (default)\n"
               "      --noise=PERCENT     a smaller change is none (default 25)\n"
               "      --floor=SIZE        a change by fewer bytes is none (default 256k)\n"
               LR_OUTPUT_HELP
               "      --top=N             list N places of each kind (text 10, json all)\n"
               "      --stacks            show every frame of each place\n"
               "      --bytes             sizes in bytes, not in kB and MB\n"
               LR_COLOR_HELP
               LR_PAGER_HELP
               LR_PHASE_HELP
               LR_SYMBOLS_HELP
               LR_SUPPRESS_HELP
               "  -h, --help              this text\n",
    .notes = "Places are matched by the names of functions, not by lines or addresses: a rebuild,\n"
             "a shifted line or a lambda's number make no difference.\n"
             "\n"
             "Exit code: 0 the difference was written, whatever it says (`leakring check\n"
             "--baseline` fails on a regression); 2 wrong usage or unreadable input.\n",
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_FOLDED, FORMAT_HTML };

struct request {
    enum format format;
    struct lr_output_file output;
    struct lr_emit_options emit;
    struct lr_open_options open;
    struct lr_diff_options diff;
    bool no_pager;
};

enum { OPT_TOP = 256, OPT_STACKS, OPT_BYTES, OPT_COLOR, OPT_BY, OPT_NOISE, OPT_FLOOR,
       OPT_NO_PAGER };

static const struct option options[] = {
    {"format", required_argument, NULL, 'F'},
    {"by", required_argument, NULL, OPT_BY},
    {"noise", required_argument, NULL, OPT_NOISE},
    {"floor", required_argument, NULL, OPT_FLOOR},
    {"top", required_argument, NULL, OPT_TOP},
    {"stacks", no_argument, NULL, OPT_STACKS},
    {"bytes", no_argument, NULL, OPT_BYTES},
    {"color", required_argument, NULL, OPT_COLOR},
    {"no-pager", no_argument, NULL, OPT_NO_PAGER},
    LR_TRACE_OPTION_ROWS,
    LR_PHASE_OPTION_ROWS,
    LR_SUPPRESS_OPTION_ROWS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Index of a word in a list that ends with NULL; -1: it isn't there. */
static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* A share of 0 to 1000 %; -1: none. */
static double parse_percent(const char *word)
{
    char *end;
    double percent = strtod(word, &end);

    return *word >= '0' && *word <= '9' && *end == '\0' && percent <= 1000 ? percent / 100 : -1;
}

static int parse_format(const char *word, struct request *request)
{
    static const char *const words[] = {"text", "json", "folded", "html", NULL};
    int format = find_word(words, word);

    if (format < 0)
        return lr_bad_usage(&help, "--format is text, json, folded or html, not %s", word);
    request->format = (enum format)format;
    return -1;
}

/* What is compared: exit code, or -1 to go on. */
static int parse_rule(int c, const char *word, struct lr_diff_options *diff)
{
    static const char *const words[] = {"auto", "total", "rate", NULL};
    int by = c == OPT_BY ? find_word(words, word) : 0;
    uint64_t size = 0;

    if (by < 0)
        return lr_bad_usage(&help, "--by is auto, total or rate, not %s", word);
    if (c == OPT_BY)
        diff->by = by;
    if (c == OPT_NOISE && (diff->noise = parse_percent(word)) < 0)
        return lr_bad_usage(&help, "--noise is a percentage, 0 to 1000, not %s", word);
    if (c == OPT_FLOOR && !lr_unit_parse_size(word, &size))
        return lr_bad_usage(&help, "--floor is a size such as 256k, not %s", word);
    if (c == OPT_FLOOR)
        diff->floor_bytes = (double)size;
    return -1;
}

/* Exit code, or -1 to go on. */
static int parse_option(int c, char **argv, struct request *request, int *color)
{
    unsigned long top;

    switch (c) {
    case 'F':
        return parse_format(optarg, request);
    case OPT_BY:
    case OPT_NOISE:
    case OPT_FLOOR:
        return parse_rule(c, optarg, &request->diff);
    case OPT_TOP:
        if (lr_parse_number(optarg, 1000000, &top) != 0)
            return lr_bad_usage(&help, "--top is a number from 1 on, not %s", optarg);
        request->emit.top = (unsigned)top;
        return -1;
    case OPT_STACKS:
        request->emit.whole_stacks = true;
        return -1;
    case OPT_BYTES:
        request->emit.raw_bytes = true;
        return -1;
    case OPT_NO_PAGER:
        request->no_pager = true;
        return -1;
    case OPT_COLOR:
        if (lr_parse_color(optarg, color) != 0)
            return lr_bad_usage(&help, "--color is auto, always or never, not %s", optarg);
        return -1;
    default:
        if (lr_trace_option(c, optarg, &request->output, &request->open))
            return -1;
        return lr_bad_option(&help, argv, c);
    }
}

static int parse_options(int argc, char **argv, struct request *request)
{
    int c, color = LR_COLOR_AUTO, exit_code = -1;

    optind = 1;
    while (exit_code < 0 && (c = getopt_long(argc, argv, ":F:o:fh", options, NULL)) != -1)
        exit_code = c == 'h' ? lr_help(stdout, &help) : parse_option(c, argv, request, &color);
    if (exit_code >= 0)
        return exit_code;
    if (argc - optind != 2)
        return lr_bad_usage(&help, "two traces are needed: the old one and the new one");
    request->emit.color = lr_use_color(color, &request->output);
    request->emit.width = lr_output_width(&request->output);
    return -1;
}

static enum lr_status write_diff(const struct request *request, const struct lr_model *old,
                                 const struct lr_model *new, FILE *out, struct lr_error *error)
{
    struct lr_diff *diff;
    enum lr_status status;

    if (request->format == FORMAT_FOLDED)
        return lr_emit_diff_folded(out, old, new, error);
    status = lr_diff_make(old, new, &request->diff, &diff, error);
    if (status == LR_OK && request->format == FORMAT_JSON)
        status = lr_emit_diff_json(out, diff, &request->emit, error);
    else if (status == LR_OK && request->format == FORMAT_HTML)
        status = lr_emit_html(out, new, &(struct lr_html_options){diff, true}, error);
    else if (status == LR_OK)
        status = lr_emit_diff_text(out, diff, &request->emit, error);
    lr_diff_free(diff);
    return status;
}

/* *which: the trace that an error is about. */
static enum lr_status diff_files(const struct request *request, char **paths, const char **which,
                                 FILE *out, struct lr_error *error)
{
    struct lr_open_model old = {0}, new = {0};
    enum lr_status status;

    status = lr_model_open_slowly(&old, *which = paths[0], &request->open, error);
    if (status == LR_OK)
        status = lr_model_open_slowly(&new, *which = paths[1], &request->open, error);
    if (status == LR_OK) {
        *which = NULL;
        status = write_diff(request, old.model, new.model, out, error);
    }
    lr_model_close(&new);
    lr_model_close(&old);
    return status;
}

int lr_cmd_diff(int argc, char **argv)
{
    struct request request = {.diff = LR_DIFF_DEFAULTS};
    struct lr_error error = {{0}, {0}};
    const char *which = NULL;
    struct lr_pager pager;
    int exit_code = parse_options(argc, argv, &request);
    enum lr_status status;
    FILE *out;

    if (exit_code >= 0)
        return exit_code;
    out = lr_output_open(&request.output, argv + optind, 2, &error);
    if (!out)
        return lr_finish(LR_USAGE, request.output.path, &error);
    status = diff_files(&request, argv + optind, &which,
                        lr_pager_open(&pager, &request.output, out,
                                      request.no_pager || request.format != FORMAT_TEXT),
                        &error);
    exit_code = lr_finish(status, which, &error);
    lr_pager_close(&pager);
    return lr_output_close(&request.output, out, exit_code);
}
