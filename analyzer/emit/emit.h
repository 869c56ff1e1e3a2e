/* emit.h -- one report model, many ways to write it.
 *
 * Stage: EMIT, the last.  Context: analyzer only.  Emitters see model.h and nothing below it.
 * They write to `out` and leave write errors to the caller (ferror).
 */
#ifndef LEAKRING_EMIT_H
#define LEAKRING_EMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "emit_choice.h"
#include "model.h"

struct json_object;
struct lr_emit_options {
    /* JSON: what stands for a stack; NULL: its frames. */
    struct json_object *(*stack)(void *context, const struct lr_model_path *path);
    void *stack_context;
    bool color;
    bool raw_bytes;    /* 80462112 B instead of 80.5 MB */
    bool whole_stacks; /* all frames of every finding */
    unsigned top;      /* places of each kind to list; 0: the default (text 10, JSON all) */
    unsigned width;    /* columns of the terminal; 0: nothing is wrapped or shortened */
    struct lr_emit_choice choice; /* text only */
};

enum lr_status lr_emit_text(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error);
/* At most ten lines without colour or width, for a message to somebody. */
enum lr_status lr_emit_short(FILE *out, const struct lr_model *model,
                             const struct lr_emit_options *options, struct lr_error *error);
struct lr_diff;
struct lr_html_options {
    const struct lr_diff *diff; /* with the model as its new run; NULL: there is no baseline */
    bool diff_first;            /* its verdict is the page's, not that of the run */
};
/* One page that needs nothing else, of at most 3 MiB.  LR_USAGE in a build without Node.js. */
enum lr_status lr_emit_html(FILE *out, const struct lr_model *model,
                            const struct lr_html_options *options, struct lr_error *error);
/* Schema leakring.report/1. */
enum lr_status lr_emit_json(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error);

#endif
