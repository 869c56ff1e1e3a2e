/* status.h -- how functions of the analyzer say that something went wrong.
 *
 * Stage: all.  Context: analyzer only, one thread.
 * A function that can fail returns a status and, unless it is LR_OK, leaves one line in the
 * caller's struct lr_error.  Nobody prints or exits half-way: a command ends with
 * `return lr_finish(status, file, &error)`, and main passes that on as the exit code.
 */
#ifndef LEAKRING_STATUS_H
#define LEAKRING_STATUS_H

enum lr_status {
    LR_OK = 0,
    LR_FOUND,       /* a leak or regression, where finding one is a failure (check) */
    LR_USAGE,       /* the command line is wrong */
    LR_UNREADABLE,  /* no such file, or not (any more) a trace */
    LR_TRUNCATED,   /* a trace, or the place of one, of which a part is missing */
    LR_CANNOT_TELL, /* the question can't be answered from what is there */
    LR_FAILED,      /* out of memory, full disk, a bug of ours */
};

/* Exit codes, the same for every command. */
enum { LR_EXIT_OK = 0, LR_EXIT_FOUND = 1, LR_EXIT_BAD_INPUT = 2, LR_EXIT_CANNOT_TELL = 3 };

struct lr_error {
    char text[512]; /* what is wrong, without the file's name and without a final stop */
    char hint[512]; /* what to do about it; empty for none */
};

/* Fills `error` (which may be NULL) and returns `status`; clears the hint. */
enum lr_status lr_fail(struct lr_error *error, enum lr_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a hint to what lr_fail() stored. */
void lr_hint(struct lr_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

int lr_exit_code(enum lr_status status);

/* Prints `leakring: …`, a line, on stderr; names in it may hold anything. */
void lr_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints `leakring: FILE: text` and `hint: …` on stderr unless status is LR_OK or the text is
 * empty (file may be NULL), and returns the exit code. */
int lr_finish(enum lr_status status, const char *file, const struct lr_error *error);

#endif
