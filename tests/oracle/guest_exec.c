/* guest_exec.c -- starts `env` with an environment that has two LD_PRELOAD entries, in every way.
 *
 * Oracle program: prints what each child found in its environment.
 *
 *     guest_exec LIBRARY     which stands among others in the first entry
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void finish(const char *way)
{
    int status = 0;
    wait(&status);
    printf("-- %s %x\n", way, (unsigned)status);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char first[8192];
    char *environment[] = {first, "LD_PRELOAD=/nonexistent/c.so:/nonexistent/d.so", "X=1", NULL};
    char *arguments[] = {"env", NULL};
    pid_t pid;
    if (argc < 2)
        return 2;
    snprintf(first, sizeof first, "LD_PRELOAD=/nonexistent/a.so:%s /nonexistent/b.so", argv[1]);
    if (fork() == 0)
        execve("/usr/bin/env", arguments, environment);
    finish("execve");
    if (fork() == 0)
        execle("/usr/bin/env", "env", (char *)NULL, environment);
    finish("execle");
    if (fork() == 0)
        execvpe("env", arguments, environment);
    finish("execvpe");
    posix_spawn(&pid, "/usr/bin/env", NULL, NULL, arguments, environment);
    finish("posix_spawn");
    posix_spawnp(&pid, "env", NULL, NULL, arguments, environment);
    finish("posix_spawnp");
    return 0;
}
