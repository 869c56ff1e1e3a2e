/* output_file.h -- where a command's -o writes: a new file, an old one with -f, or stdout.
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_OUTPUT_FILE_H
#define LEAKRING_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "status.h"

struct lr_output_file {
    const char *path; /* NULL or "-": stdout */
    bool force;       /* overwrite */
};

bool lr_output_is_stdout(const struct lr_output_file *output);

/* Opened before the work, so that a wrong name is told at once.  NULL with a message in `error`
 * when it exists, can't be written or is one of the `count` inputs (which -f must not empty). */
FILE *lr_output_open(const struct lr_output_file *output, char **inputs, int count,
                     struct lr_error *error);

/* Closes what lr_output_open gave and says "wrote PATH"; a failed command (exit_code not 0)
 * leaves no file that wasn't there.  Returns the exit code; stdout is left to main. */
int lr_output_close(const struct lr_output_file *output, FILE *out, int exit_code);

#endif
