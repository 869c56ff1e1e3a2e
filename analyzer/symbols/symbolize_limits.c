/* symbolize_limits.c -- what reading a file may cost (symbolize_worker.h).
 *
 * Stage: SYMBOLIZE.  Context: the process that reads ELF and DWARF, nowhere else.
 * Limits go by the file's size, because debug information of a large program is honest work; a
 * small file that asks for much is not.  Time is the processor's, so a busy machine changes
 * nothing.  Whoever goes beyond his time is killed by SIGPROF; who asks for too much memory gets
 * none, and elfutils then gives up on the file, or ends the process.
 */
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "symbolize_worker.h"

/* By choice, to be far above what honest files need: a whole report took 0.03 s and 11 MB with the
 * libjvm.so of JDK 25 (30 MB, a symbol table only), for which this allows 15 s; large DWARF hasn't
 * been measured. */
static const int64_t CPU_BASE_US = 1500000, CPU_US_PER_MIB = 500000, CPU_QUESTION_US = 2000,
                     CPU_MOST_US = INT64_C(300) * 1000000;
static const int64_t BYTES_BASE = INT64_C(160) << 20, BYTES_PER_BYTE = 24,
                     BYTES_SERVERS = INT64_C(2) << 30; /* threads' stacks and arenas of curl's */

/* Of all files together, beyond what the largest of them may: a trace can name thousands, or one
 * a thousand times. */
static const int64_t CPU_ALL_US = INT64_C(60) * 1000000, BYTES_ALL = INT64_C(2) << 30;

static bool limited, has_servers;
static int64_t mapped_at_begin, cpu_spent_us, largest_us, largest_bytes; /* of all files */
static int statm = -1; /* /proc/self/statm, open */
static int64_t mapped_at_entry;
static struct lr_symbol_limits *entered;
static bool missed;

/* Bytes of address space in use; 0 when it can't be told. */
static int64_t mapped_bytes(void)
{
    char text[64];
    long long pages;
    ssize_t got = statm >= 0 ? pread(statm, text, sizeof(text) - 1, 0) : -1;

    if (got <= 0)
        return 0;
    text[got] = '\0';
    return sscanf(text, "%lld", &pages) == 1 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static void lower(int resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) != 0)
        return;
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    setrlimit(resource, &limit);
}

/* Debug information names other files, which libdw opens whatever they are.  For root, for whom
 * devices are a danger (a watchdog that begins to count, a tape that rewinds), there are none here
 * from now on: in mounts of this process's own.  Kernels before 5.12 and containers that may not do
 * that go on with what they have. */
static void shut_devices(void)
{
#if defined(SYS_mount_setattr) && defined(MOUNT_ATTR_NODEV)
    struct mount_attr none = {.attr_set = MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE};

    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0)
        syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &none, sizeof(none));
#endif
}

void lr_symbol_limits_begin(bool servers)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    limited = true;
    has_servers = servers;
    statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    mapped_at_begin = mapped_bytes();
    lower(RLIMIT_CORE, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    shut_devices();
    if (null >= 0 && !servers) /* who asks servers says so, and keeps files of theirs */
        dup2(null, STDERR_FILENO);
    if (!servers)
        lower(RLIMIT_FSIZE, 0);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
    }
}

static void arm(int64_t us)
{
    struct itimerval timer = {.it_value = {.tv_sec = us / 1000000, .tv_usec = us % 1000000}};

    setitimer(ITIMER_PROF, &timer, NULL);
}

static void apply(void)
{
    arm(entered->cpu_us > 1 ? entered->cpu_us : 1);
    if (mapped_at_entry > 0)
        lower(RLIMIT_AS, (rlim_t)(mapped_at_entry + entered->bytes));
}

bool lr_symbol_limits_exhausted(void)
{
    int64_t bytes = BYTES_ALL + largest_bytes + (has_servers ? BYTES_SERVERS : 0);

    return limited && (cpu_spent_us > CPU_ALL_US + largest_us ||
                       mapped_bytes() - mapped_at_begin > bytes);
}

void lr_symbol_limits_enter(struct lr_symbol_limits *limits)
{
    if (!limited)
        return;
    if (limits->cpu_us == 0)
        *limits = (struct lr_symbol_limits){
            CPU_BASE_US, BYTES_BASE + (has_servers ? BYTES_SERVERS : 0)};
    else if (limits->cpu_us < CPU_BASE_US)
        limits->cpu_us += CPU_QUESTION_US;
    entered = limits;
    lower(RLIMIT_AS, RLIM_INFINITY);
    mapped_at_entry = mapped_bytes();
    apply();
}

/* What the timer has left goes back to the module's account. */
static void settle(void)
{
    struct itimerval timer = {.it_value = {0, 0}};
    int64_t grown = mapped_bytes() - mapped_at_entry;

    getitimer(ITIMER_PROF, &timer);
    cpu_spent_us += entered->cpu_us;
    entered->cpu_us = (int64_t)timer.it_value.tv_sec * 1000000 + timer.it_value.tv_usec;
    cpu_spent_us -= entered->cpu_us;
    entered->bytes = grown < entered->bytes ? entered->bytes - (grown > 0 ? grown : 0) : 0;
    mapped_at_entry += grown;
}

void lr_symbol_limits_leave(struct lr_symbol_limits *limits)
{
    if (!limited || entered != limits)
        return;
    settle();
    arm(0);
    entered = NULL;
}

void lr_symbol_limits_miss(void)
{
    missed = limited;
}

/* libelf and libdw go on without what they find no room for: a section that isn't unpacked, lines
 * that aren't read.  They set an error, of which only the text is public.  (errno doesn't tell:
 * malloc() leaves ENOMEM there where the heap can't grow, and takes memory from elsewhere.) */
bool lr_symbol_limits_missed(void)
{
    static const char no_room[] = "out of memory";
    const char *of_elf = elf_errmsg(0), *of_dwarf = dwarf_errmsg(0);

    if ((of_elf && strcmp(of_elf, no_room) == 0) || (of_dwarf && strcmp(of_dwarf, no_room) == 0))
        lr_symbol_limits_miss();
    return missed;
}

void lr_symbol_limits_file(uint64_t bytes)
{
    int64_t most = CPU_MOST_US / CPU_US_PER_MIB * (1 << 20);
    int64_t size = bytes < (uint64_t)most ? (int64_t)bytes : most;

    if (!limited || !entered)
        return;
    settle();
    entered->cpu_us += size * CPU_US_PER_MIB / (1 << 20);
    entered->bytes += size * BYTES_PER_BYTE;
    if (entered->cpu_us > largest_us)
        largest_us = entered->cpu_us;
    if (entered->bytes > largest_bytes)
        largest_bytes = entered->bytes;
    apply();
}
