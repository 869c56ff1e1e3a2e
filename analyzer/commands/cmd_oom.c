/* cmd_oom.c -- leakring oom: what a kernel's out-of-memory report says.
 *
 * Stage: command.  Context: analyzer only, one thread.
 * The log is streamed; kept are the newest findings and sums over all of them, so memory is
 * bounded whatever the log's size.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"
#include "commands.h"
#include "emit_oom.h"
#include "oom_parse.h"
#include "oom_units.h"
#include "options.h"
#include "status.h"

#define KEEP_DEFAULT 100u
#define KEEP_MAX 10000u

static const struct lr_help help = {
    .name = "oom",
    .synopsis = "oom [options] FILE|-",
    .examples = "  leakring oom /var/log/messages        every OOM kill in a syslog\n"
                "  dmesg | leakring oom -                the kernel's ring buffer\n"
                "  journalctl -k -b -1 | leakring oom -  the boot before this one\n"
                "  leakring oom --heap 16g messages      the killed JVM had -Xmx16g\n"
                "  leakring oom --trace app.lkr messages  join with a trace of the process\n",
    .options =
        "Options:\n"
        "      --heap=SIZE     heap limit (-Xmx) of the killed JVM, to tell heap from native\n"
        "      --trace=FILE    leakring trace of the killed process\n"
        "      --last=N        show the newest N events (default 100)\n"
        "  -F, --format=text|json  text (default) or json\n"
        "  -h, --help          this help\n",
    .notes =
        "Understands the tables of kernels 2.6.36 to 6.x, global and control group kills, in\n"
        "dmesg, journalctl, syslog, kmsg and container logs.  `man leakring-oom` explains the\n"
        "figures.\n"
        "\n"
        "Exit codes: 0 no OOM in the log, 1 an OOM was found, 2 unreadable, 3 OOMs are there\n"
        "but too much of them is missing to tell anything.\n",
};

struct keeper {
    struct lr_oom_report report;
    struct lr_oom_judging judging;
    size_t keep, next; /* ring of findings; next: the slot to overwrite */
};

static void count_kill(struct lr_oom_report *report, const char *name)
{
    for (unsigned i = 0; i < report->killed_count; i++)
        if (strcmp(report->killed[i].name, name) == 0) {
            report->killed[i].count++;
            return;
        }
    if (report->killed_count == LR_OOM_KILLED_NAMES) {
        report->killed_others++;
        return;
    }
    struct lr_oom_tally *tally = &report->killed[report->killed_count++];
    memcpy(tally->name, name, sizeof tally->name);
    tally->count = 1;
}

static enum lr_status keep_event(struct lr_oom_event *event, void *context, struct lr_error *error)
{
    struct keeper *keeper = context;
    struct lr_oom_report *report = &keeper->report;
    report->events++;
    event->number = report->events;
    for (unsigned i = 0; i < event->victim_count; i++)
        count_kill(report, event->victims[i].name);
    report->killed_others += event->victims_unheld;
    struct lr_oom_finding *finding = report->findings[keeper->next];
    if (!finding) {
        finding = malloc(sizeof *finding);
        if (!finding)
            return lr_fail(error, LR_FAILED, "out of memory");
        report->findings[keeper->next] = finding;
        report->finding_count++;
    }
    keeper->next = (keeper->next + 1) % keeper->keep;
    lr_oom_judge(event, &keeper->judging, finding);
    if (report->trace)
        lr_oom_trace_apply(report->trace, finding);
    report->cannot_tell += strcmp(finding->verdict, "cannot-tell") == 0;
    return LR_OK;
}

/* The ring becomes a list, oldest first. */
static enum lr_status unroll(struct keeper *keeper, struct lr_error *error)
{
    struct lr_oom_report *report = &keeper->report;
    if (report->finding_count < keeper->keep || keeper->next == 0)
        return LR_OK;
    struct lr_oom_finding **list = calloc(keeper->keep, sizeof(*list));
    if (!list)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < keeper->keep; i++)
        list[i] = report->findings[(keeper->next + i) % keeper->keep];
    free(report->findings);
    report->findings = list;
    return LR_OK;
}

