/* guest_filter.c -- a program that installs a system call filter that kills, as sandboxes do.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_filter HOW SCOPE WHAT
 *
 * HOW is prctl, syscall (seccomp by syscall()), or number (prctl by syscall()); SCOPE is all
 * (threads: TSYNC; with syscall only) or own (the calling thread, and those that it creates).
 * WHAT kills: asked (system calls that ask for something, none of which this program needs), most
 * (all but what this program needs from then on), or nothing (it is not installed: the program says
 * `ready` and waits).  `refused` before HOW: attempts that fail come first.
 * After the filter, blocks are left by the main thread, an older thread and a new one.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *volatile kept;
static pthread_barrier_t ready, filtered;

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

static const unsigned needed[] = {
    SYS_brk,      SYS_mmap,      SYS_munmap,          SYS_mremap, SYS_madvise,
    SYS_mprotect, SYS_futex,     SYS_write,           SYS_exit,   SYS_exit_group,
    SYS_clone,    435 /* 3 */,   SYS_set_robust_list, SYS_rseq,   SYS_rt_sigprocmask,
};
static const unsigned asked[] = {
    SYS_openat,      SYS_read,      SYS_close,          SYS_fstat,
    SYS_newfstatat,  SYS_statfs,    SYS_readlinkat,     SYS_mincore,
    SYS_prlimit64,   SYS_getpid,    SYS_gettid,         SYS_getppid,
    SYS_prctl,       SYS_tgkill,    SYS_uname,          SYS_sched_getscheduler,
    SYS_sched_yield, SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime,
    SYS_unshare,     436 /* close_range */,
};
#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { ROOM = 64 };

static size_t fill(struct sock_filter *filter, int most)
{
    const unsigned *numbers = most ? needed : asked;
    size_t at = 0;
    filter[at++] = (struct sock_filter)LOAD(nr);
    for (size_t i = 0; i < (most ? COUNT(needed) : COUNT(asked)); i++) {
        filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
        filter[at++] = (struct sock_filter)RETURN(most ? SECCOMP_RET_ALLOW
                                                       : SECCOMP_RET_KILL_PROCESS);
    }
    filter[at++] =
        (struct sock_filter)RETURN(most ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ALLOW);
    return at;
}

static long install(const char *how, int all, struct sock_fprog *program)
{
    if (strcmp(how, "prctl") == 0)
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program);
    if (strcmp(how, "number") == 0)
        return syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, all ? SECCOMP_FILTER_FLAG_TSYNC : 0,
                   program);
}

static void try_one(const char *name, const char *how, struct sock_fprog *program)
{
    errno = 0;
    long result = install(how, 0, program);
    printf("%s: %ld %s\n", name, result, strerror(errno));
}

/* What sandboxes ask before they trust the kernel, and what it refuses. */
static void try_in_vain(const char *how, const struct sock_fprog *program)
{
    struct sock_filter spoilt[ROOM];
    memcpy(spoilt, program->filter, sizeof spoilt);
    spoilt[0].code = 0xffff;
    try_one("none", how, NULL);
    try_one("an empty one", how, &(struct sock_fprog){0, program->filter});
    try_one("a wild one", how, &(struct sock_fprog){program->len, (void *)16});
    try_one("a bad one", how, &(struct sock_fprog){program->len, spoilt});
    try_one("another", how, &(struct sock_fprog){program->len, spoilt});
}

static void main_site(void)
{
    for (int i = 0; i < 40; i++)
        kept = malloc(600);
}

static void older_site(void)
{
    for (int i = 0; i < 30; i++)
        kept = malloc(700);
}

static void deep_site(int depth)
{
    char room[1024];
    memset(room, depth, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
    if (depth > 0)
        deep_site(depth - 1);
    else
        for (int i = 0; i < 10; i++)
            kept = malloc(900);
    __asm__ volatile("" : : "r"(room) : "memory"); /* no tail call */
}

static void newer_site(void)
{
    for (int i = 0; i < 20; i++)
        kept = malloc(800);
}

static void churn(void)
{
    for (int i = 0; i < 60000; i++) { /* more than the tracer does without its thread */
        kept = malloc(100);
        free(kept);
    }
}

static void *older(void *unused)
{
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&filtered);
    older_site();
    deep_site(100);
    return unused;
}

static void *newer(void *unused)
{
    newer_site();
    churn();
    return unused;
}

int main(int argc, char **argv)
{
    struct sock_filter filter[ROOM];
    struct sock_fprog program = {0, filter};
    pthread_t old_thread, new_thread;
    int refused = argc > 1 && strcmp(argv[1], "refused") == 0;
    if (argc - refused < 4)
        return 2;
    argv += refused;
    program.len = (unsigned short)fill(filter, strcmp(argv[3], "most") == 0);
    setvbuf(stdout, NULL, _IOLBF, 4096);
    pthread_barrier_init(&ready, NULL, 2);
    pthread_barrier_init(&filtered, NULL, 2);
    pthread_create(&old_thread, NULL, older, NULL);
    pthread_barrier_wait(&ready);
    puts("begins");
    usleep(100000); /* the tracer's own thread is at work */
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (refused)
        try_in_vain(argv[1], &program);
    if (strcmp(argv[3], "nothing") == 0) {
        puts("ready");
        pause();
    }
    if (install(argv[1], strcmp(argv[2], "all") == 0, &program) != 0) {
        perror("seccomp");
        return 77;
    }
    pthread_barrier_wait(&filtered);
    main_site();
    pthread_create(&new_thread, NULL, newer, NULL);
    pthread_join(new_thread, NULL);
    pthread_join(old_thread, NULL);
    fputs("main_site\t40\t24000\nolder_site\t30\t21000\ndeep_site\t10\t9000\n"
           "newer_site\t20\t16000\n", stdout);
    return 0;
}
