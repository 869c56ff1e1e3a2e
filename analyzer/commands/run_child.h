/* run_child.h -- a command of ours: started, given the signals that were meant for it, waited for.
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#ifndef LEAKRING_RUN_CHILD_H
#define LEAKRING_RUN_CHILD_H

#include <sys/types.h>

enum { LR_RUN_NOT_EXECUTABLE = 126, LR_RUN_NOT_FOUND = 127, LR_RUN_SIGNAL = 128 };

/* Starts the command with LEAKRING=settings and LD_PRELOAD=preload, and waits for its end; its wait
 * status, or -1 with errno.  Meanwhile signals that are sent to this process alone are passed on,
 * and orphans that a process 1 inherits are reaped. */
int lr_run_child(char **command, const char *settings, const char *preload, pid_t *pid);

#endif
