/* symbolize_worker.c -- asks the process that reads ELF and DWARF (symbolize_worker.h).
 *
 * Stage: SYMBOLIZE.  Context: analyzer only, one thread.
 * What comes back was made from somebody's file, by a process that the file may have taken over: it
 * is checked like a file.  A process that dies takes the names of the module with it that it was
 * asked about; the next question starts another.  One that was killed, which is nobody's fault, is
 * replaced once for the same question.
 */
#include "symbolize_worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "debuginfod.h"

/* So many may die; a trace with more such files is one big trap. */
enum { MOST_DEATHS = 8, END_WITHIN_MS = 2000, MOST_ASLEEP = 5 /* seconds */ };

/* Why there is no answer. */
enum silence { SILENCE_DEATH, SILENCE_ASLEEP, SILENCE_STOPPED, SILENCE_NONSENSE };

struct lr_symbol_worker {
    pid_t pid; /* 0: none runs */
    int fd;    /* our end; -1 */
    enum silence silence; /* where it gave no answer */
    unsigned deaths;
    const char *over;      /* why none is asked any more; NULL */
    const char **verdicts; /* by module: why it isn't asked about any more; NULL */
};

static bool open_worker(struct lr_symbol_worker **worker, uint32_t module_count)
{
    if (*worker)
        return true;
    *worker = calloc(1, sizeof(**worker));
    if (!*worker)
        return false;
    (*worker)->fd = -1;
    (*worker)->verdicts = calloc((size_t)module_count + 1, sizeof(*(*worker)->verdicts));
    if ((*worker)->verdicts)
        return true;
    free(*worker);
    *worker = NULL;
    return false;
}

/* Whose caller ignores SIGCHLD has children that leave no status, and a number that may be somebody
 * else's by the time that it is killed. */
static void keep_statuses(void)
{
    struct sigaction action;

    if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
}

