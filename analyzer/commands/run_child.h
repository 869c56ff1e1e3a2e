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

/* Starts the command with LEAKRING=settings and LD_PRELOAD=preload, and waits for its end; its wait
 * status, or -1 with errno.  Meanwhile signals that are sent to this process alone are passed on,
 * and orphans that a process 1 inherits are reaped.  After `seconds` (0: never) it is asked to end,
 * and *stopped is true. */
int lr_run_child(char **command, const char *settings, const char *preload, double seconds,
                 pid_t *pid, bool *stopped);

#endif
