/* library.h -- where libleakring.so is, and how it is put in front of a command.
 *
 * Stage: command line (run, doctor).  Context: analyzer only.
 */
#ifndef LEAKRING_LIBRARY_H
#define LEAKRING_LIBRARY_H

#include <stdbool.h>

#include "status.h"

/* LEAKRING_LIB, else beside this program: DIR/libleakring.so, DIR/../lib/leakring/,
 * DIR/../lib64/leakring/, DIR/../lib/ARCH/leakring/.  An absolute path, malloc()ed. */
enum lr_status lr_library_find(char **path, struct lr_error *error);

/* `library` in front of the value of LD_PRELOAD (NULL or "" for none), which loses any other
 * libleakring.so.  malloc()ed; NULL only when out of memory. */
char *lr_library_prepend(const char *library, const char *preload);

/* Can the dynamic linker be told this path?  It splits at blanks and colons. */
bool lr_library_can_preload(const char *path);

#endif
