/* run_own.h -- did the command's own process escape the tracer? (run --check)
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#ifndef LEAKRING_RUN_OWN_H
#define LEAKRING_RUN_OWN_H

#include <stdbool.h>

/* Of a command whose own process left no trace: was that to be expected of the program that it was
 * at its end?  Scripts, launchers and what `settings` (the value of LEAKRING) leaves out have none.
 * `name` is that of struct lr_run_end. */
bool lr_run_is_passed_over(const char *command, const char *name, const char *settings);

#endif
