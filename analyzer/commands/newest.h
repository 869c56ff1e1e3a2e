/* newest.h -- the trace that was written last, for commands without a FILE.
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_NEWEST_H
#define LEAKRING_NEWEST_H

#include "status.h"

/* The newest *.lkr in the working directory; if it has none in TMPDIR; if it has none in /tmp.
 * Only regular files of this user count outside the working directory.  Says on stderr which one
 * is read.  *path is malloc()ed. */
enum lr_status lr_newest_trace(char **path, struct lr_error *error);

#endif
