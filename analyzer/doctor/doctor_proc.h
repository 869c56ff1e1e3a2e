/* doctor_proc.h -- what /proc tells of a process, as far as doctor asks.
 *
 * Stage: command line (doctor).  Context: analyzer only.
 */
#ifndef LEAKRING_DOCTOR_PROC_H
#define LEAKRING_DOCTOR_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The whole of /proc/PID/NAME, terminated, malloc()ed; NULL and errno when it can't be read. */
char *lr_proc_slurp(pid_t pid, const char *name, size_t *length);
/* Value of a variable in an environment block; NULL when it isn't set. */
const char *lr_proc_variable(const char *block, size_t length, const char *name);
/* The number behind `name` (such as "PPid:") in /proc/PID/status; -1 when it isn't there. */
long lr_proc_status(pid_t pid, const char *name);
/* Path of its program, "?" when that can't be read. */
void lr_proc_exe(pid_t pid, char *path, size_t size);

struct lr_proc_traced {
    bool has_library; /* libleakring.so is mapped */
    bool deleted;     /* its trace has no name any more */
    char *trace;      /* path, as the process sees it; NULL: none.  Caller frees. */
    char *readable;   /* a path by which it can be opened here; NULL: none.  Caller frees. */
};
/* False: its maps can't be read, errno says why. */
bool lr_proc_traced(pid_t pid, struct lr_proc_traced *traced);
void lr_proc_traced_free(struct lr_proc_traced *traced);

#endif
