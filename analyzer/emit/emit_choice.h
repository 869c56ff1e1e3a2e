/* emit_choice.h -- the part of a report that its reader asked for.
 *
 * Stage: EMIT, below emit_text.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_CHOICE_H
#define LEAKRING_EMIT_CHOICE_H

#include "emit_page.h"
#include "model.h"

/* Each NULL: everything. */
struct lr_emit_choice {
    const char *site;   /* an ID (site_id.h): that place alone, in full */
    const char *pair;   /* a pair's name, or the end of it behind a dot, in any case of letters */
    const char *filter; /* glob, or part, of a function, file or library in a place's stack */
};

bool lr_choice_has_pair(const struct lr_emit_choice *choice, const struct lr_model_pair *pair);
bool lr_choice_has_pair_site(const struct lr_emit_choice *choice, const struct lr_model_pair *pair,
                             const struct lr_model_pair_site *site);
bool lr_choice_has_memory(const struct lr_emit_choice *choice,
                          const struct lr_model_memory_site *site);

/* LR_USAGE, with the names there are, where nothing is called like the pair that is asked for. */
enum lr_status lr_choice_check(const struct lr_emit_choice *choice, const struct lr_model *model,
                               struct lr_error *error);
/* What is shown of how much, and that the rest is left out; nothing where all is shown. */
void lr_emit_choice(struct lr_page *page, const struct lr_model *model,
                    const struct lr_emit_choice *choice, bool raw_bytes);

#endif
