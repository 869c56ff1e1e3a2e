/* cmd_mark.c -- leakring mark: gives a moment of a running process a name.
 *
 * Stage: command.  Context: analyzer only.  The request goes through the trace's control words
 * (load_control.c).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking.h"
#include "commands.h"
#include "gc_target.h"
#include "options.h"

static const struct lr_help help = {
    .name = "mark",
    .synopsis = "mark [options] PID|FILE NAME",
    .examples = "  leakring mark 4711 warm             the warm-up is over\n"
                "  leakring mark 4711 done\n"
                "  leakring report --from=warm --to=done app.lkr\n",
    .options = "Options:\n"
               "  -t, --timeout=SECONDS  how long to wait for the answer (default 60)\n"
               "  -h, --help             this text\n",
    .notes = "What the process acquires from then on lies behind the mark: reports, checks and\n"
             "differences can begin or end there.  Programs make marks themselves with\n"
             "leakring.h, or from Java: leakring-mark(1).\n"
             "\n"
             "Exit codes: 0 it is marked, 2 wrong usage or no such trace, 3 no answer, or no room\n"
             "for another mark.\n",
};

static const struct option options[] = {
    {"timeout", required_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* A name that can be shown and typed. */
static bool is_name(const char *name)
{
    char *clean = lr_text_clean((const unsigned char *)name, strlen(name));
    bool good = *name && strlen(name) <= LR_MARK_NAME_MAX && clean && strcmp(clean, name) == 0;

    free(clean);
    return good;
}

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct lr_asking *asking)
{
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, ":t:h", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case 't':
            if (!lr_ask_timeout(asking, optarg))
                return lr_bad_usage(&help, "--timeout is a number of seconds, not %s", optarg);
            break;
        default:
            return lr_bad_option(&help, argv, c);
        }
    }
    if (argc - optind != 2)
        return lr_bad_usage(&help, "a process or trace is needed, and a name for the mark");
    if (!is_name(argv[optind + 1]))
        return lr_bad_usage(&help, "a mark's name is text of 1 to %u bytes", LR_MARK_NAME_MAX);
    asking->text = argv[optind + 1];
    return -1;
}

static enum lr_status explain(uint32_t result, struct lr_error *error)
{
    if (result == LR_COLLECT_FULL)
        return lr_fail(error, LR_CANNOT_TELL, "there is no room for another mark in its trace");
    return lr_fail(error, LR_CANNOT_TELL,
                   result == LR_COLLECT_UNKNOWN
                       ? "the library in that process is older than this command"
                       : "it answered nonsense");
}

static enum lr_status run(struct lr_asking *asking, const char *path, struct lr_error *error)
{
    struct lr_control control;
    enum lr_status status = lr_control_open(path, &asking->link, error);

    if (status == LR_OK && asking->link.request == 0)
        return explain(LR_COLLECT_UNKNOWN, error);
    if (status == LR_OK)
        status = lr_ask(asking, error);
    if (status == LR_OK && !lr_control_read(&asking->link, &control))
        return lr_fail(error, LR_UNREADABLE, "cannot read any more: the file was cut");
    if (status == LR_OK && control.result != LR_COLLECT_DONE)
        status = explain(control.result, error);
    return status;
}

int lr_cmd_mark(int argc, char **argv)
{
    struct lr_asking asking = {
        .link = {.fd = -1}, .what = LR_CONTROL_MARK, .timeout_ms = LR_ASK_SECONDS * 1000};
    struct lr_error error = {{0}, {0}};
    int exit_code = parse_options(argc, argv, &asking);
    enum lr_status status;
    char *path = NULL;

    if (exit_code >= 0)
        return exit_code;
    status = lr_gc_target(argv[optind], &path, &error);
    if (status == LR_OK)
        status = run(&asking, path, &error);
    lr_control_close(&asking.link);
    free(path);
    return lr_finish(status, argv[optind], &error);
}
