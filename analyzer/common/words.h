/* words.h -- names of files, and what somebody may have meant by a word.
 *
 * Stage: all.  Context: analyzer only; nothing is allocated.
 */
#ifndef LEAKRING_WORDS_H
#define LEAKRING_WORDS_H

#include <stddef.h>

/* What follows the last slash; all of a path without one, "" where it ends in one. */
const char *lr_base_name(const char *path);

/* The candidate most like `word`, NULL when none is near.  For "did you mean". */
const char *lr_closest(const char *word, const char *const *candidates, size_t count);

#endif
