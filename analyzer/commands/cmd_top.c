/* cmd_top.c -- leakring top: what grows now, in a running process.
 *
 * Stage: command.  Context: analyzer only.  Reads the trace again every few seconds; the traced
 * process takes no part in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "gc_target.h"
#include "newest.h"
#include "open_model.h"
#include "options.h"
#include "status.h"
#include "top_screen.h"
#include "top_text.h"
#include "trace_options.h"

static const struct lr_help help = {
    .name = "top",
    .synopsis = "top [options] [PID|FILE]",
    .examples = "  leakring top                  the newest trace here\n"
                "  leakring top 4711             that process\n"
                "  leakring top --once app.lkr   once, as plain text\n"
                "  leakring top -b -n 6 -d 10 4711   every ten seconds for a minute\n",
    .options =
        "  -d, --delay=SECONDS     between two looks at the trace (2)\n"
        "  -s, --sort=growth|bytes|count\n"
        "                          what comes first: growth by default\n"
        "  -b, --batch             plain text, as it is without a terminal\n"
        "  -n, --iterations=N      end after N looks\n"
        "      --once              --batch --iterations=1\n"
        "      --top=N             rows of plain text (20)\n" LR_SUPPRESS_HELP LR_SYMBOLS_HELP
        "  -h, --help              this text\n",
    .notes =
        "Keys: ? shows them.  Without PID or FILE: the newest *.lkr in the working directory,\n"
        "else in TMPDIR or /tmp.\n"
        "\n"
        "Exit code: 0; 2 wrong usage, or a trace that can't be read.\n",
};

struct request {
    struct lr_open_options open;
    struct lr_output_file output; /* that of the shared options; not used */
    struct lr_top_view view;
    unsigned long delay, looks, top; /* looks 0: without end */
    bool batch;
};

enum { OPT_ONCE = 256, OPT_TOP };

