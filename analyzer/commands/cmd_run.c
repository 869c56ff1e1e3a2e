/* cmd_run.c -- leakring run: a command with the tracer in front of it.
 *
 * Stage: command.  Context: analyzer only.  The command is our child in our process group: it has
 * the terminal, and signals that were sent to us alone are passed on.
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
#include "library.h"
#include "options.h"
#include "settings.h"
#include "status.h"
#include "written.h"

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, EXIT_SIGNAL = 128 };

static const struct lr_help help = {
    .name = "run",
    .synopsis = "run [options] [--] COMMAND [ARGUMENT...]",
    .examples = "  leakring run -- java -jar app.jar\n"
                "  leakring run --file=/var/tmp/app.%p.lkr -- java -jar app.jar\n"
                "  leakring run -- ./gradlew test   a script: java is traced, not the shell\n",
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
               "      --unwinder=NAME  ehframe (default) or libunwind\n"
               "  -q, --quiet          don't say where the trace is\n"
               "  -h, --help           this text\n",
    .notes = "Options are added to an inherited LEAKRING, and win over it.\n"
             "\n"
             "Exit code: the command's; 128 + N when signal N killed it; 127 when it was not\n"
             "found, 126 when it couldn't be executed; 2 when tracing couldn't be set up.\n",
};

enum { OPT_DEPTH = 256, OPT_JAVA_DEPTH, OPT_YOUNG, OPT_INTERVAL, OPT_BUDGET, OPT_UNWINDER };

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
    {"unwinder", required_argument, NULL, OPT_UNWINDER},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct request {
    char *settings; /* LEAKRING for the command */
    char *exe;      /* of all --exe options */
    bool quiet;
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
    if (lr_settings_check(request->settings, &error) != LR_OK)
        return lr_finish(LR_USAGE, NULL, &error);
    return -1;
}

static volatile sig_atomic_t child_pid;

/* A terminal's signal reached the whole group, the command too; one that was sent to us alone
 * (kill, a supervisor) is passed on. */
static void forward(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    if (child_pid > 0 && info->si_code <= 0 && info->si_pid != child_pid)
        kill((pid_t)child_pid, number);
    errno = saved;
}

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};
enum { FORWARDED = sizeof(forwarded) / sizeof(forwarded[0]) };

/* Signals that we were started to ignore (nohup) stay ignored, here and in the command. */
static void forward_signals(struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};

    for (int i = 0; i < FORWARDED; i++) {
        sigaction(forwarded[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(forwarded[i], &action, NULL);
    }
}

static void be_command(char **command, const char *settings, const char *preload,
                       const struct sigaction *before, const sigset_t *mask)
{
    int code;

    for (int i = 0; i < FORWARDED; i++)
        sigaction(forwarded[i], &before[i], NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (setenv("LD_PRELOAD", preload, 1) != 0 ||
        (*settings ? setenv("LEAKRING", settings, 1) : unsetenv("LEAKRING")) != 0)
        _exit(LR_EXIT_BAD_INPUT);
    execvp(command[0], command);
    code = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "leakring: %s: %s\n", command[0], strerror(errno));
    fflush(stderr);
    _exit(code);
}

static uint64_t now_unix_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Starts the command and waits for it; its wait status, or -1. */
static int run_command(char **command, const char *settings, const char *preload, pid_t *pid)
{
    struct sigaction before[FORWARDED];
    sigset_t all, mask;
    int status;

    /* Blocked until child_pid is known, lest a signal be swallowed in between. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    forward_signals(before);
    fflush(NULL);
    *pid = fork();
    if (*pid == 0)
        be_command(command, settings, preload, before, &mask);
    child_pid = *pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (*pid < 0)
        return -1;
    while (waitpid(*pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    child_pid = 0;
    return status;
}

static void say_where(const struct lr_written *written)
{
    for (size_t i = 0; i < written->count; i++)
        fprintf(stderr, "leakring: wrote %s\n", written->paths[i]);
    fprintf(stderr, "leakring: next: leakring report %s\n", written->paths[written->count - 1]);
}

static int finish(const struct request *request, char **command, pid_t pid, uint64_t start,
                  int status)
{
    int code = WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    struct lr_written written;

    if (request->quiet || code == EXIT_NOT_FOUND)
        return code;
    lr_written_find(request->settings, (uint32_t)pid, start, &written);
    if (written.count > 0) {
        say_where(&written);
    } else {
        fprintf(stderr, "leakring: %s left no trace file\n", command[0]);
        lr_doctor_explain(command[0], request->settings);
    }
    lr_written_free(&written);
    return code;
}

static int run(struct request *request, char **command)
{
    struct lr_error error = {{0}, {0}};
    char *library = NULL, *preload = NULL;
    enum lr_status status = lr_library_find(&library, &error);
    uint64_t start = now_unix_ns();
    int code = LR_EXIT_BAD_INPUT, wait_status;
    pid_t pid;

    if (status != LR_OK) {
        code = lr_finish(status, NULL, &error);
        goto done;
    }
    preload = lr_library_prepend(library, getenv("LD_PRELOAD"));
    wait_status = preload ? run_command(command, request->settings, preload, &pid) : -1;
    if (wait_status == -1)
        code = lr_finish(lr_fail(&error, LR_FAILED, "can't start it: %s", strerror(errno)),
                         command[0], &error);
    else
        code = finish(request, command, pid, start, wait_status);
done:
    free(preload);
    free(library);
    return code;
}

int lr_cmd_run(int argc, char **argv)
{
    const char *inherited = getenv("LEAKRING");
    struct request request = {.settings = strdup(inherited ? inherited : "")};
    int code = request.settings ? parse_options(argc, argv, &request) : LR_EXIT_BAD_INPUT;

    if (code < 0)
        code = run(&request, argv + optind);
    free(request.settings);
    free(request.exe);
    return code;
}
