/* progress.c -- progress.h.  Stage: command line.  Context: analyzer only. */
#include "progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "steps.h"
#include "units.h"

enum { FIRST_MS = 1000, NEXT_MS = 200, LINE = 512 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t over;
    pthread_t thread;
    const char *file;
    bool running, end, shown;
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t width(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;

    return known ? size.ws_col : 80;
}

/* One write, so that it can't be torn, and narrower than the terminal, so that it is one line. */
static void put_line(const char *text)
{
    char line[LINE + 16];
    size_t room = width() - 1;
    int length = snprintf(line, sizeof(line), "\r\033[K%.*s",
                          (int)(room < LINE - 1 ? room : LINE - 1), text);

    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

static void show(void)
{
    struct lr_steps steps = lr_steps_read();
    char done[LR_UNIT_SIZE], total[LR_UNIT_SIZE], line[LINE];
    char *file = lr_text_clean((const unsigned char *)progress.file, strlen(progress.file));

    if (steps.what && steps.total)
        snprintf(line, sizeof(line), "leakring: %s: %s, %s of %s", file ? file : "", steps.what,
                 lr_unit_count(done, steps.done), lr_unit_count(total, steps.total));
    else
        snprintf(line, sizeof(line), "leakring: %s: %s", file ? file : "",
                 steps.what ? steps.what : "reading");
    put_line(line);
    free(file);
    progress.shown = true;
}

static struct timespec in_ms(long milliseconds)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += milliseconds % 1000 * 1000000;
    time.tv_sec += milliseconds / 1000 + time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void *run(void *unused)
{
    struct timespec due = in_ms(FIRST_MS);

    pthread_mutex_lock(&progress.lock);
    while (!progress.end) {
        if (pthread_cond_timedwait(&progress.over, &progress.lock, &due) == 0 || progress.end)
            continue;
        show();
        due = in_ms(NEXT_MS);
    }
    pthread_mutex_unlock(&progress.lock);
    return unused;
}

static void begin(const char *file)
{
    pthread_condattr_t attributes;
    sigset_t all, before;

    if (progress.running || !isatty(STDERR_FILENO))
        return;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&progress.over, &attributes);
    pthread_condattr_destroy(&attributes);
    progress.file = file;
    progress.end = progress.shown = false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    progress.running = pthread_create(&progress.thread, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    lr_steps_begin("reading", 0);
}

static void end(void)
{
    if (!progress.running)
        return;
    pthread_mutex_lock(&progress.lock);
    progress.end = true;
    pthread_cond_signal(&progress.over);
    pthread_mutex_unlock(&progress.lock);
    pthread_join(progress.thread, NULL);
    pthread_cond_destroy(&progress.over);
    if (progress.shown)
        put_line("");
    progress.running = false;
}

enum lr_status lr_model_open_slowly(struct lr_open_model *open, const char *path,
                                    const struct lr_open_options *options, struct lr_error *error)
{
    enum lr_status status;

    begin(path);
    status = lr_model_open(open, path, options, error);
    end();
    return status;
}
