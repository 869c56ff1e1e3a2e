/* run_check.h -- the verdict on what a command left behind (run --check).
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#ifndef LEAKRING_RUN_CHECK_H
#define LEAKRING_RUN_CHECK_H

#include <stdbool.h>
#include <sys/types.h>

#include "gate_options.h"
#include "open_model.h"
#include "written.h"

/* Judges every trace and says so on stderr, in ten lines at most, unless `quiet`.  `escaped` is the
 * program whose trace is missing: then nothing passes; NULL: none.  `exited` is the command's own
 * process if it exited, 0 if it was killed: one that exits unseen may have become a daemon.
 * Exit code: 1 a leak or regression, 3 cannot tell, 0 fine; 2 when the rules themselves can't be
 * carried out. */
int lr_run_check(const struct lr_written *written, const char *escaped, pid_t exited,
                 const struct lr_gate_options *options,
                 const struct lr_open_options *open, bool quiet);

/* The same where there is no trace at all: writes the files that CI systems read; why is on stderr
 * already.  Exit code: 3, or 2 when they can't be written. */
int lr_run_check_nothing(const char *command, const struct lr_gate_options *options);

#endif
