/* guest_files.c -- a program with files of its own, on a kernel without close_range.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.  Waits until no
 * other thread of the process has its files (half a minute at most), closes all that aren't its
 * own as daemons do, and looks whether its pipe ends.  77: can't be tried here.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLOSE_RANGE = 436, WAIT_MS = 30000, STEP_MS = 20 };

static void *nothing(void *unused)
{
    return unused;
}

static int forbid_close_range(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOSE_RANGE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* In a child: with one thread it says nothing about this process. */
static int may_unshare(void)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(syscall(SYS_unshare, CLONE_FILES) != 0);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Has thread `name` of /proc/self/task this process's file `fd`?  Its own threads have. */
static int has_file(const char *name, int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%s/fd/%d", name, fd);
    return access(path, F_OK) == 0;
}

/* The threads that have the file, this one aside; the list is read by ls, which is no thread. */
static int others_with(int fd)
{
    char command[64], name[32];
    int count = 0;
    snprintf(command, sizeof command, "ls /proc/%d/task", getpid());
    FILE *list = popen(command, "r");
    while (list && fscanf(list, "%31s", name) == 1)
        count += atoi(name) != getpid() && has_file(name, fd);
    if (list)
        pclose(list);
    return count;
}

int main(void)
{
    pthread_t thread;
    int ends[2], others = 1;
    if (!may_unshare() || forbid_close_range() != 0 || pipe(ends) != 0)
        return 77;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    for (int waited = 0; others && waited < WAIT_MS; waited += STEP_MS) {
        poll(NULL, 0, STEP_MS);
        others = others_with(ends[1]);
    }
    close(ends[1]);
    struct pollfd end = {.fd = ends[0], .events = POLLIN};
    int ended = poll(&end, 1, 1000) == 1 && end.revents == POLLHUP;
    printf("%s, %s\n", others ? "somebody has our files" : "our files are our own",
           ended ? "the pipe ends" : "the pipe doesn't end");
    return 0;
}
