/* run_child.h -- a command of ours: started, given the signals that were meant for it, waited for.
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#ifndef LEAKRING_RUN_CHILD_H
#define LEAKRING_RUN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

enum { LR_RUN_NOT_EXECUTABLE = 126, LR_RUN_NOT_FOUND = 127, LR_RUN_SIGNAL = 128 };

/* How long a command that was asked to end (SIGTERM) may take before it is killed, seconds. */
enum { LR_RUN_GRACE = 60 };

enum { LR_RUN_NAME = 32 };

struct lr_run_end {
    pid_t pid;
    bool stopped;           /* it was asked to end */
    char name[LR_RUN_NAME]; /* of the program that the process was at its end, as the kernel has it:
                               15 bytes at most, a script's own name; "": not known */
};

/* Starts the command with LEAKRING=settings and LD_PRELOAD=preload, and waits for its end; its wait
 * status, or -1 with errno.  Meanwhile signals that are sent to this process alone are passed on,
 * and orphans that a process 1 inherits are reaped.  After `seconds` (0: never) it is asked to end.
 */
int lr_run_child(char **command, const char *settings, const char *preload, double seconds,
                 struct lr_run_end *end);

#endif
