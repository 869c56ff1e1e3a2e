/* settings.h -- the variable LEAKRING (key=value,...) as the commands read and write it.
 *
 * Stage: command line (run, doctor).  Context: analyzer only.  The preload has the last word on
 * what a value means; what it would refuse is told here before a program is started.
 */
#ifndef LEAKRING_SETTINGS_H
#define LEAKRING_SETTINGS_H

#include "status.h"

/* LR_OK when `text` is well-formed, and all its keys and values are right. */
enum lr_status lr_settings_check(const char *text, struct lr_error *error);

/* Value of the last `key` in `text`, unquoted, malloc()ed; NULL when it isn't there. */
char *lr_settings_get(const char *text, const char *key);

/* Appends key=value to *text (malloc()ed or NULL), quoting the value where it needs that; what
 * comes later wins.  LR_USAGE for a value that can't be written down. */
enum lr_status lr_settings_add(char **text, const char *key, const char *value,
                               struct lr_error *error);

#endif
