/* open_model.h -- from the path of a trace to its model: the whole pipeline, for the commands that
 * only emit what it says.
 *
 * Stage: LOAD to MODEL.  Context: analyzer only.
 */
#ifndef LEAKRING_OPEN_MODEL_H
#define LEAKRING_OPEN_MODEL_H

#include "load.h"
#include "model.h"
#include "status.h"
#include "symbolize.h"

/* What commands are asked for about traces (trace_options.h). */
struct lr_open_options {
    struct lr_symbolizer_options symbols;
    struct lr_suppress_options suppress;
    bool past; /* struct lr_model_options */
    const char *from, *to; /* marks: only what lies between them; NULL: no such limit */
};

/* The model refers to the others, so they live as long as it. */
struct lr_open_model {
    struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    struct lr_suppressions *suppressions;
    struct lr_model *model;
};

/* Whatever it returns, *open is to be closed. */
enum lr_status lr_model_open(struct lr_open_model *open, const char *path,
                             const struct lr_open_options *options, struct lr_error *error);
void lr_model_close(struct lr_open_model *open);

#endif
