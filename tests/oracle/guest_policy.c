/* guest_policy.c -- a program under a system call filter as strict as those of well-known sandboxes.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_policy POLICY               works, installs the filter itself, for all its threads, goes on
 *     guest_policy POLICY PROGRAM…      installs it and becomes PROGRAM, with PRELOAD as LD_PRELOAD and
 *                                       TRACE as LEAKRING if these are set
 *
 * POLICY: elasticsearch (no children: fork, vfork and the execs fail with EACCES; execve only where
 * there is no PROGRAM to be executed), renderer (Chromium's for renderers, by what it publishes:
 * SIGSYS for all but what they need, EPERM for files), loading (the same for a program that has yet to
 * be loaded: files may be opened for reading, execve), files (and written), only=ACTION:N,N,… (ACTION
 * for everything but these numbers: kill, or an error's number), but=ACTION:N,N,… (ACTION for these).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ERROR(number) (SECCOMP_RET_ERRNO | (number))
enum { ROOM = 1000, NO_ARGUMENT = -1 };

static struct sock_filter filter[ROOM];
static unsigned short used;

/* --- rules ---------------------------------------------------------------------------------- */

static void add(unsigned code, unsigned char yes, unsigned char no, unsigned k)
{
    if (used < ROOM)
        filter[used++] = (struct sock_filter){(unsigned short)code, yes, no, k};
}

static void load(size_t offset)
{
    add(BPF_LD | BPF_W | BPF_ABS, 0, 0, (unsigned)offset);
}

static void result(unsigned action)
{
    add(BPF_RET | BPF_K, 0, 0, action);
}

static void rule(unsigned number, unsigned action)
{
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number);
    result(action);
}

/* `number` is allowed where its argument is one of the `count` values, or has no bits but `mask`'s;
 * else `action`.  The lower halves are enough: the kernel looks at no more of these. */
struct restriction {
    unsigned number;
    int argument;
    unsigned action, mask, values[12];
};

static void restrict_to(const struct restriction *what)
{
    unsigned count = 0;
    while (count < COUNT(what->values) && (count == 0 || what->values[count]))
        count++;
    unsigned char length = (unsigned char)(what->mask ? 5 : 2 * count + 2);
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, length, what->number);
    load(offsetof(struct seccomp_data, args) + 8 * (size_t)what->argument);
    if (what->mask) {
        add(BPF_ALU | BPF_AND | BPF_K, 0, 0, ~what->mask);
        rule(0, SECCOMP_RET_ALLOW);
    } else {
        for (unsigned i = 0; i < count; i++)
            rule(what->values[i], SECCOMP_RET_ALLOW);
    }
    result(what->action);
}

static void begin(void)
{
    load(offsetof(struct seccomp_data, nr));
}

/* --- Elasticsearch -------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#else
#define MACHINE AUDIT_ARCH_AARCH64
#endif

static void elasticsearch(bool may_execute)
{
    load(offsetof(struct seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, MACHINE);
    result(ERROR(EACCES));
    begin();
#if defined(__x86_64__)
    add(BPF_JMP | BPF_JGE | BPF_K, 0, 1, 0x40000000); /* x32 */
    result(ERROR(EACCES));
    rule(SYS_fork, ERROR(EACCES));
    rule(SYS_vfork, ERROR(EACCES));
#endif
    rule(SYS_execveat, ERROR(EACCES));
    if (!may_execute)
        rule(SYS_execve, ERROR(EACCES));
    result(SECCOMP_RET_ALLOW);
}

/* --- Chromium's renderers ------------------------------------------------------------------- */

static const unsigned allowed[] = {
    SYS_brk, SYS_mlock, SYS_munlock, SYS_munmap, SYS_mremap, SYS_mincore, SYS_memfd_create,
    SYS_sched_yield, SYS_nanosleep, SYS_sched_get_priority_max, SYS_sched_get_priority_min,
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2,
    SYS_fstat, SYS_ftruncate, SYS_fdatasync, SYS_fsync, SYS_close, SYS_dup, SYS_dup3, SYS_shutdown,
    SYS_lseek, SYS_ppoll, SYS_pselect6, SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev,
    SYS_pwrite64, SYS_recvfrom, SYS_recvmsg, SYS_sendmsg, SYS_sendto, SYS_pipe2,
    SYS_gettimeofday, SYS_times, SYS_sysinfo, SYS_uname, SYS_getrlimit, SYS_setrlimit,
    SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_restart_syscall,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_capget, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getgroups, SYS_getpid, SYS_getppid,
    SYS_getresgid, SYS_getsid, SYS_gettid, SYS_getuid, SYS_getresuid, SYS_getrandom,
    SYS_pkey_free, SYS_rseq,
#if defined(__x86_64__)
    SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_dup2, SYS_poll, SYS_select, SYS_pipe, SYS_time,
#endif
};

