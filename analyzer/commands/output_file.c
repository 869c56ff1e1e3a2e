/* output_file.c -- output_file.h.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
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

FILE *lr_output_open(const struct lr_output_file *output, char **inputs, int count,
                     struct lr_error *error)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (output->force ? O_TRUNC : O_EXCL);
    int fd;
    FILE *out;

    if (lr_output_is_stdout(output))
        return stdout;
    if (is_input(output->path, inputs, count)) {
        lr_fail(error, LR_USAGE, "is a trace that is to be read");
        return NULL;
    }
    fd = open(output->path, flags, 0666);
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

int lr_output_close(const struct lr_output_file *output, FILE *out, int exit_code)
{
    struct lr_error error;
    bool failed = ferror(out) != 0;

    if (out == stdout)
        return exit_code;
    if (fclose(out) != 0 || failed) {
        lr_fail(&error, LR_FAILED, "can't be written: %s", strerror(errno));
        return lr_finish(LR_FAILED, output->path, &error);
    }
    if (exit_code == LR_EXIT_OK)
        fprintf(stderr, "leakring: wrote %s\n", output->path);
    else if (!output->force)
        unlink(output->path);
    return exit_code;
}
