/* gc_target.h -- from what the user names to the trace of a running process.
 *
 * Stage: command line.  Context: analyzer only.
 */
#ifndef LEAKRING_GC_TARGET_H
#define LEAKRING_GC_TARGET_H

#include "status.h"

/* `name` is a process id, or else a trace.  *path gets the trace's path, malloc()ed; of a process
 * it stays the trace whatever that process does meanwhile, and may lie in its container. */
enum lr_status lr_gc_target(const char *name, char **path, struct lr_error *error);

#endif
