/* emit_ledger.h -- the ledger, as a table for people.
 *
 * Stage: EMIT.  Context: analyzer only; emit_text.c only.
 */
#ifndef LEAKRING_EMIT_LEDGER_H
#define LEAKRING_EMIT_LEDGER_H

#include "emit_page.h"
#include "model.h"

/* Nothing where the recording doesn't have it. */
void lr_emit_ledger(struct lr_page *page, const struct lr_model *model, bool raw_bytes);

#endif
