/* emit_suppressions.h -- what was declared to be expected, in text and JSON.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_SUPPRESSIONS_H
#define LEAKRING_EMIT_SUPPRESSIONS_H

#include "emit_page.h"
#include "model.h"

struct json_object;

/* A section of the report; nothing when no rule was used and the user gave none. */
void lr_emit_suppressions(struct lr_page *page, const struct lr_model *model, bool raw_bytes);
/* The same as an array; what the starter set didn't need is left out. */
struct json_object *lr_suppressions_to_json(const struct lr_model *model);
/* Is the rule worth a word: the user's, or one of the starter set's that was needed? */
bool lr_suppression_shown(const struct lr_model_suppression *use);
/* What became of it, as a sentence without a stop.  Terminated, cut at `size`; returns out. */
const char *lr_suppression_text(char *out, size_t size, const struct lr_model_suppression *use,
                                bool raw_bytes);

/* --gen-suppressions: a rule for each finding of the model, whose reason is left to be written. */
enum lr_status lr_emit_new_suppressions(FILE *out, const struct lr_model *model,
                                        struct lr_error *error);

#endif
