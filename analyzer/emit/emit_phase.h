/* emit_phase.h -- marks, and the phase that a report is about, for people.
 *
 * Stage: EMIT, below emit_*text*.c and emit_html.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_PHASE_H
#define LEAKRING_EMIT_PHASE_H

#include "emit_page.h"

/* "only what was acquired between mark warm (1 min 0 s) and the end (5 min 0 s)"; "" of a whole
 * run.  Returns out, which should have LR_PHASE_SIZE bytes. */
enum { LR_PHASE_SIZE = 320 };
const char *lr_phase_text(char *out, const struct lr_model *model);
/* The same as a line, behind `prefix`. */
void lr_emit_phase(struct lr_page *page, unsigned indent, const char *prefix,
                   const struct lr_model *model);
/* When which marks were made, a line each; of many the first and the last ones. */
void lr_emit_marks(struct lr_page *page, const struct lr_model *model);

#endif
