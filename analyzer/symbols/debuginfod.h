/* debuginfod.h -- debug information from the servers that the user's environment names.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 * Nothing is asked of any server unless DEBUGINFOD_URLS is set, and libdebuginfod (elfutils) is on
 * this machine; it is loaded when first needed.  What it fetches stays in its own cache.
 */
#ifndef LEAKRING_DEBUGINFOD_H
#define LEAKRING_DEBUGINFOD_H

#include <stdint.h>

struct lr_debuginfod;

enum lr_debuginfod_kind { LR_DEBUGINFOD_DEBUG, LR_DEBUGINFOD_EXECUTABLE };

/* NULL when the environment configures no server, or when the library isn't here. */
struct lr_debuginfod *lr_debuginfod_open(void);
/* Seconds without progress after which a server is given up; 0 when none is configured. */
double lr_debuginfod_patience(void);
void lr_debuginfod_close(struct lr_debuginfod *client); /* NULL is fine */

/* A file descriptor for the caller to close; -1 when no server has that build-id.  `module` is for
 * messages: after a second of waiting, a line on stderr says what is being fetched.  A server from
 * which nothing has come for five seconds (DEBUGINFOD_TIMEOUT) is given up, and not asked again. */
int lr_debuginfod_find(struct lr_debuginfod *client, enum lr_debuginfod_kind kind,
                       const unsigned char *build_id, uint32_t size, const char *module);
#endif
