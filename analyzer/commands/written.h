/* written.h -- which traces a command has written.
 *
 * Stage: command line (run).  Context: analyzer only.
 */
#ifndef LEAKRING_WRITTEN_H
#define LEAKRING_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_written {
    char **paths; /* sorted by start time */
    size_t count;
    bool own; /* the command itself is among them, as the program that it was at its end */
};

/* Traces that began at or after `since_unix_ns` under the same LEAKRING value `settings`: those
 * of pid `pid` if the last of them is its last word, else all (a script's programs have pids of
 * their own); all of them too when `settings` has children=1.  Looks where `settings` puts them.
 * Free with lr_written_free. */
void lr_written_find(const char *settings, uint32_t pid, uint64_t since_unix_ns,
                     struct lr_written *written);
void lr_written_free(struct lr_written *written);

#endif
