/* cmd_host.c -- leakring host: where this machine's memory is now, and who would be killed.
 *
 * Stage: command.  Context: analyzer only, one thread.  Reads /proc and /sys, changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "host_model.h"
#include "options.h"
#include "status.h"
#include "units.h"

#define PROCESSES_DEFAULT 10u
#define PROCESSES_MAX 100000u

static const struct lr_help help = {
    .name = "host",
    .synopsis = "host [options]",
    .examples = "  leakring host                      this machine, now\n"
                "  leakring host --critical nginx     and is nginx protected?\n"
                "  leakring host --root /tmp/tree     a recorded tree of proc/ and sys/\n"
                "  leakring host --format=json | jq .ledger\n",
    .options = "Options:\n"
               "      --root=DIR       read DIR/proc and DIR/sys\n"
               "      --critical=NAME  a process that must survive; may be repeated\n"
               "      --processes=N    show the first N to be killed (default 10)\n"
               "  -F, --format=text|json  text (default) or json\n"
               "  -h, --help           this help\n",
    .notes = "Works without root, with what may be read then, and says what couldn't be.\n"
             "`man leakring-host` explains the figures and shows how to record a tree.\n"
             "\n"
             "Exit codes: 0 nothing is wrong, 1 something is, 2 unreadable, 3 cannot tell.\n",
};

static enum lr_status gather(struct lr_host *host, struct lr_error *error)
{
    enum lr_status status = lr_host_read(host, error);
    if (status == LR_OK)
        status = lr_host_read_processes(host, error);
    if (status != LR_OK)
        return status;
    lr_host_read_groups(host);
    lr_host_read_virt(host);
    lr_host_ledger(host);
    lr_host_judge(host);
    return LR_OK;
}

static enum lr_status verdict_of(const struct lr_host *host)
{
    if (host->finding_count && host->findings[0].wrong)
        return LR_FOUND;
    return host->ledger_known ? LR_OK : LR_CANNOT_TELL;
}

static int run(struct lr_host *host, enum lr_output output, unsigned processes)
{
    struct lr_error error = {{0}, {0}};
    enum lr_status status = gather(host, &error);
    if (status != LR_OK)
        return lr_finish(status, host->root_path, &error);
    if (output == LR_OUTPUT_JSON)
        lr_host_print_json(host, processes);
    else
        lr_host_print_text(host, processes);
    return lr_exit_code(verdict_of(host));
}

enum { OPTION_ROOT = 256, OPTION_CRITICAL, OPTION_PROCESSES };

static const struct option options[] = {
    {"root", required_argument, NULL, OPTION_ROOT},
    {"critical", required_argument, NULL, OPTION_CRITICAL},
    {"processes", required_argument, NULL, OPTION_PROCESSES},
    {"format", required_argument, NULL, 'F'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

int lr_cmd_host(int argc, char **argv)
{
    static struct lr_host host; /* tens of kilobytes */
    const char *critical[LR_HOST_NAMES_MAX];
    unsigned critical_count = 0;
    enum lr_output output = LR_OUTPUT_TEXT;
    const char *root = "/";
    uint64_t processes = PROCESSES_DEFAULT;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":hF:", options, NULL)) != -1;)
        switch (c) {
        case 'h':
            return lr_help(stdout, &help);
        case OPTION_ROOT:
            root = optarg;
            break;
        case OPTION_CRITICAL:
            if (critical_count == LR_HOST_NAMES_MAX)
                return lr_bad_usage(&help, "at most %d --critical", LR_HOST_NAMES_MAX);
            critical[critical_count++] = optarg;
            break;
        case OPTION_PROCESSES:
            if (!lr_unit_parse_size(optarg, &processes) || processes > PROCESSES_MAX)
                return lr_bad_usage(&help, "--processes wants a number up to %u", PROCESSES_MAX);
            break;
        case 'F':
            if (lr_parse_output(optarg, &output) != 0)
                return lr_bad_usage(&help, "--format is text or json, not %s", optarg);
            break;
        default:
            return lr_bad_option(&help, argv, c);
        }
    if (optind != argc)
        return lr_bad_usage(&help, "no file is read: %s", argv[optind]);
    int directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        struct lr_error error;
        lr_fail(&error, LR_UNREADABLE, "can't open: %s", strerror(errno));
        return lr_finish(LR_UNREADABLE, root, &error);
    }
    lr_host_init(&host, directory, root);
    memcpy(host.critical, critical, critical_count * sizeof critical[0]);
    host.critical_count = critical_count;
    int code = run(&host, output, (unsigned)processes);
    lr_host_free(&host);
    close(directory);
    return code;
}
