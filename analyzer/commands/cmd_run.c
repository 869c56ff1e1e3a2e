/* cmd_run.c -- leakring run: a command with the tracer in front of it.
 *
 * Stage: command.  Context: analyzer only.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "gate_options.h"
#include "library.h"
#include "options.h"
#include "run_check.h"
#include "run_child.h"
#include "run_own.h"
#include "settings.h"
#include "status.h"
#include "trace_options.h"
#include "units.h"
#include "written.h"

static const struct lr_help help = {
    .name = "run",
    .synopsis = "run [options] [--] COMMAND [ARGUMENT...]",
    .examples = "  leakring run -- java -jar app.jar\n"
                "  leakring run --file=/var/tmp/app.%p.lkr -- java -jar app.jar\n"
                "  leakring run -- ./gradlew test   a script: java is traced, not the shell\n"
                "  leakring run --check --limit-rss=2GiB -- java -jar soak.jar\n",
    .options = "  -o, --file=TEMPLATE  the trace's name: %e program, %p pid, %h host, %t time;\n"
               "                       default leakring.%e.%p.lkr here, else in TMPDIR or /tmp\n"
               "  -s, --size=SIZE      its size, such as 64M: fixed, taken at once\n"
               "  -e, --exe=GLOB       trace these programs only (repeat, or separate by ':')\n"
               "  -c, --children       trace the command's own children too\n"
               "      --depth=N        native frames to keep, 1 to 128\n"
               "      --java-depth=N   Java frames to keep, 1 to 128\n"
               "      --young=MS       how long a record may stay out of the file\n"
               "      --interval=SIZE  sample: one record for so many bytes; or exact\n"
               "      --budget=N       percent of CPU time that recording may cost; or off\n"
               "      --redact=cmdline|host|config|all\n"
               "                       what the trace doesn't say; several with + between them\n"
               "      --unwinder=ehframe|libunwind\n"
               "                       who walks native stacks: we do (default), or libunwind\n"
               "  -q, --quiet          don't say where the trace is\n"
               "      --for=TIME       ask the command to end (SIGTERM) after 90s, 30m, 8h\n"
               "      --check          judge the trace by rules, see below\n"
               "  -h, --help           this text\n",
    .notes = "Options are added to an inherited LEAKRING, and win over it.\n"
             "\n"
             "Exit code: the command's (0 when --for ended it); 128 + N when signal N killed it; "
             "127 when it was not\n"
             "found, 126 when it couldn't be executed; 2 when tracing couldn't be set up.\n"
             "\n"
             "With --check (leakring check has the rules): where the command itself succeeds,\n"
             "1 a leak or regression was found, 3 cannot tell, 0 all rules passed.\n\n" LR_GATE_HELP
                 LR_SUPPRESS_HELP LR_PHASE_HELP,
};

enum {
    OPT_DEPTH = 256,
    OPT_JAVA_DEPTH,
    OPT_YOUNG,
    OPT_INTERVAL,
    OPT_BUDGET,
    OPT_REDACT,
    OPT_UNWINDER,
    OPT_CHECK,
    OPT_FOR
};

static const struct option options[] = {
    {"file", required_argument, NULL, 'o'},
    {"size", required_argument, NULL, 's'},
    {"exe", required_argument, NULL, 'e'},
    {"children", no_argument, NULL, 'c'},
    {"depth", required_argument, NULL, OPT_DEPTH},
    {"java-depth", required_argument, NULL, OPT_JAVA_DEPTH},
    {"young", required_argument, NULL, OPT_YOUNG},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"budget", required_argument, NULL, OPT_BUDGET},
    {"redact", required_argument, NULL, OPT_REDACT},
    {"unwinder", required_argument, NULL, OPT_UNWINDER},
    {"quiet", no_argument, NULL, 'q'},
    {"for", required_argument, NULL, OPT_FOR},
    {"check", no_argument, NULL, OPT_CHECK},
    LR_GATE_OPTION_ROWS,
    LR_SUPPRESS_OPTION_ROWS,
    LR_PHASE_OPTION_ROWS,
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
    char *settings; /* LEAKRING for the command */
    char *exe;      /* of all --exe options */
    bool quiet;
    bool check, rules; /* rules: some were given */
    double seconds;    /* 0: as long as it takes */
    struct lr_gate_options gate;
    struct lr_open_options open;
};

static const char *settings_key(int c)
{
    switch (c) {
    case 'o':
        return "file";
    case 's':
        return "size";
    case OPT_DEPTH:
        return "depth";
    case OPT_JAVA_DEPTH:
        return "java_depth";
    case OPT_YOUNG:
        return "young";
    case OPT_INTERVAL:
        return "interval";
    case OPT_BUDGET:
        return "budget";
    case OPT_REDACT:
        return "redact";
    case OPT_UNWINDER:
        return "unwinder";
    default:
        return NULL;
    }
}

static enum lr_status add_exe(struct request *request, const char *globs, struct lr_error *error)
{
    char *longer;

    if (asprintf(&longer, "%s%s%s", request->exe ? request->exe : "", request->exe ? ":" : "",
                 globs) < 0)
        return lr_fail(error, LR_FAILED, "out of memory");
    free(request->exe);
    request->exe = longer;
    return LR_OK;
}

/* LR_OK, or a failure with its message. */
static enum lr_status take_option(int c, struct request *request, struct lr_error *error)
{
    const char *key = settings_key(c);