static const struct option options[] = {
    {"delay", required_argument, NULL, 'd'},
    {"sort", required_argument, NULL, 's'},
    {"batch", no_argument, NULL, 'b'},
    {"iterations", required_argument, NULL, 'n'},
    {"once", no_argument, NULL, OPT_ONCE},
    {"top", required_argument, NULL, OPT_TOP},
    LR_SYMBOLS_OPTION_ROWS,
    LR_SUPPRESS_OPTION_ROWS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int parse_key(const char *word, enum lr_top_key *key)
{
    for (int i = 0; i < LR_TOP_KEYS; i++) {
        if (strcmp(word, lr_top_key_name((enum lr_top_key)i)) == 0) {
            *key = (enum lr_top_key)i;
            return 0;
        }
    }
    return -1;
}

static int parse_count(const char *name, unsigned long most, unsigned long *number)
{
    if (lr_parse_number(optarg, most, number) == 0)
        return -1;
    return lr_bad_usage(&help, "%s is a number from 1 to %lu, not %s", name, most, optarg);
}

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    int c, code = -1;

    optind = 1;
    while (code < 0 && (c = getopt_long(argc, argv, ":d:s:bn:h", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 'd':
            code = parse_count("--delay", 86400, &request->delay);
            break;
        case 'n':
            code = parse_count("--iterations", 1000000000, &request->looks);
            break;
        case OPT_TOP:
            code = parse_count("--top", 1000000, &request->top);
            break;
        case 's':
            if (parse_key(optarg, &request->view.choice.key) != 0)
                code = lr_bad_usage(&help, "--sort is growth, bytes or count, not %s", optarg);
            break;
        case OPT_ONCE:
            request->looks = 1;
            request->batch = true;
            break;
        case 'b':
            request->batch = true;
            break;
        default:
            if (!lr_trace_option(c, optarg, &request->output, &request->open))
                return lr_bad_option(&help, argv, c);
        }
    }
    if (code < 0 && argc - optind > 1)
        return lr_bad_usage(&help, "one PID or FILE, not %d", argc - optind);
    return code;
}

static enum lr_status find_trace(const char *name, char **path, struct lr_error *error)
{
    return name ? lr_gc_target(name, path, error) : lr_newest_trace(path, error);
}

static void pause_for(unsigned long seconds)
{
    struct timespec time = {(time_t)seconds, 0};

    nanosleep(&time, NULL);
}

static enum lr_status watch_plainly(struct request *request, const char *path,
                                    struct lr_error *error)
{
    for (unsigned long look = 0;; look++) {
        struct lr_open_model open;
        struct lr_top_rows rows = {0};
        enum lr_status status = lr_model_open(&open, path, &request->open, error);
        bool over = status != LR_OK;

        if (!over)
            status = lr_top_rows_make(open.model, &request->view.choice, &rows, error);
        if (!over && status == LR_OK) {
            if (look > 0)
                putchar('\n');
            lr_top_write(stdout, open.model, &rows, &request->view.choice, request->top);
            over = fflush(stdout) != 0 || open.model->run.ended != LR_RUN_RUNNING;
        }
        free(rows.items);
        lr_model_close(&open);
        if (over || status != LR_OK || look + 1 == request->looks)
            return status;
        pause_for(request->delay);
    }
}

static long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the next look is due.  False: the reader leaves. */
static bool serve_keys(struct request *request, const struct lr_model *model,
                       struct lr_top_rows *rows, struct lr_error *error)
{
    long due = now_ms() + (long)request->delay * 1000;
    enum lr_top_event event = LR_TOP_REDRAW;

    while (event != LR_TOP_QUIT) {
        long left = due - now_ms();

        if (event == LR_TOP_RESORT) {
            free(rows->items);
            if (lr_top_rows_make(model, &request->view.choice, rows, error) != LR_OK)
                return false;
        }
        if (event != LR_TOP_NOTHING)
            lr_top_screen_draw(&request->view, model, rows);
        if (left <= 0 && !request->view.paused)
            return true;
        event = lr_top_screen_wait(&request->view, rows, left > 0 ? (int)left : 1000);
    }
    return false;
}

/* A look that fails keeps the last one on the screen. */
static enum lr_status watch(struct request *request, const char *path, struct lr_error *error)
{
    struct lr_open_model open, next;
    struct lr_top_rows rows = {0};
    enum lr_status status = lr_model_open(&open, path, &request->open, error);
    bool on = status == LR_OK;

    if (on && !lr_top_screen_begin()) {
        lr_model_close(&open);
        return watch_plainly(request, path, error);
    }
    for (unsigned long look = 1; on; look++) {
        free(rows.items);
        status = lr_top_rows_make(open.model, &request->view.choice, &rows, error);
        on = status == LR_OK && serve_keys(request, open.model, &rows, error) &&
             look != request->looks;
        if (!on)
            break;
        request->view.trouble = NULL;
        if (lr_model_open(&next, path, &request->open, error) == LR_OK) {
            lr_model_close(&open);
            open = next;
        } else {
            lr_model_close(&next);
            request->view.trouble = "the trace can't be read any more; these are its last figures";
        }
    }
    if (rows.items)
        lr_top_screen_end();
    free(rows.items);
    lr_model_close(&open);
    return status;
}

int lr_cmd_top(int argc, char **argv)
{
    struct request request = {.delay = 2, .top = 20};
    struct lr_error error = {{0}, {0}};
    char *path = NULL;
    int code;
    enum lr_status status;

    request.view.choice.filter = request.view.filter;
    code = parse_options(argc, argv, &request);
    if (code >= 0)
        return code;
    status = find_trace(argv[optind], &path, &error);
    if (status == LR_OK && (request.batch || !isatty(STDOUT_FILENO)))
        status = watch_plainly(&request, path, &error);
    else if (status == LR_OK)
        status = watch(&request, path, &error);
    code = lr_finish(status, path ? path : argv[optind], &error);
    free(path);
    return code;
}
