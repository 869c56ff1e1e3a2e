/* output_file.c -- output_file.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool lr_output_is_stdout(const struct lr_output_file *output)
{
    return !output->path || strcmp(output->path, "-") == 0;
}

static bool is_input(const char *path, char **inputs, int count)
{
    struct stat target, input;

    if (stat(path, &target) != 0)
        return false;
    for (int i = 0; i < count; i++)
        if (stat(inputs[i], &input) == 0 && input.st_dev == target.st_dev &&
            input.st_ino == target.st_ino)
            return true;
    return false;
}

/* A file, link or pipe that somebody else laid there, perhaps so that another file be written;
 * root's are the devices. */
static bool is_foreign(const struct stat *there)
{
    return there->st_uid != geteuid() && there->st_uid != 0;
}

/* Beside an old file that is to be replaced; -1 when no file can be made there. */
static int open_beside(struct lr_output_file *output, const struct stat *old)
{
    int fd;

    if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
        output->temporary = NULL;
        return -1;
    }
    fd = mkostemp(output->temporary, O_CLOEXEC);
    if (fd < 0 || fchmod(fd, old->st_mode & 0777) != 0) { /* no right to make files there */
        if (fd >= 0) {
            close(fd);
            unlink(output->temporary);
        }
        free(output->temporary);
        output->temporary = NULL;
        return -1;
    }
    return fd;
}

/* A device or a pipe is written to, and so is an old file where none can be made beside it, if it
 * has no other name (that may be another's).  What took its place meanwhile isn't. */
static int open_there(const char *path, const struct stat *old)
{
    struct stat found;
    int fd;

    if (S_ISREG(old->st_mode) && old->st_nlink > 1) {
        errno = EMLINK;
        return -1;
    }
    fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, &found) == 0 && found.st_dev == old->st_dev && found.st_ino == old->st_ino &&
        (!S_ISREG(found.st_mode) || ftruncate(fd, 0) == 0))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

static int open_old(struct lr_output_file *output, const struct stat *old)
{
    int fd = -1;

    if (S_ISLNK(old->st_mode)) /* our own, or root's */
        return open(output->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (S_ISREG(old->st_mode) && access(output->path, W_OK) == 0)
        fd = open_beside(output, old);
    return fd >= 0 ? fd : open_there(output->path, old);
}

FILE *lr_output_open(struct lr_output_file *output, char **inputs, int count,
                     struct lr_error *error)
{
    bool exists;
    struct stat old;
    FILE *out;
    int fd;

    if (lr_output_is_stdout(output))
        return stdout;
    if (is_input(output->path, inputs, count)) {
        lr_fail(error, LR_USAGE, "is a trace that is to be read");
        return NULL;
    }
    exists = lstat(output->path, &old) == 0;
    if (exists && is_foreign(&old)) {
        lr_fail(error, LR_USAGE, "belongs to another user");
        lr_hint(error, "remove it, or name another place");
        return NULL;
    }
    fd = exists && output->force
             ? open_old(output, &old)
             : open(output->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) {
        lr_fail(error, LR_USAGE, "already exists");
        lr_hint(error, "-f overwrites it");
        return NULL;
    }
    out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out)
        lr_fail(error, LR_USAGE, "can't be written: %s", strerror(errno));
    return out;
}

/* Puts the new file in the old one's place, or drops it. */
static bool replace(struct lr_output_file *output, bool good)
{
    bool done = true;

    if (!output->temporary)
        return true;
    if (good)
        done = rename(output->temporary, output->path) == 0;
    if (!good || !done)
        unlink(output->temporary);
    free(output->temporary);
    output->temporary = NULL;
    return done;
}

int lr_output_close(struct lr_output_file *output, FILE *out, int exit_code)
{
    struct lr_error error;
    bool written = exit_code != LR_EXIT_BAD_INPUT; /* what found a leak has said so, too */
    bool failed = ferror(out) != 0, beside = output->temporary != NULL;

    if (out == stdout)
        return exit_code;
    failed |= fclose(out) != 0;
    if (!replace(output, !failed && written) || failed) {
        lr_fail(&error, LR_FAILED, "can't be written: %s", strerror(errno));
        return lr_finish(LR_FAILED, output->path, &error);
    }
    if (written)
        lr_tell("wrote %s", output->path);
    else if (!output->force && !beside)
        unlink(output->path);
    return exit_code;
}
