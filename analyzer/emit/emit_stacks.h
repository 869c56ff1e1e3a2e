/* emit_stacks.h -- live memory stack by stack, for emitters that draw stacks.
 *
 * Stage: EMIT.  Context: analyzer only.  What pairs own counts at the pairs' stacks; mappings are
 * address space, not memory, and are left out.
 */
#ifndef LEAKRING_EMIT_STACKS_H
#define LEAKRING_EMIT_STACKS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model.h"

struct lr_live_stack {
    const struct lr_model_path *path;  /* the model's; may have no frames */
    uint64_t count, bytes;             /* live */
    uint64_t total_count, total_bytes; /* ever allocated there */
};

/* By bytes, the most first; those of model->past have none live.  *stacks is malloc()ed, NULL
 * without any. */
enum lr_status lr_live_stacks(const struct lr_model *model, struct lr_live_stack **stacks,
                              size_t *count, struct lr_error *error);

struct lr_stacks_options {
    bool lines; /* function:LINE, so that two lines of one function are two frames */
};

/* Formats.  Write errors are the caller's (ferror). */
enum lr_status lr_emit_folded(FILE *out, const struct lr_model *model,
                              const struct lr_stacks_options *options, struct lr_error *error);
enum lr_status lr_emit_jeprof(FILE *out, const struct lr_model *model,
                              const struct lr_stacks_options *options, struct lr_error *error);
/* "heap profile: ... @ heapprofile" with addresses and mappings: native frames only. */
enum lr_status lr_emit_gperftools(FILE *out, const struct lr_model *model,
                                  const struct lr_stacks_options *options, struct lr_error *error);
/* Gzipped profile.proto. */
enum lr_status lr_emit_pprof(FILE *out, const struct lr_model *model,
                             const struct lr_stacks_options *options, struct lr_error *error);
/* Not stacks but tables of places, which need no options. */
enum lr_status lr_emit_csv(FILE *out, const struct lr_model *model,
                           const struct lr_stacks_options *options, struct lr_error *error);
enum lr_status lr_emit_openmetrics(FILE *out, const struct lr_model *model,
                                   const struct lr_stacks_options *options,
                                   struct lr_error *error);

#endif
