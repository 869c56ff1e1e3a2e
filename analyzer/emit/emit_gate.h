/* emit_gate.h -- the answers of the gate, as text and as JSON.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_GATE_H
#define LEAKRING_EMIT_GATE_H

#include <stdbool.h>
#include <stdio.h>

#include "gate.h"

struct lr_emit_gate_options {
    const char *prefix; /* of each file's first line; NULL: none */
    bool color;
    unsigned width; /* columns of the terminal; 0: nothing is wrapped */
    bool brief;     /* what failed or can't be told only */
    size_t lines;   /* at most so many answers of a file are shown; 0: all */
};

void lr_emit_gate_text(FILE *out, const struct lr_gate_report *report,
                       const struct lr_emit_gate_options *options);
/* Schema leakring.check/1: one document for all files. */
enum lr_status lr_emit_gate_json(FILE *out, const struct lr_gate_report *const *reports,
                                 size_t count, struct lr_error *error);

#endif
