/* emit_findings.h -- what leaks, place by place, for people.
 *
 * Stage: EMIT, below emit_text.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_FINDINGS_H
#define LEAKRING_EMIT_FINDINGS_H

#include "emit.h"
#include "emit_page.h"

/* The places to fix: streams that were never ended, then plain memory that grows. */
void lr_emit_findings(struct lr_page *page, const struct lr_model *model,
                      const struct lr_emit_options *options);

/* Parts of them, a line or two each. */
void lr_emit_pair_figures(struct lr_page *page, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site, bool raw_bytes);
void lr_emit_memory_figures(struct lr_page *page, const struct lr_model_memory_site *site,
                            bool raw_bytes);
/* "main, pool-1-thread-1 (x12)": the names of one group differ only in digits.  "" where they
 * aren't known; at most `most` of them.  Returns out, which should have some hundred bytes. */
const char *lr_threads_text(char *out, size_t size, const struct lr_model_threads *threads,
                            size_t most);
/* "5.2 MB in 80 blocks live", and how sure that is. */
void lr_emit_live(struct lr_page *page, const struct lr_model_memory_site *site, bool raw_bytes);

#endif
