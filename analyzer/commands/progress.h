/* progress.h -- what takes longer than a second says how far it is, on a terminal.
 *
 * Stage: command line.  Context: analyzer only, one at a time.
 */
#ifndef LEAKRING_PROGRESS_H
#define LEAKRING_PROGRESS_H

#include "open_model.h"

/* lr_model_open(), and unless standard error is no terminal, a line that is written over and over,
 * from the first second on, by a thread of its own, since what is waited for may be one long call.
 * The line is taken away at the end. */
enum lr_status lr_model_open_slowly(struct lr_open_model *open, const char *path,
                                    const struct lr_open_options *options, struct lr_error *error);

#endif
