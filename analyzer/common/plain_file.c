/* plain_file.c -- plain_file.h.
 *
 * Stage: all.  Context: analyzer only.
 */
#include "plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif

/* -1, with errno as it was before close(). */
static int fail(int fd, int reason)
{
    if (fd >= 0)
        close(fd);
    errno = reason;
    return -1;
}

/* Where there is no /proc the name has to do: O_NONBLOCK, so that what took the file's place
 * meanwhile isn't waited for, and it is looked at again. */
static int open_again(const char *path, int flags, const struct stat *info)
{
    struct stat found;
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &found) != 0)
        return fail(fd, errno);
    if (found.st_dev != info->st_dev || found.st_ino != info->st_ino)
        return fail(fd, ESTALE);
    return fd;
}

int lr_plain_reopen(int place, const char *path, int flags, struct stat *info)
{
    char found[32];
    int fd, reason;

    if (place < 0 || fstat(place, info) != 0)
        return fail(place, errno);
    if (!S_ISREG(info->st_mode))
        return fail(place, S_ISDIR(info->st_mode) ? EISDIR : EINVAL);
    snprintf(found, sizeof(found), "/proc/self/fd/%d", place);
    fd = open(found, flags | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && path != NULL)
        fd = open_again(path, flags, info);
    reason = errno;
    close(place);
    errno = reason;
    return fd;
}

int lr_plain_open(const char *path, int flags, struct stat *info)
{
    *info = (struct stat){0};
    return lr_plain_reopen(open(path, O_PATH | O_CLOEXEC), path, flags, info);
}

static int place_in_root(int directory, const char *path)
{
#ifdef RESOLVE_IN_ROOT
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
#else
    errno = ENOSYS;
    return -1;
#endif
}

int lr_plain_place(const char *root, const char *path)
{
    char whole[4096];
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), place, reason;

    if (directory < 0)
        return -1;
    place = place_in_root(directory, path);
    reason = errno;
    close(directory);
    errno = reason;
    if (place >= 0 || (errno != ENOSYS && errno != EPERM)) /* EPERM: a filter of system calls */
        return place;
    if (snprintf(whole, sizeof(whole), "%s/%s", root, path) >= (int)sizeof(whole)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(whole, O_PATH | O_CLOEXEC);
}