static const unsigned refused[] = { /* EPERM */
    SYS_openat, SYS_newfstatat, SYS_readlinkat, SYS_unlinkat, SYS_faccessat, SYS_statfs, SYS_execve,
    SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_mkdirat, SYS_renameat, SYS_linkat, SYS_symlinkat, SYS_truncate,
    SYS_utimensat, SYS_fchmodat, SYS_fchownat, SYS_fallocate, SYS_fchmod, SYS_fchown, SYS_getdents64,
    SYS_umask, SYS_sendfile, SYS_set_robust_list, SYS_seccomp, SYS_shmget, SYS_shmat, SYS_shmctl,
    SYS_setuid, SYS_setgid, SYS_setresuid, SYS_setresgid, SYS_capset,
    SYS_socket, SYS_bind, SYS_connect, SYS_listen, SYS_accept4,
#if defined(__x86_64__)
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_unlink, SYS_mkdir, SYS_rename, SYS_fork,
    SYS_vfork, SYS_accept,
#endif
};

static const unsigned unknown[] = {435 /* clone3 */, 434 /* pidfd_open */, SYS_statx}; /* ENOSYS */

enum {
    THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
             CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
    MAP_ALLOWED = MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE | MAP_FIXED |
                  MAP_DENYWRITE | MAP_LOCKED,
};

/* Clocks: real, monotonic, the processor's two, raw (not theirs), coarse ones, boot. */
#define CLOCKS {0, 1, 2, 3, 5, 6, 7}