static enum lr_status read_log(int fd, struct keeper *keeper, struct lr_error *error)
{
    struct lr_lines lines;
    enum lr_status status = lr_lines_open(&lines, fd, error);
    if (status != LR_OK)
        return status;
    struct lr_oom_parser *parser = lr_oom_parser_new(keep_event, keeper);
    status = parser ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
    char *text;
    size_t length;
    while (status == LR_OK && (status = lr_lines_next(&lines, &text, &length, error)) == LR_OK)
        status = lr_oom_feed(parser, text, length, lines.number, error);
    if (status == LR_CANNOT_TELL) /* the log's end */
        status = lr_oom_finish(parser, error);
    keeper->report.lines = lines.number;
    keeper->report.bytes = lines.bytes;
    keeper->report.lines_cut = lines.cut;
    lr_oom_parser_free(parser);
    lr_lines_close(&lines);
    return status == LR_OK ? unroll(keeper, error) : status;
}

static void free_report(struct lr_oom_report *report, size_t keep)
{
    for (size_t i = 0; report->findings && i < keep; i++)
        free(report->findings[i]);
    free(report->findings);
}

static int run(const char *path, struct keeper *keeper, enum lr_output output)
{
    struct lr_error error = {{0}, {0}};
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum lr_status status;
    if (fd < 0)
        status = lr_fail(&error, LR_UNREADABLE, "can't open: %s", strerror(errno));
    else
        status = read_log(fd, keeper, &error);
    if (fd >= 0 && !standard)
        close(fd);
    struct lr_oom_report *report = &keeper->report;
    char *shown = lr_text_clean((const unsigned char *)path, strlen(path));
    report->path = standard ? "standard input" : shown ? shown : "?";
    if (status == LR_OK) {
        if (output == LR_OUTPUT_JSON)
            lr_oom_print_json(report);
        else
            lr_oom_print_text(report);
        if (report->events)
            status = report->cannot_tell == report->events ? LR_CANNOT_TELL : LR_FOUND;
        error.text[0] = '\0'; /* said in the report */
    }
    int code = lr_finish(status, report->path, &error);
    free(shown);
    return code;
}

enum { OPTION_HEAP = 256, OPTION_TRACE, OPTION_LAST };

static const struct option options[] = {
    {"heap", required_argument, NULL, OPTION_HEAP},
    {"trace", required_argument, NULL, OPTION_TRACE},
    {"last", required_argument, NULL, OPTION_LAST},
    {"format", required_argument, NULL, 'F'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int lr_cmd_oom(int argc, char **argv)
{
    struct keeper keeper = {.judging = {.heap = LR_OOM_UNKNOWN}, .keep = KEEP_DEFAULT};
    enum lr_output output = LR_OUTPUT_TEXT;
    const char *trace_path = NULL;
    struct lr_oom_trace trace;
    struct lr_error error = {{0}, {0}};
    uint64_t number;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":hF:", options, NULL)) != -1;)
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case OPTION_HEAP:
            if (!lr_unit_parse_binary(optarg, &keeper.judging.heap))
                return lr_bad_usage(&help, "--heap wants a size such as 16g, not %s", optarg);
            break;
        case OPTION_TRACE:
            trace_path = optarg;
            break;
        case OPTION_LAST:
            if (!lr_unit_parse_size(optarg, &number) || number == 0 || number > KEEP_MAX)
                return lr_bad_usage(&help, "--last wants a number from 1 to %u", KEEP_MAX);
            keeper.keep = (size_t)number;
            break;
        case 'F':
            if (lr_parse_output(optarg, &output) != 0)
                return lr_bad_usage(&help, "--format is text or json, not %s", optarg);
            break;
        default:
            return lr_bad_option(&help, argv, c);
        }
    if (argc - optind != 1)
        return lr_bad_usage(&help, argc == optind ? "which log?" : "one log at a time");
    if (trace_path) {
        enum lr_status status = lr_oom_trace_read(trace_path, &trace, &error);
        if (status != LR_OK)
            return lr_finish(status, trace_path, &error);
        keeper.report.trace = &trace;
    }
    keeper.report.findings = calloc(keeper.keep, sizeof(*keeper.report.findings));
    if (!keeper.report.findings) {
        lr_fail(&error, LR_FAILED, "out of memory");
        return lr_finish(LR_FAILED, NULL, &error);
    }
    int code = run(argv[optind], &keeper, output);
    free_report(&keeper.report, keeper.keep);
    return code;
}
