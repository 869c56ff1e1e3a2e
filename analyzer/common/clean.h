/* clean.h -- texts of others, made safe to print.
 *
 * Stage: all.  Context: analyzer only.
 * Names of functions, files and threads may hold anything: escape sequences for a terminal, Java's
 * modified UTF-8, marks that turn the direction of writing, half a character where a long name was
 * cut.
 */
#ifndef LEAKRING_CLEAN_H
#define LEAKRING_CLEAN_H

#include <stddef.h>

/* A copy of `length` bytes, terminated, that is valid UTF-8 without control characters and without
 * any that turn the direction of writing: each offending byte became '?'.  malloc()ed; NULL without
 * memory. */
char *lr_text_clean(const unsigned char *bytes, size_t length);

#endif
