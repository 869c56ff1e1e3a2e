/* emit_diff.h -- the difference of two runs, written.
 *
 * Stage: EMIT, the last.  Context: analyzer only.  Write errors are left to the caller (ferror).
 */
#ifndef LEAKRING_EMIT_DIFF_H
#define LEAKRING_EMIT_DIFF_H

#include <stdio.h>

#include "diff.h"
#include "emit.h"

/* `top`: places in each part, 0: 10. */
enum lr_status lr_emit_diff_text(FILE *out, const struct lr_diff *diff,
                                 const struct lr_emit_options *options, struct lr_error *error);
/* Schema leakring.diff/1; `top` as above, 0: all. */
enum lr_status lr_emit_diff_json(FILE *out, const struct lr_diff *diff,
                                 const struct lr_emit_options *options, struct lr_error *error);

/* "frame;frame OLD NEW": live bytes of both runs at whole stacks, outermost frame first, as
 * difffolded.pl writes and flamegraph.pl reads it.  Frames are named as diff_name.h does, so that
 * a stack of one build finds itself in the other.  Mappings are left out. */
enum lr_status lr_emit_diff_folded(FILE *out, const struct lr_model *old,
                                   const struct lr_model *new, struct lr_error *error);

#endif
