/* pager.c -- pager.h.  Stage: command line.  Context: analyzer only. */
#include "pager.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The shell's for a command that isn't there, or can't be executed. */
enum { NOT_FOUND = 127, NOT_EXECUTABLE = 126 };

/* While a pager runs they are its own affair, and that it reads no more is no reason to die. */
static const int signals[] = {SIGINT, SIGQUIT, SIGPIPE};
enum { SIGNALS = sizeof(signals) / sizeof(signals[0]) };

static const char *pager_command(void)
{
    const char *command = getenv("LEAKRING_PAGER");

    if (!command)
        command = getenv("PAGER");
    if (!command)
        command = "less -FRX";
    return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

static bool is_dumb(void)
{
    const char *terminal = getenv("TERM");

    return !terminal || !*terminal || strcmp(terminal, "dumb") == 0;
}

FILE *lr_pager_open(struct lr_pager *pager, const struct lr_output_file *output, FILE *out,
                    bool forbidden)
{
    *pager = (struct lr_pager){NULL, NULL, 0};
    if (!forbidden && lr_output_is_stdout(output) && isatty(STDOUT_FILENO) && !is_dumb() &&
        pager_command())
        pager->memory = open_memstream(&pager->text, &pager->size);
    return pager->memory ? pager->memory : out;
}

static size_t terminal_rows(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

/* The shell's prompt wants a line, too. */
static bool fits(const struct lr_pager *pager)
{
    size_t lines = 0;

    for (size_t i = 0; i < pager->size; i++)
        lines += pager->text[i] == '\n';
    return lines < terminal_rows();
}

/* PAGER is a command of the shell's, everywhere; the text is only its input.  0: not started. */
static pid_t start(const char *command, int from, int not_for_it)
{
    char shell[] = "sh", option[] = "-c", *text = strdup(command);
    char *arguments[] = {shell, option, text, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t child = 0;

    sigemptyset(&defaults);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&defaults, signals[i]);
    setenv("LESS", "FRX", 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, from, STDIN_FILENO);
    posix_spawn_file_actions_addclose(&actions, not_for_it);
    if (!text || posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environ) != 0)
        child = 0;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(text);
    return child;
}

/* A pager that ends early closes its end. */
static void feed(const struct lr_pager *pager, int to)
{
    for (size_t done = 0; done < pager->size;) {
        ssize_t written = write(to, pager->text + done, pager->size - done);

        if (written < 0 && errno != EINTR)
            break;
        done += written > 0 ? (size_t)written : 0;
    }
    close(to);
}

/* False: nobody has shown it. */
static bool show(const struct lr_pager *pager)
{
    int ends[2], status = 0;
    pid_t child;

    if (pipe(ends) != 0)
        return false;
    child = start(pager_command(), ends[0], ends[1]);
    close(ends[0]);
    if (!child) {
        close(ends[1]);
        return false;
    }
    feed(pager, ends[1]);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return !WIFEXITED(status) ||
           (WEXITSTATUS(status) != NOT_FOUND && WEXITSTATUS(status) != NOT_EXECUTABLE);
}

/* Where the caller ignores SIGCHLD, children leave no status. */
static bool show_undisturbed(const struct lr_pager *pager)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}, before[SIGNALS];
    struct sigaction kept = {.sa_handler = SIG_DFL}, before_child;
    bool shown;

    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &ignored, &before[i]);
    sigaction(SIGCHLD, &kept, &before_child);
    shown = show(pager);
    sigaction(SIGCHLD, &before_child, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
    return shown;
}

void lr_pager_close(struct lr_pager *pager)
{
    if (!pager->memory)
        return;
    if (fclose(pager->memory) == 0) {
        fflush(stdout);
        if (fits(pager) || !show_undisturbed(pager))
            fwrite(pager->text, 1, pager->size, stdout);
    } else {
        fputs("leakring: out of memory\n", stderr);
    }
    free(pager->text);
    pager->memory = NULL;
}
