/* prim_linux.c -- prim.h for Linux: raw system calls on x86_64 and aarch64.
 *
 * Stage: below everything.  Context: anywhere, see prim.h.
 */
#include "prim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

#include "syscall.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

#define CALL(number, ...) lr_gated_call(SYS_##number, __VA_ARGS__)

int lr_prim_open(const char *path, int flags, int mode)
{
    return (int)CALL(openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

int lr_prim_close(int fd)
{
    return (int)CALL(close, fd, 0, 0, 0, 0, 0);
}

long lr_prim_read(int fd, void *buffer, size_t size)
{
    return CALL(read, fd, (long)buffer, (long)size, 0, 0, 0);
}

long lr_prim_write(int fd, const void *buffer, size_t size)
{
    return CALL(write, fd, (long)buffer, (long)size, 0, 0, 0);
}

int lr_prim_fallocate(int fd, uint64_t size)
{
    return (int)CALL(fallocate, fd, 0, 0, (long)size, 0, 0);
}

int lr_prim_truncate(int fd, uint64_t size)
{
    return (int)CALL(ftruncate, fd, (long)size, 0, 0, 0, 0);
}

int lr_prim_unlink(const char *path)
{
    return (int)CALL(unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

/* The kernel's struct stat is the C library's on the architectures we know (syscall.h). */
int lr_prim_file_mode(const char *path)
{
    struct stat stat;
    long result = CALL(newfstatat, AT_FDCWD, (long)path, (long)&stat, AT_SYMLINK_NOFOLLOW, 0, 0);
    return result < 0 ? (int)result : (int)stat.st_mode;
}

int lr_prim_directory(const char *path, uint32_t *owner)
{
    struct stat stat;
    long result = CALL(newfstatat, AT_FDCWD, (long)path, (long)&stat, 0, 0, 0);
    *owner = result < 0 ? 0 : stat.st_uid;
    return result < 0 ? (int)result : (int)stat.st_mode;
}

long lr_prim_readlink(const char *path, char *buffer, size_t size)
{
    return CALL(readlinkat, AT_FDCWD, (long)path, (long)buffer, (long)size, 0, 0);
}

int lr_prim_fs_info(int fd, struct lr_fs_info *info)
{
    struct statfs fs;
    long result = CALL(fstatfs, fd, (long)&fs, 0, 0, 0, 0);
    if (result < 0)
        return (int)result;
    info->type = (uint64_t)fs.f_type;
    info->free_bytes = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
    info->total_bytes = (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize;
    return 0;
}

/* Only such files know seals; all others answer EINVAL, and kernels before 3.17 for all. */
bool lr_prim_is_in_memory(int fd)
{
    enum { GET_SEALS = 1034 };
    return CALL(fcntl, fd, GET_SEALS, 0, 0, 0, 0) >= 0;
}

long lr_prim_slurp(const char *path, char *buffer, size_t size)
{
    int fd = lr_prim_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    size_t used = 0;
    long got = 0;
    while (used + 1 < size && (got = lr_prim_read(fd, buffer + used, size - 1 - used)) > 0)
        used += (size_t)got;
    lr_prim_close(fd);
    buffer[used] = '\0';
    return got < 0 ? got : (long)used;
}

int lr_prim_wipe_on_fork(void *address, size_t size)
{
    return (int)CALL(madvise, (long)address, (long)size, MADV_WIPEONFORK, 0, 0, 0);
}

int lr_prim_dont_fork(void *address, size_t size)
{
    return (int)CALL(madvise, (long)address, (long)size, MADV_DONTFORK, 0, 0, 0);
}

int lr_prim_dont_dump(void *address, size_t size)
{
    return (int)CALL(madvise, (long)address, (long)size, MADV_DONTDUMP, 0, 0, 0);
}

int lr_prim_no_readahead(void *address, size_t size)
{
    return (int)CALL(madvise, (long)address, (long)size, MADV_RANDOM, 0, 0, 0);
}

/* The kernel copies the set in before it refuses the operation.  mincore would call PROT_NONE
 * pages (guards) mapped. */
int lr_prim_is_mapped(const void *address)
{
    const long NO_SUCH_OPERATION = 0x7fff;
    long word = (long)((uintptr_t)address & ~(uintptr_t)7);
    long result = CALL(rt_sigprocmask, NO_SUCH_OPERATION, word, 0, 8, 0, 0);
    return result == -22 /* EINVAL: it could be read */ ? 1 : result == -14 /* EFAULT */ ? 0
                                                                                      : (int)result;
}

int lr_prim_pid(void)
{
    return (int)CALL(getpid, 0, 0, 0, 0, 0, 0);
}

int lr_prim_parent(void)
{
    return (int)CALL(getppid, 0, 0, 0, 0, 0, 0);
}

int lr_prim_tid(void)
{
    return (int)CALL(gettid, 0, 0, 0, 0, 0, 0);
}

uint64_t lr_prim_file_limit(void)
{
    struct rlimit limit = {0, 0};
    if (CALL(prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0) < 0)
        return UINT64_MAX;
    return (uint64_t)limit.rlim_cur;
}

uint64_t lr_prim_address_limit(void)
{
    struct rlimit limit = {0, 0};
    if (CALL(prlimit64, 0, RLIMIT_AS, 0, (long)&limit, 0, 0) < 0)
        return UINT64_MAX;
    return (uint64_t)limit.rlim_cur;
}

uint64_t lr_prim_page_size(void)
{
#if defined(__x86_64__)
    return 4096;
#else
    extern int getpagesize(void);
    return (uint64_t)getpagesize();
#endif
}

int lr_prim_host_name(char *buffer, size_t size)
{
    struct utsname names;
    long result = CALL(uname, (long)&names, 0, 0, 0, 0, 0);
    if (result < 0)
        return (int)result;
    size_t i = 0;
    for (; i + 1 < size && names.nodename[i]; i++)
        buffer[i] = names.nodename[i];
    buffer[i] = '\0';
    return 0;
}

bool lr_prim_sleep_ms(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    long result = CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&time, 0, 0, 0);
    return result == 0 || result == -EINTR;
}

void lr_prim_yield(void)
{
    CALL(sched_yield, 0, 0, 0, 0, 0, 0);
}

bool lr_prim_wait(const uint32_t *word, uint32_t value, unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    long result = CALL(futex, (long)word, FUTEX_WAIT_PRIVATE, value, (long)&time, 0, 0);
    return result == 0 || result == -ETIMEDOUT || result == -EAGAIN || result == -EINTR;
}

void lr_prim_wake(const uint32_t *word)
{
    CALL(futex, (long)word, FUTEX_WAKE_PRIVATE, INT32_MAX, 0, 0, 0);
}

bool lr_prim_is_thread(int tid)
{
    return CALL(tgkill, lr_prim_pid(), tid, 0, 0, 0, 0) != -ESRCH;
}

bool lr_prim_is_task(int tid)
{
    return CALL(sched_getscheduler, tid, 0, 0, 0, 0, 0) != -ESRCH;
}

/* Each thread is a directory in that one, and so a link to it. */
long lr_prim_thread_count(void)
{
    struct stat stat;
    long result = CALL(newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&stat, 0, 0, 0);
    return result < 0 ? result : (long)stat.st_nlink - 2;
}

void lr_prim_name_thread(const char *name)
{
    CALL(prctl, PR_SET_NAME, (long)name, 0, 0, 0, 0);
}

/* "/proc/self/task/TID" and `file` (at most 7 bytes), without stdio. */
static void task_path(int tid, const char *file, char path[40])
{
    char digits[12];
    size_t count = 0, at = sizeof "/proc/self/task/" - 1;
    for (; tid > 0 && count < sizeof digits; tid /= 10)
        digits[count++] = (char)('0' + tid % 10);
    memcpy(path, "/proc/self/task/", at);
    while (count)
        path[at++] = digits[--count];
    memcpy(path + at, file, strlen(file) + 1);
}

bool lr_prim_thread_name(int tid, char name[16])
{
    char path[40], text[32];
    if (tid == 0)
        return CALL(prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0) == 0;
    task_path(tid, "/comm", path);
    int fd = lr_prim_open(path, O_RDONLY | O_CLOEXEC, 0);
    long length = fd < 0 ? fd : lr_prim_read(fd, text, sizeof text); /* it comes at once */
    if (fd >= 0)
        lr_prim_close(fd);
    if (length <= 1 || length > 16)
        return false;
    memcpy(name, text, (size_t)length - 1); /* without its newline */
    name[length - 1] = '\0';
    return true;
}

/* How many numbers the calling thread's table of files has room for; 0: unknown. */
static long file_table_size(void)
{
    static const char key[] = "\nFDSize:\t";
    char path[40], text[2048];
    task_path(lr_prim_tid(), "/status", path);
    const char *at = lr_prim_slurp(path, text, sizeof text) > 0 ? strstr(text, key) : NULL;
    long size = 0;
    for (at = at ? at + sizeof key - 1 : ""; *at >= '0' && *at <= '9' && size < 1 << 24; at++)
        size = size * 10 + (*at - '0');
    return size;
}

/* close_range unshares the table before it closes, and copies nothing that it would close.  Before
 * Linux 5.9 all is copied, and every copy closed: else a socket or pipe that the program closes
 * would stay open here. */
int lr_prim_own_files(void)
{
    const long CLOSE_RANGE = 436, UNSHARE = 1 << 1, ALL = 0xffffffff, FILES = 0x400;
    if (lr_gated_call(CLOSE_RANGE, 0, ALL, UNSHARE, 0, 0, 0) >= 0)
        return 0;
    long size = file_table_size();
    long result = size ? CALL(unshare, FILES, 0, 0, 0, 0, 0) : -ENOSYS;
    if (result < 0)
        return (int)result;
    long grown = file_table_size();
    for (long fd = grown > size ? grown : size; fd-- > 0;)
        lr_prim_close((int)fd);
    return 0;
}

void lr_prim_no_real_time(void)
{
    const long ORDINARY = 0, FIFO = 1, ROUND_ROBIN = 2, FLAGS = 0x40000000; /* reset on fork */
    int priority = 0;
    long policy = CALL(sched_getscheduler, 0, 0, 0, 0, 0, 0) & ~FLAGS;
    if (policy == FIFO || policy == ROUND_ROBIN)
        CALL(sched_setscheduler, 0, ORDINARY, (long)&priority, 0, 0, 0);
}

void lr_prim_block_signals(uint64_t *saved)
{
    uint64_t all = ~(UINT64_C(3) << 31); /* glibc keeps signals 32 and 33 to itself */
    CALL(rt_sigprocmask, SIG_SETMASK, (long)&all, (long)saved, sizeof all, 0, 0);
}

void lr_prim_restore_signals(const uint64_t *saved)
{
    CALL(rt_sigprocmask, SIG_SETMASK, (long)saved, 0, sizeof *saved, 0, 0);
}
