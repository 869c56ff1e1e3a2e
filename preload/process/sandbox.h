/* sandbox.h -- system call filters that the program installs for itself (seccomp).
 *
 * Stage: INTERCEPT.  Context: the thread that is about to install one, not inside malloc.
 *
 * A filter that answers with an error is no trouble.  One that kills may kill the program for a
 * system call of ours, and there is no asking which.  So before such a filter is there, the helper
 * thread ends, and from then on nothing of ours makes a system call (lr_prim_hush).  Recording
 * needs none: it goes on, straight into the file.  Time series, thread names and what else needs
 * the system end, and the trace says so.
 */
#ifndef LEAKRING_SANDBOX_H
#define LEAKRING_SANDBOX_H

#include <stdbool.h>

struct sock_fprog;

/* Before the call; NULL stands for the strict mode, which knows no program.  True: silent; then
 * lr_sandbox_end must follow.  errno may change. */
bool lr_sandbox_begin(const struct sock_fprog *program);
/* After it: is the filter there?  If not, all goes on as before. */
void lr_sandbox_end(bool success);

#endif
