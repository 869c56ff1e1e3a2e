/* emit_ledger.h -- the ledger, as a table for people, and what the allocator says beside it.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_LEDGER_H
#define LEAKRING_EMIT_LEDGER_H

#include "emit_page.h"
#include "model.h"

/* "jemalloc's own account (after 42 s): 40.4 MB handed out, …"; "" where it says nothing.  Returns
 * out, of LR_ALLOCATOR_SIZE bytes. */
enum { LR_ALLOCATOR_SIZE = 600 };
const char *lr_allocator_text(char *out, const struct lr_model_allocator *allocator,
                              bool raw_bytes);

/* Nothing where the recording doesn't have it. */
void lr_emit_ledger(struct lr_page *page, const struct lr_model *model, bool raw_bytes);

#endif
