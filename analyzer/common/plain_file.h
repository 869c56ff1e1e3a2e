/* plain_file.h -- opens what is a file, and nothing else.
 *
 * Stage: all.  Context: analyzer only.
 */
#ifndef LEAKRING_PLAIN_FILE_H
#define LEAKRING_PLAIN_FILE_H

#include <sys/stat.h>

/* Opens `path` (O_RDONLY, O_RDWR, ... in `flags`; never creates) if it is a regular file, and says
 * in *info what is there.  Names come from others: opening a device may do harm (a watchdog begins
 * to count, a tape rewinds) and a FIFO has its writer go on, so what it is is asked before.  -1 and
 * errno; of something that is no regular file, EISDIR or EINVAL. */
int lr_plain_open(const char *path, int flags, struct stat *info);
/* The same of what `place` (O_PATH) stands for, which is closed; -1 passes errno on.  `path` is
 * where it was found, for systems without /proc; NULL to do without those. */
int lr_plain_reopen(int place, const char *path, int flags, struct stat *info);
/* The place (O_PATH) of `path` below the directory `root`, for lr_plain_reopen.  Symbolic links
 * mean that root, too: "/lib" in a container is the container's.  (Kernels before 5.6 follow them
 * into ours.)  -1 and errno. */
int lr_plain_place(const char *root, const char *path);

#endif
