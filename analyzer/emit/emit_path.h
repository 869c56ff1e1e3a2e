/* emit_path.h -- where something came into being, for people: the culprit and who called it.
 *
 * Stage: EMIT, below emit_*text*.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_PATH_H
#define LEAKRING_EMIT_PATH_H

#include "emit_page.h"

/* `prefix` and the culprit, on one line. */
void lr_emit_culprit(struct lr_page *page, unsigned indent, enum lr_ink ink, const char *prefix,
                     const struct lr_model_path *path);
/* The callers that tell this place from others, a line each.  Of many, the first two and the last
 * two: how it was asked for, and who decided.  `end`: index behind the last. */
void lr_emit_callers(struct lr_page *page, const struct lr_model_path *path, size_t end);
void lr_emit_whole_stack(struct lr_page *page, const struct lr_model_path *path);
/* The same, with an arrow at the culprit. */
void lr_emit_marked_stack(struct lr_page *page, const struct lr_model_path *path);

#endif
