/* fork_oracle.c -- makes children in every way there is, and keeps its own blocks meanwhile.
 *
 * Oracle program: `fork_sites` keeps 40 blocks of 100 bytes, 10 before each way; children free
 * the parent's blocks (their copies), allocate, exit normally.  Prints what the parent has:
 * `function<TAB>count<TAB>bytes`, then `ready`.
 *
 *     fork_oracle exit|wait CHILD      CHILD: a program that is run by system, popen, …
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 40, SIZE = 100 };
static void *kept[BLOCKS];
static unsigned kept_count;

static void fork_sites(void)
{
    for (int i = 0; i < 10; i++)
        kept[kept_count++] = malloc(SIZE);
}

static void child_leaks(void)
{
    for (int i = 0; i < 1000; i++)
        if (!malloc(SIZE))
            abort();
}

static void wait_for(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
        abort();
}

static void child_work(void)
{
    for (unsigned i = 0; i < kept_count; i++)
        free(kept[i]);
    child_leaks();
}

static void plain_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        child_work();
        exit(0); /* exit handlers run: they must not end the parent's trace */
    }
    wait_for(pid);
}

static void quick_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        child_work();
        _exit(0);
    }
    wait_for(pid);
}

/* A fork that no wrapper sees. */
static void raw_clone(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
    if (pid == 0) {
        child_work();
        _exit(0);
    }
    wait_for(pid);
}

static void fork_exec(char *program)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp(program, program, (char *)NULL);
        _exit(1);
    }
    wait_for(pid);
}

static void vfork_exec(char *program)
{
    char *arguments[] = {program, NULL};
    pid_t pid = vfork();
    if (pid == 0) {
        execv(program, arguments);
        _exit(1);
    }
    wait_for(pid);
}

static void spawn(char *program)
{
    extern char **environ;
    char *arguments[] = {program, NULL};
    pid_t pid;
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0)
        abort();
    wait_for(pid);
}

static void read_pipe(const char *program)
{
    char line[256];
    FILE *pipe = popen(program, "r");
    if (!pipe)
        abort();
    while (fgets(line, sizeof line, pipe))
        fputs(line, stdout);
    if (pclose(pipe) != 0)
        abort();
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    fork_sites();
    plain_fork();
    quick_fork();
    fork_sites();
    raw_clone();
    fork_sites();
    fork_exec(argv[2]);
    vfork_exec(argv[2]);
    spawn(argv[2]);
    fork_sites();
    if (system(argv[2]) != 0)
        abort();
    read_pipe(argv[2]);
    printf("fork_sites\t%u\t%u\n", kept_count, kept_count * SIZE);
    printf("ready\n");
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
