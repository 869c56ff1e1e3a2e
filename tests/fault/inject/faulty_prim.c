/* faulty_prim.c -- the system refuses: every n-th thing that the library itself asks it for.
 *
 * Stage: fault tests; linked into test/faulty/libleakring.so, whose calls of the functions below go
 * through here (--wrap).  The target's own calls are untouched.  Context: as prim.h's.
 *
 *     LR_FAULT=FIRST,STEP,LOG      calls number FIRST, FIRST + STEP, … fail (counted from 1; STEP 0:
 *                                  only FIRST), and each leaves a byte in the file LOG; in the one
 *                                  process image that finds no LOG, not in those it executes
 *     LR_FS_TYPE=NUMBER            every file system says that it is of this type (statfs)
 *     LR_NO_WIPE=1                 MADV_WIPEONFORK is unknown, as to kernels before 4.14
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "prim.h"

int __real_lr_prim_open(const char *path, int flags, int mode);
int __real_lr_prim_fallocate(int fd, uint64_t size);
int __real_lr_prim_fs_info(int fd, struct lr_fs_info *info);
long __real_lr_prim_slurp(const char *path, char *buffer, size_t size);
void *__real_lr_prim_map(size_t size);
void *__real_lr_prim_map_file(int fd, size_t size);
int __real_lr_prim_wipe_on_fork(void *address, size_t size);

int __wrap_lr_prim_open(const char *path, int flags, int mode);
int __wrap_lr_prim_fallocate(int fd, uint64_t size);
int __wrap_lr_prim_fs_info(int fd, struct lr_fs_info *info);
long __wrap_lr_prim_slurp(const char *path, char *buffer, size_t size);
void *__wrap_lr_prim_map(size_t size);
void *__wrap_lr_prim_map_file(int fd, size_t size);
int __wrap_lr_prim_wipe_on_fork(void *address, size_t size);

static uint64_t calls;

static uint64_t number(const char **at)
{
    uint64_t result = 0;
    while (**at >= '0' && **at <= '9')
        result = result * 10 + (uint64_t)(*(*at)++ - '0');
    if (**at == ',')
        (*at)++;
    return result;
}

static bool is_first(const char *log)
{
    static int answer; /* 0: not asked yet */
    if (answer == 0) {
        int fd = __real_lr_prim_open(log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        answer = fd >= 0 ? 1 : -1;
        if (fd >= 0)
            lr_prim_close(fd);
    }
    return answer > 0;
}

static void note(const char *log, char what)
{
    int fd = __real_lr_prim_open(log, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (fd >= 0) {
        lr_prim_write(fd, &what, 1);
        lr_prim_close(fd);
    }
}

static bool fails(char what)
{
    const char *at = getenv("LR_FAULT");
    if (!at)
        return false;
    uint64_t first = number(&at), step = number(&at);
    if (!is_first(at))
        return false;
    uint64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    bool result = call == first || (step && call > first && (call - first) % step == 0);
    if (result)
        note(at, what);
    return result;
}

int __wrap_lr_prim_open(const char *path, int flags, int mode)
{
    return fails('o') ? -EMFILE : __real_lr_prim_open(path, flags, mode);
}

int __wrap_lr_prim_fallocate(int fd, uint64_t size)
{
    return fails('f') ? -ENOSPC : __real_lr_prim_fallocate(fd, size);
}

int __wrap_lr_prim_fs_info(int fd, struct lr_fs_info *info)
{
    const char *type = getenv("LR_FS_TYPE");
    int result = fails('s') ? -EIO : __real_lr_prim_fs_info(fd, info);
    if (result == 0 && type)
        info->type = number(&type);
    return result;
}

long __wrap_lr_prim_slurp(const char *path, char *buffer, size_t size)
{
    return fails('r') ? -EMFILE : __real_lr_prim_slurp(path, buffer, size);
}

void *__wrap_lr_prim_map(size_t size)
{
    return fails('m') ? NULL : __real_lr_prim_map(size);
}

void *__wrap_lr_prim_map_file(int fd, size_t size)
{
    return fails('M') ? NULL : __real_lr_prim_map_file(fd, size);
}

int __wrap_lr_prim_wipe_on_fork(void *address, size_t size)
{
    return getenv("LR_NO_WIPE") || fails('w') ? -EINVAL : __real_lr_prim_wipe_on_fork(address, size);
}
