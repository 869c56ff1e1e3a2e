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
    char *temporary;  /* of this module: what is written while an old file is still there */
};

bool lr_output_is_stdout(const struct lr_output_file *output);

/* Opened before the work, so that a wrong name is told at once.  NULL with a message in `error`
 * when it exists, can't be written or is one of the `count` inputs (which -f must not empty). */
FILE *lr_output_open(struct lr_output_file *output, char **inputs, int count,
                     struct lr_error *error);

/* Closes what lr_output_open gave and says "wrote PATH"; an old file is replaced by the whole new
 * one at once, so that who reads it meanwhile never sees half of it.  A command that failed
 * (LR_EXIT_BAD_INPUT) leaves everything as it was.  Returns the exit code; stdout is left to main.
 */
int lr_output_close(struct lr_output_file *output, FILE *out, int exit_code);

#endif