static void renderer(bool loads, bool writes)
{
    const unsigned me = (unsigned)getpid();
    const struct restriction restrictions[] = {
        {SYS_mmap, 3, SECCOMP_RET_TRAP, MAP_ALLOWED, {0}},
        {SYS_mprotect, 2, SECCOMP_RET_TRAP, PROT_READ | PROT_WRITE | PROT_EXEC, {0}},
        {SYS_madvise, 2, ERROR(EPERM), 0,
         {MADV_NORMAL, MADV_DONTNEED, MADV_RANDOM, MADV_REMOVE, MADV_FREE}},
        {SYS_clone, 0, ERROR(EPERM), 0, {THREAD, THREAD}},
        {SYS_clock_gettime, 0, SECCOMP_RET_TRAP, 0, CLOCKS},
        {SYS_clock_getres, 0, SECCOMP_RET_TRAP, 0, CLOCKS},
        {SYS_clock_nanosleep, 0, SECCOMP_RET_TRAP, 0, CLOCKS},
        {SYS_prctl, 0, SECCOMP_RET_TRAP, 0,
         {PR_SET_NAME, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_CAPBSET_READ,
          0x53564d41 /* PR_SET_VMA */}},
        {SYS_kill, 0, SECCOMP_RET_TRAP, 0, {me, me}},
        {SYS_tgkill, 0, SECCOMP_RET_TRAP, 0, {me, me}},
        {SYS_prlimit64, 0, ERROR(EPERM), 0, {0, me}},
        {SYS_getpriority, 1, ERROR(EPERM), 0, {0, me}},
        {SYS_setpriority, 1, ERROR(EPERM), 0, {0, me}},
        {SYS_sched_getaffinity, 0, SECCOMP_RET_TRAP, 0, {0, me}},
        {SYS_sched_getparam, 0, SECCOMP_RET_TRAP, 0, {0, me}},
        {SYS_sched_getscheduler, 0, SECCOMP_RET_TRAP, 0, {0, me}},
        {SYS_sched_setscheduler, 0, SECCOMP_RET_TRAP, 0, {0, me}},
        {SYS_fcntl, 1, SECCOMP_RET_TRAP, 0,
         {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, 1033 /* F_ADD_SEALS */}},
        {SYS_futex, 1, ERROR(EPERM), 0xf | 0x80 /* FUTEX_PRIVATE_FLAG */ | 0x100, {0}},
        {SYS_ioctl, 1, SECCOMP_RET_TRAP, 0, {0x5401 /* TCGETS */, 0x541b /* FIONREAD */}},
        {SYS_socketpair, 0, SECCOMP_RET_TRAP, 0, {1 /* AF_UNIX */, 1}},
    };
    begin();
    for (size_t i = 0; i < COUNT(allowed); i++)
        rule(allowed[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < COUNT(unknown); i++)
        rule(unknown[i], ERROR(ENOSYS));
    /* What a loader needs and a renderer has behind it. */
    static const unsigned loader[] = {SYS_execve, SYS_newfstatat, SYS_readlinkat, SYS_set_tid_address,
#if defined(__x86_64__)
                                      SYS_arch_prctl, SYS_access, SYS_readlink,
#endif
                                      SYS_faccessat, SYS_set_robust_list};
    static const unsigned writer[] = {SYS_openat, SYS_unlinkat, SYS_fallocate, SYS_fstatfs};
    for (size_t i = 0; loads && i < COUNT(loader); i++)
        rule(loader[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; writes && i < COUNT(writer); i++)
        rule(writer[i], SECCOMP_RET_ALLOW);
    if (loads) /* for reading */
        restrict_to(&(struct restriction){SYS_openat, 2, ERROR(EPERM), O_CLOEXEC | O_NONBLOCK |
                                          O_NOFOLLOW | O_DIRECTORY | O_LARGEFILE, {0}});
    for (size_t i = 0; i < COUNT(refused); i++)
        rule(refused[i], ERROR(EPERM));
    for (size_t i = 0; i < COUNT(restrictions); i++)
        restrict_to(&restrictions[i]);
    result(SECCOMP_RET_TRAP);
}

/* --- lists ---------------------------------------------------------------------------------- */

/* ACTION:N,N,… */
static void listed(const char *text, bool only)
{
    bool kills = strncmp(text, "kill", 4) == 0;
    unsigned action = kills ? SECCOMP_RET_KILL_PROCESS : ERROR((unsigned)atoi(text));
    begin();
    for (text = strchr(text, ':'); text; text = strchr(text + 1, ','))
        rule((unsigned)atoi(text + 1), only ? SECCOMP_RET_ALLOW : action);
    result(only ? action : SECCOMP_RET_ALLOW);
}

static bool build(const char *policy, bool executes)
{
    if (strcmp(policy, "elasticsearch") == 0)
        elasticsearch(executes);
    else if (strcmp(policy, "renderer") == 0)
        renderer(false, false);
    else if (strcmp(policy, "loading") == 0)
        renderer(true, false);
    else if (strcmp(policy, "files") == 0)
        renderer(true, true);
    else if (strncmp(policy, "only=", 5) == 0)
        listed(policy + 5, true);
    else if (strncmp(policy, "but=", 4) == 0)
        listed(policy + 4, false);
    return used > 0 && used < ROOM;
}

static long install(void)
{
    struct sock_fprog program = {used, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

/* --- the program ---------------------------------------------------------------------------- */

static void *volatile kept;
static pthread_barrier_t before, after;

static __attribute__((noinline)) void early_site(void)
{
    for (int i = 0; i < 50; i++)
        kept = malloc(500);
}

static __attribute__((noinline)) void main_site(void)
{
    for (int i = 0; i < 40; i++)
        kept = malloc(600);
}

static __attribute__((noinline)) void older_site(void)
{
    for (int i = 0; i < 30; i++)
        kept = malloc(700);
}

static __attribute__((noinline)) void newer_site(void)
{
    for (int i = 0; i < 20; i++)
        kept = malloc(800);
}

static __attribute__((noinline)) void large_site(void)
{
    kept = malloc(1 << 20); /* the C library maps it */
}

static void *older(void *unused)
{
    early_site();
    pthread_barrier_wait(&before);
    pthread_barrier_wait(&after);
    older_site();
    return unused;
}

static void *newer(void *unused)
{
    newer_site();
    for (int i = 0; i < 60000; i++) {
        kept = malloc(100);
        free(kept);
    }
    return unused;
}

static int work(void)
{
    pthread_t thread[2];
    setvbuf(stdout, NULL, _IOLBF, 4096);
    pthread_barrier_init(&before, NULL, 2);
    pthread_barrier_init(&after, NULL, 2);
    pthread_create(&thread[0], NULL, older, NULL);
    pthread_barrier_wait(&before);
    puts("begins");
    if (install() != 0) {
        perror("seccomp");
        return 77;
    }
    errno = 0;
    int child = fork();
    if (child == 0)
        _exit(0);
    printf("fork: %s, open: ", child > 0 ? "a child" : strerror(errno));
    printf("%s\n", open("/", O_RDONLY) >= 0 ? "yes" : strerror(errno));
    pthread_barrier_wait(&after);
    main_site();
    large_site();
    pthread_create(&thread[1], NULL, newer, NULL);
    pthread_join(thread[1], NULL);
    pthread_join(thread[0], NULL);
    fputs("early_site\t50\t25000\nmain_site\t40\t24000\nolder_site\t30\t21000\nnewer_site\t20\t16000\n"
          "large_site\t1\t1048576\n", stdout);
    return 0;
}

static int become(char **argv)
{
    if (getenv("PRELOAD"))
        setenv("LD_PRELOAD", getenv("PRELOAD"), 1);
    if (getenv("TRACE"))
        setenv("LEAKRING", getenv("TRACE"), 1);
    unsetenv("PRELOAD");
    unsetenv("TRACE");
    if (install() != 0) {
        perror("seccomp");
        return 77;
    }
    execv(argv[0], argv);
    return 126;
}

int main(int argc, char **argv)
{
    if (argc < 2 || !build(argv[1], argc > 2))
        return 2;
    return argc > 2 ? become(argv + 2) : work();
}