    if (key)
        return lr_settings_add(&request->settings, key, optarg, error);
    if (c == 'e')
        return add_exe(request, optarg, error);
    if (c == 'c')
        return lr_settings_add(&request->settings, "children", "1", error);
    if (c == OPT_FOR && (!lr_unit_parse_seconds(optarg, &request->seconds) || request->seconds < 1))
        return lr_fail(error, LR_USAGE, "--for is a time such as 90s, 30m or 8h, not %s", optarg);
    if (c == OPT_FOR)
        return LR_OK;
    if (c == OPT_CHECK)
        request->check = true;
    else if (lr_gate_option(c, optarg, &request->gate) ||
             lr_trace_option(c, optarg, NULL, &request->open))
        request->rules = true;
    else
        request->quiet = true;
    return LR_OK;
}

/* Exit code, or -1 to go on. */
static int parse_options(int argc, char **argv, struct request *request)
{
    struct lr_error error = {{0}, {0}};
    int c;

    optind = 1;
    /* '+': what stands behind the command's name is the command's. */
    while ((c = getopt_long(argc, argv, "+:o:s:e:cqh", options, NULL)) != -1) {
        if (c == 'h')
            return lr_help(stdout, &help);
        if (c == '?' || c == ':')
            return lr_bad_option(&help, argv, c);
        if (take_option(c, request, &error) != LR_OK)
            return lr_bad_usage(&help, "%s", error.text);
    }
    if (request->exe && lr_settings_add(&request->settings, "exe", request->exe, &error) != LR_OK)
        return lr_bad_usage(&help, "%s", error.text);
    if (optind >= argc)
        return lr_bad_usage(&help, "no command to run");
    if (request->rules && !request->check)
        return lr_bad_usage(&help, "rules are judged with --check only");
    if (lr_gate_options_settle(&request->gate, &error) != LR_OK)
        return lr_finish(LR_USAGE, help.name, &error);
    if (lr_settings_check(request->settings, &error) != LR_OK)
        return lr_finish(LR_USAGE, NULL, &error);
    return -1;
}

static uint64_t now_unix_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void say_where(const struct lr_written *written)
{
    for (size_t i = 0; i < written->count; i++)
        lr_tell("wrote %s", written->paths[i]);
    lr_tell("next: leakring report %s", written->paths[written->count - 1]);
}

/* What the command itself did, where its own process left no trace, nobody knows. */
static const char *escaped(const struct request *request, const char *command,
                           const struct lr_run_end *end, const struct lr_written *written)
{
    bool fine = written->own || lr_run_is_passed_over(command, end->name, request->settings);

    return fine ? NULL : end->name;
}

static int finish(const struct request *request, char **command, const struct lr_run_end *end,
                  uint64_t start, int status)
{
    int code = WIFSIGNALED(status) ? LR_RUN_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    int verdict = request->check ? LR_EXIT_CANNOT_TELL : LR_EXIT_OK;
    struct lr_written written;

    if ((request->quiet && !request->check) || code == LR_RUN_NOT_FOUND)
        return code;
    lr_written_find(request->settings, (uint32_t)end->pid, start, &written);
    if (written.count > 0 && request->check) {
        verdict = lr_run_check(&written, escaped(request, command[0], end, &written),
                               WIFEXITED(status) && !end->stopped ? end->pid : 0, &request->gate,
                               &request->open, request->quiet);
    } else if (written.count > 0) {
        say_where(&written);
    } else {
        lr_tell("%s left no trace file", command[0]);
        lr_doctor_explain(command[0], request->settings);
        if (request->check)
            verdict = lr_run_check_nothing(command[0], &request->gate);
    }
    lr_written_free(&written);
    return code != 0 ? code : verdict;
}

/* Did it end because it was asked to?  A JVM exits with 143 then. */
static bool is_stopped(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGKILL;
    return WEXITSTATUS(status) == LR_RUN_SIGNAL + SIGTERM;
}

static int run(struct request *request, char **command)
{
    struct lr_error error = {{0}, {0}};
    char *library = NULL, *preload = NULL;
    enum lr_status status = lr_library_find(&library, &error);
    uint64_t start = now_unix_ns();
    int code = LR_EXIT_BAD_INPUT, wait_status;
    struct lr_run_end end = {0};

    if (status != LR_OK) {
        code = lr_finish(status, NULL, &error);
        goto done;
    }
    preload = lr_library_prepend(library, getenv("LD_PRELOAD"));
    wait_status = preload ? lr_run_child(command, request->settings, preload, request->seconds,
                                         &end)
                          : -1;
    if (wait_status != -1 && end.stopped && is_stopped(wait_status))
        wait_status = 0;
    if (wait_status == -1)
        code = lr_finish(lr_fail(&error, LR_FAILED, "can't start it: %s", strerror(errno)),
                         command[0], &error);
    else
        code = finish(request, command, &end, start, wait_status);
done:
    free(preload);
    free(library);
    return code;
}

int lr_cmd_run(int argc, char **argv)
{
    const char *inherited = getenv("LEAKRING");
    struct request request = {.settings = strdup(inherited ? inherited : ""),
                              .open.suppress.need_reasons = true};
    int code = request.settings ? parse_options(argc, argv, &request) : LR_EXIT_BAD_INPUT;

    if (code < 0)
        code = run(&request, argv + optind);
    free(request.settings);
    free(request.exe);
    lr_gate_options_free(&request.gate);
    return code;
}
