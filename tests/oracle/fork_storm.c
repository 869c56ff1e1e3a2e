/* fork_storm.c -- makes children in every way there is, thousands of times, while its threads
 * allocate: children that allocate, free the parent's blocks, load libraries, start threads, end in
 * every way, execute programs, or live on as daemons.
 *
 * Oracle program: `kept_site` keeps a block for every tenth child; children's blocks (`child_site`)
 * are none of the parent's.  Prints `function<TAB>count<TAB>bytes`, how many children it had, then
 * `ready`.
 *
 *     fork_storm exit|wait FORKS SPAWNS DAEMONS CHILD     FORKS: half fork(), half raw clone;
 *         SPAWNS: half vfork, half posix_spawn; CHILD: the program to execute
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, SLOTS = 64, KEPT_SIZE = 345, CHILD_SIZE = 543, MAX_KEPT = 4000 };

static void *slots[SLOTS];
static void *kept[MAX_KEPT];
static unsigned kept_count, children;
static volatile bool stopped;
static char *program;

static void *busy(void *seed)
{
    uint64_t state = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    while (!stopped) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        void *block = malloc(1000 + state % 200);
        free(__atomic_exchange_n(&slots[state % SLOTS], block, __ATOMIC_ACQ_REL));
        if (state >> 58 == 0)
            usleep(200);
    }
    return NULL;
}

static void kept_site(void)
{
    if (children++ % 10 == 0 && kept_count < MAX_KEPT)
        kept[kept_count++] = malloc(KEPT_SIZE);
}

static void child_site(void)
{
    for (int i = 0; i < 20; i++)
        if (!malloc(CHILD_SIZE))
            abort();
}

static void *child_thread(void *unused)
{
    child_site();
    return unused;
}

/* Of a raw clone the C library knows nothing: its locks may be held for ever.  So such a child
 * only frees and allocates what needs none, as far as that can be: nothing. */
static void child_work(unsigned number, bool is_raw)
{
    pthread_t thread;
    if (is_raw)
        return;
    child_site();
    for (unsigned i = 0; i < kept_count && i < 50; i++)
        free(kept[i]);
    if (number % 5 == 0) { /* the linker's locks are free */
        void *library = dlopen("libz.so.1", RTLD_NOW);
        if (library)
            dlclose(library);
    }
    if (number % 7 == 0 && pthread_create(&thread, NULL, child_thread, NULL) == 0)
        pthread_join(thread, NULL);
}

static void wait_for(pid_t pid, int signal)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    if (signal ? !WIFSIGNALED(status) || WTERMSIG(status) != signal
               : !WIFEXITED(status) || WEXITSTATUS(status))
        abort();
    kept_site();
}

static void forks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bool is_raw = i % 2 == 1;
        pid_t pid = is_raw ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
        if (pid == 0) {
            child_work(i, is_raw);
            if (i % 3 == 0)
                raise(SIGKILL);
            if (i % 3 == 1 || is_raw)
                _exit(0);
            exit(0);
        }
        wait_for(pid, i % 3 == 0 ? SIGKILL : 0);
    }
}

static pid_t spawn(void)
{
    extern char **environ;
    char *arguments[] = {program, NULL};
    pid_t pid;
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0)
        abort();
    return pid;
}

static pid_t vfork_and_execute(void)
{
    char *arguments[] = {program, NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        execv(program, arguments);
        _exit(1);
    }
    return pid;
}

static void spawns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        wait_for(i % 2 ? spawn() : vfork_and_execute(), 0);
}

/* fork, setsid, fork; the first child ends, the second works on.  It is gone when the pipe is. */
static void daemons(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int ends[2];
        char byte;
        if (pipe(ends) != 0)
            abort();
        pid_t pid = fork();
        if (pid == 0) {
            setsid();
            if (fork() != 0)
                _exit(0);
            while (getppid() != 1 && i % 2)
                usleep(100); /* every other one works when its parent is surely gone */
            close(0);
            close(1);
            child_work(i, false);
            exit(0);
        }
        wait_for(pid, 0);
        close(ends[1]);
        while (read(ends[0], &byte, 1) > 0)
            continue;
        close(ends[0]);
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc < 6)
        return 2;
    program = argv[5];
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, busy, (void *)(uintptr_t)(i + 1));
    forks((unsigned)atoi(argv[2]));
    spawns((unsigned)atoi(argv[3]));
    daemons((unsigned)atoi(argv[4]));
    stopped = true;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SLOTS; i++)
        free(slots[i]);
    printf("kept_site\t%u\t%u\n", kept_count, kept_count * KEPT_SIZE);
    printf("child_site\t0\t0\n");
    printf("children %u\n", children);
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