static bool start(struct lr_symbol_worker *worker, const struct lr_symbol_site *site)
{
    int ends[2];

    if (worker->pid > 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    keep_statuses();
    worker->pid = fork();
    if (worker->pid == 0) {
        close(ends[0]);
        lr_symbol_serve(ends[1], site);
        _exit(0);
    }
    close(ends[1]);
    worker->fd = ends[0];
    if (worker->pid > 0)
        return true;
    close(worker->fd);
    *worker = (struct lr_symbol_worker){.fd = -1, .deaths = worker->deaths,
                                        .over = worker->over, .verdicts = worker->verdicts};
    return false;
}

/* The process's status, as waitpid() has it: its own if it had come to its end, whose mark is that
 * its end of the socket is closed; what comes later is a kill. */
static int bury(struct lr_symbol_worker *worker)
{
    int status = 0;

    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(worker->fd);
    worker->fd = -1;
    worker->pid = 0;
    return status;
}

/* By somebody else, such as the kernel where memory runs out: of its own doing a process that reads
 * a file dies of SIGPROF, or exits. */
static bool was_killed(const struct lr_symbol_worker *worker, int status)
{
    return worker->silence == SILENCE_DEATH && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static const char *cause_of_death(const struct lr_symbol_worker *worker, int status)
{
    if (worker->silence == SILENCE_STOPPED)
        return "the process that reads it was stopped";
    if (worker->silence == SILENCE_ASLEEP)
        return "its file is damaged (reading it waits without end)";
    if (was_killed(worker, status))
        return "the process that reads it was killed";
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        return "its file is damaged (reading it took too long)";
    if (WIFEXITED(status) && WEXITSTATUS(status) == LR_EXIT_NO_MEMORY)
        return "its file is damaged (reading it took too much memory)";
    if (WIFEXITED(status) && WEXITSTATUS(status) == LR_EXIT_EXHAUSTED)
        return "the files before it took too long, or too much memory";
    return "its file is damaged (reading it failed)";
}

/* What the kernel says of the process: its state's letter, and how often it has gone to sleep; 0
 * where that can't be told. */
struct state {
    char letter;
    unsigned long long sleeps;
};

static struct state look(const struct lr_symbol_worker *worker)
{
    static const char letter[] = "\nState:\t", sleeps[] = "\nvoluntary_ctxt_switches:\t";
    struct state state = {0, 0};
    char path[40], text[4096];
    const char *found;
    FILE *file;
    size_t got = 0;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)worker->pid);
    file = fopen(path, "re");
    if (file) {
        got = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[got] = '\0';
    found = strstr(text, letter);
    if (found)
        state.letter = found[sizeof(letter) - 1];
    found = strstr(text, sleeps);
    if (found)
        state.sleeps = strtoull(found + sizeof(sleeps) - 1, NULL, 10);
    return state;
}

/* Until there is something to read.  Debug information can name other files, which libdw opens
 * whatever they are: behind a FIFO it would wait forever, as it does when it is stopped.  False for
 * both.  A busy process, or one that waits for a disk, doesn't sleep; one that asks servers wakes
 * up again and again, and has a limit of its own, beyond which this is. */
static bool wait_for_answer(struct lr_symbol_worker *worker)
{
    struct pollfd answer = {.fd = worker->fd, .events = POLLIN};
    double most = MOST_ASLEEP + lr_debuginfod_patience(), asleep = 0;
    struct state before = {0, 0};
    int ready;

    while ((ready = poll(&answer, 1, 1000)) == 0) {
        struct state now = look(worker);
        bool rests = now.letter == 'S' || now.letter == 'T' || now.letter == 't';

        asleep = !rests ? 0 : now.sleeps == before.sleeps ? asleep + 1 : 1;
        before = now;
        worker->silence = now.letter == 'S' ? SILENCE_ASLEEP : SILENCE_STOPPED;
        if (asleep >= most)
            return false;
    }
    worker->silence = SILENCE_DEATH;
    return ready > 0 || errno == EINTR;
}

static bool receive(struct lr_symbol_worker *worker, void *bytes, size_t size)
{
    char *at = bytes;

    while (size > 0) {
        ssize_t got = wait_for_answer(worker) ? recv(worker->fd, at, size, MSG_DONTWAIT) : 0;

        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        at += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

void lr_answer_free(struct lr_answer *answer)
{
    free(answer->bytes);
    *answer = (struct lr_answer){0};
}

/* The text at *at, whose NUL must come before `end`; NULL when it doesn't. */
static const char *take_text(const char **at, const char *end)
{
    const char *text = *at, *stop = text < end ? memchr(text, '\0', (size_t)(end - text)) : NULL;

    *at = stop ? stop + 1 : end;
    return stop ? text : NULL;
}

static bool take_frame(struct lr_named *frame, const char **at, const char *end)
{
    if (end - *at < (ptrdiff_t)sizeof(frame->line))
        return false;
    memcpy(&frame->line, *at, sizeof(frame->line));
    *at += sizeof(frame->line);
    frame->function = take_text(at, end);
    frame->full = take_text(at, end);
    frame->file = take_text(at, end);
    return frame->file != NULL; /* then so were those before it */
}

bool lr_answer_parse(struct lr_answer *answer, char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size;

    *answer = (struct lr_answer){.bytes = bytes, .problem = take_text(&at, end)};
    bool sound = answer->problem != NULL;

    while (sound && at < end) {
        sound = answer->count < LR_INLINE_MAX &&
                take_frame(&answer->frames[answer->count], &at, end);
        answer->count++;
    }
    if (sound)
        return true;
    lr_answer_free(answer);
    return false;
}

static bool hear(struct lr_symbol_worker *worker, struct lr_answer *answer)
{
    uint32_t size;
    char *bytes;

    if (!receive(worker, &size, sizeof(size)))
        return false;
    worker->silence = SILENCE_NONSENSE;
    if (size == 0 || size > LR_ANSWER_MOST)
        return false;
    bytes = malloc(size);
    if (bytes && receive(worker, bytes, size)) {
        worker->silence = SILENCE_NONSENSE;
        return lr_answer_parse(answer, bytes, size);
    }
    free(bytes);
    return false;
}

/* One question; *killed: somebody else ended who was asked. */
static bool ask(struct lr_symbol_worker *worker, const struct lr_question *question,
                struct lr_answer *answer, bool *killed, const char **problem)
{
    int status;

    worker->silence = SILENCE_DEATH;
    if (send(worker->fd, question, sizeof(*question), MSG_NOSIGNAL) == sizeof(*question) &&
        hear(worker, answer))
        return true;
    status = bury(worker);
    *killed = was_killed(worker, status);
    *problem = cause_of_death(worker, status);
    worker->deaths++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == LR_EXIT_EXHAUSTED)
        worker->over = *problem;
    else if (worker->deaths == MOST_DEATHS)
        worker->over = "too many files are damaged";
    return false;
}

bool lr_symbol_worker_ask(struct lr_symbol_worker **worker, const struct lr_symbol_site *site,
                          const struct lr_question *question, struct lr_answer *answer,
                          const char **problem)
{
    bool killed = false;

    *answer = (struct lr_answer){0};
    *problem = "no process can be started to read its file";
    if (!open_worker(worker, site->module_count))
        return false;
    if ((*worker)->verdicts[question->module]) {
        *problem = (*worker)->verdicts[question->module];
        return false;
    }
    if ((*worker)->over) {
        *problem = (*worker)->over;
        return false;
    }
    if (!start(*worker, site))
        return false;
    if (ask(*worker, question, answer, &killed, problem))
        return true;
    if (killed && !(*worker)->over && start(*worker, site) &&
        ask(*worker, question, answer, &killed, problem))
        return true;
    (*worker)->verdicts[question->module] = *problem;
    return false;
}

void lr_symbol_worker_end(struct lr_symbol_worker *worker)
{
    struct pollfd closed;

    if (!worker)
        return;
    if (worker->pid > 0) {
        shutdown(worker->fd, SHUT_WR);
        closed = (struct pollfd){.fd = worker->fd, .events = POLLIN};
        poll(&closed, 1, END_WITHIN_MS);
        bury(worker);
    }
    free(worker->verdicts);
    free(worker);
}
