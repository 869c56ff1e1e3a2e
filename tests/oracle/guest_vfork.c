/* guest_vfork.c -- a program whose vfork children install a filter that kills who asks for its pid.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_vfork PROGRAM    what the last child executes, and the program itself in the end
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *volatile kept;

static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

static void forking_site(void)
{
    for (int i = 0; i < 10; i++)
        kept = malloc(500);
}

static void show(const char *name, pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    printf("%s: %x\n", name, (unsigned)status);
    fflush(stdout);
    forking_site();
}

static void filter_and_execute(const char *path)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    if (path)
        execl(path, path, (char *)NULL);
    _exit(3);
}

int main(int argc, char **argv)
{
    const char *names[] = {"ends", "fails to execute, and ends", "executes"};
    const char *paths[] = {NULL, "/nowhere/at/all", argv[1]};
    if (argc < 2)
        return 2;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (int i = 0; i < 3; i++) {
        pid_t child = vfork();
        if (child == 0)
            filter_and_execute(paths[i]);
        show(names[i], child);
    }
    execl(argv[1], argv[1], (char *)NULL);
    return 1;
}
