/* guest_sandbox.c -- a program that puts all its threads into a system call filter.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_sandbox errors|kills     nanosleep fails with EPERM, or ends the process; the C
 *                                    library sleeps by clock_nanosleep
 *     guest_sandbox sleepless        both fail with EPERM
 *     guest_sandbox strict           the strict mode, for the main thread: read, write and exit
 *     guest_sandbox then PROGRAM…    as kills, and PROGRAM takes its place
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *volatile kept;

static void *nothing(void *unused)
{
    return unused;
}

static int enter_sandbox(const char *mode)
{
    unsigned action = strcmp(mode, "kills") == 0 || strcmp(mode, "then") == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | 1;
    long other = strcmp(mode, "sleepless") == 0 ? SYS_clock_nanosleep : SYS_nanosleep;
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_nanosleep, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)other, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

static void sandboxed_site(void)
{
    for (int i = 0; i < 40; i++)
        kept = malloc(600);
}

static int be_strict(void)
{
    fflush(stdout);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 77;
    sandboxed_site();
    sandboxed_site();
    if (write(1, "strict\n", 7) != 7)
        return 1;
    return (int)syscall(SYS_exit, 3);
}

/* Processor time of a program that does nothing but wait; a thread that can't sleep burns it. */
static int is_spinning(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec > 0 ||
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec > 500000;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 2)
        return 2;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    if (strcmp(argv[1], "strict") == 0)
        return be_strict();
    if (enter_sandbox(argv[1]) != 0) {
        perror("seccomp");
        return 77;
    }
    if (strcmp(argv[1], "then") == 0) {
        execvp(argv[2], argv + 2);
        return 1;
    }
    sandboxed_site();
    poll(NULL, 0, 2000);
    sandboxed_site();
    puts(is_spinning() ? "spinning" : "at rest");
    return 0;
}
