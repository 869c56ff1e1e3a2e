/* emit_diff_words.h -- what is said of a difference as a whole, for people.
 *
 * Stage: EMIT, below emit_diff_text.c and the page.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_DIFF_WORDS_H
#define LEAKRING_EMIT_DIFF_WORDS_H

#include "diff.h"

const char *lr_diff_heading(enum lr_diff_verdict verdict); /* "REGRESSION" */

enum { LR_DIFF_WORDS_SIZE = 512 };
/* Both return out, which should have LR_DIFF_WORDS_SIZE bytes. */
/* "of all places 2 new, 1 grown, 40 equal" */
const char *lr_diff_sentence(char *out, const struct lr_diff *diff);
/* "what is there at the end; less than 25 %, 5 streams or 262 kB is no change" */
const char *lr_diff_basis_text(char *out, const struct lr_diff *diff, bool raw_bytes);

#endif
