/* check_files.h -- traces judged by rules: what check and run --check share.
 *
 * Stage: LOAD to GATE.  Context: analyzer only.
 */
#ifndef LEAKRING_CHECK_FILES_H
#define LEAKRING_CHECK_FILES_H

#include <stddef.h>

#include "gate.h"
#include "gate_options.h"
#include "open_model.h"

struct lr_checked_file {
    struct lr_open_model open;
    struct lr_gate_report report; /* of an unreadable file, too */
    enum lr_status status;        /* LR_OK, LR_FOUND, LR_CANNOT_TELL, LR_UNREADABLE or LR_FAILED */
    struct lr_error error;        /* of the last two; hint of an unreadable one */
    char *name;                   /* the path, safe to print */
};

struct lr_checked {
    struct lr_checked_file *files;
    size_t count;
    struct lr_open_model baseline;         /* model NULL: there is none */
    const struct lr_gate_report **reports; /* of the files, in their order */
};

/* Judges every file.  A failure is the baseline's or the machine's, with its message; what is
 * wrong with a file is in its entry.  *checked is to be freed whatever it returns. */
enum lr_status lr_check_files(char **paths, size_t count, const struct lr_gate_options *options,
                              const struct lr_open_options *look, struct lr_checked *checked,
                              struct lr_error *error);
void lr_check_free(struct lr_checked *checked);

/* The worst of all: a leak found (1), unreadable (2), cannot tell (3), fine (0). */
int lr_check_exit_code(const struct lr_checked *checked);

#endif
