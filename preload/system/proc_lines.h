/* proc_lines.h -- files of the kernel's, line by line.
 *
 * Stage: helper thread.  Context: no allocation, no libc; system calls only.
 */
#ifndef LEAKRING_PROC_LINES_H
#define LEAKRING_PROC_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_proc_lines {
    int fd; /* negative: nothing more to read */
    size_t begin, end;
    bool skipping;     /* the rest of a line that was too long */
    char bytes[4096];
};

bool lr_proc_open(struct lr_proc_lines *lines, const char *path);
/* The next line without its end; NULL behind the last one, with the file closed.  Lines of more
 * than 4095 bytes come cut. */
char *lr_proc_next(struct lr_proc_lines *lines);
void lr_proc_close(struct lr_proc_lines *lines); /* before the end was reached */

/* Does the line begin with `key`, then a colon or blanks and a number?  Times `unit`. */
bool lr_proc_value(const char *line, const char *key, uint64_t unit, uint64_t *value);
/* A file that is one number; "max" is LR_NO_VALUE. */
bool lr_proc_number(const char *path, uint64_t *value);

#endif
