/* run_child.c -- a command of ours (run_child.h).
 *
 * Stage: command line (run).  Context: analyzer only.  The command is our child in our process
 * group: it has the terminal.  In a container we may be process 1: the kernel then delivers no
 * signal that nobody handles, and every orphan becomes our child.
 */
#include "run_child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "status.h"

static volatile sig_atomic_t child_pid, expiries;

/* A terminal's signal reached the whole group, the command too; one that was sent to us alone
 * (kill, a supervisor) is passed on. */
static void forward(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    if (child_pid > 0 && number == SIGALRM && info->si_code == SI_TIMER)
        kill((pid_t)child_pid, expiries++ == 0 ? SIGTERM : SIGKILL);
    else if (child_pid > 0 && info->si_code <= 0 && info->si_pid != child_pid)
        kill((pid_t)child_pid, number);
    errno = saved;
}

/* Not those that mean us (SIGCHLD), that a debugger or the terminal needs to stop us with, and that
 * a fault of our own raises. */
static bool is_forwarded(int number)
{
    static const int ours[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU,
                               SIGCONT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGTRAP,
                               SIGABRT, SIGSYS,  SIGPIPE, SIGURG};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (number == ours[i])
            return false;
    return number <= SIGSYS || number >= SIGRTMIN;
}

/* Signals that we were started to ignore (nohup) stay ignored, here and in the command. */
static void forward_signals(struct sigaction *before)
{
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};

    for (int i = 1; i < _NSIG; i++) {
        if (!is_forwarded(i) || sigaction(i, NULL, &before[i]) != 0)
            continue;
        if (before[i].sa_handler != SIG_IGN || i == SIGALRM)
            sigaction(i, &action, NULL);
    }
}

static void restore_signals(const struct sigaction *before)
{
    for (int i = 1; i < _NSIG; i++)
        if (is_forwarded(i))
            sigaction(i, &before[i], NULL);
}

static void be_command(char **command, const char *settings, const char *preload,
                       const struct sigaction *before, const sigset_t *mask)
{
    int code;

    restore_signals(before);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (setenv("LD_PRELOAD", preload, 1) != 0 ||
        (*settings ? setenv("LEAKRING", settings, 1) : unsetenv("LEAKRING")) != 0)
        _exit(LR_EXIT_BAD_INPUT);
    execvp(command[0], command);
    code = errno == ENOENT ? LR_RUN_NOT_FOUND : LR_RUN_NOT_EXECUTABLE;
    lr_tell("%s: %s", command[0], strerror(errno));
    fflush(stderr);
    _exit(code);
}

/* Other children: orphans, where we are process 1, and what a shell left us that exec'd us.  The
 * command is left a zombie, so that nobody else can have its pid until signals are blocked. */
static int wait_for_command(pid_t pid)
{
    siginfo_t info;

    for (;;) {
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
            if (errno != EINTR)
                return -1;
        } else if (info.si_pid == pid) {
            return 0;
        } else {
            waitpid(info.si_pid, NULL, 0);
        }
    }
}

/* The name of what it was at its end: a zombie still has one. */
static void read_name(pid_t pid, char name[LR_RUN_NAME])
{
    char path[40];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    file = fopen(path, "re");
    if (!file || !fgets(name, LR_RUN_NAME, file))
        name[0] = '\0';
    name[strcspn(name, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* SIGALRM after so long, and again when the grace is over. */
static void start_timer(double seconds)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec when = {.it_value = {(time_t)seconds, 0}, .it_interval = {LR_RUN_GRACE, 0}};
    timer_t timer;

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        timer_settime(timer, 0, &when, NULL);
}

int lr_run_child(char **command, const char *settings, const char *preload, double seconds,
                 struct lr_run_end *end)
{
    pid_t *pid = &end->pid;
    struct sigaction before[_NSIG];
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
    if (seconds > 0)
        start_timer(seconds);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (*pid < 0 || wait_for_command(*pid) != 0)
        return -1;
    sigprocmask(SIG_BLOCK, &all, &mask);
    child_pid = 0;
    end->stopped = expiries > 0;
    read_name(*pid, end->name);
    restore_signals(before);
    status = waitpid(*pid, &status, 0) == *pid ? status : -1;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return status;
}
