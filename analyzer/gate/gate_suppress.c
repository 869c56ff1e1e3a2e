/* gate_suppress.c -- what became of the suppressions (gate_internal.h).
 *
 * Stage: GATE.  Context: analyzer only.  One that has expired or is exceeded fails by itself, also
 * where what it covered isn't judged by any other rule; one that covers nothing is only named.
 */
#include <inttypes.h>
#include <stdio.h>

#include "gate_internal.h"
#include "units.h"

static enum lr_gate_outcome outcome_of(enum lr_suppress_state state)
{
    bool fails = state == LR_SUPPRESS_EXPIRED || state == LR_SUPPRESS_OVER;

    return fails ? LR_GATE_FAIL : LR_GATE_PASS;
}

/* What it did, as the first half of a sentence. */
static const char *verb_of(enum lr_suppress_state state)
{
    static const char *const verbs[] = {
        [LR_SUPPRESS_UNUSED] = "covers nothing that is live and can be removed",
        [LR_SUPPRESS_USED] = "covers",
        [LR_SUPPRESS_EXPIRED] = "has expired and no longer covers",
        [LR_SUPPRESS_OVER] = "is exceeded and covers none of",
        [LR_SUPPRESS_UNREASONED] = "has no reason and covers none of",
        [LR_SUPPRESS_IN_DOUBT] = ("may cover places whose names are missing, as reading files "
                                  "failed"),
    };

    return verbs[state];
}

enum lr_status lr_gate_suppressions(struct lr_gate_work *work)
{
    for (size_t i = 0; i < work->model->suppression_count; i++) {
        const struct lr_model_suppression *use = &work->model->suppressions[i];
        const struct lr_suppression *rule = use->rule;
        struct lr_gate_result result = {.rule = LR_GATE_SUPPRESSION,
                                        .outcome = outcome_of(use->state)};
        char covered[200] = "", subject[LR_GATE_SUBJECT_SIZE], bytes[LR_UNIT_SIZE];
        enum lr_status status;

        if (rule->built_in && use->sites == 0)
            continue;
        if (use->sites > 0)
            snprintf(covered, sizeof(covered),
                     " %" PRIu64 " live or never ended at %" PRIu64 " place%s, %s", use->count,
                     use->sites, use->sites == 1 ? "" : "s",
                     lr_unit_bytes(bytes, use->bytes, false));
        lr_text_end_whole(subject, sizeof(subject),
                          snprintf(subject, sizeof(subject), "leak:%s", rule->pattern));
        status = lr_gate_say(work->report, &result, subject, work->error,
                             "leak:%s (%s:%u) %s%s%s%s; reason: %s%s%s", rule->pattern, rule->file,
                             rule->line, verb_of(use->state), covered,
                             rule->until[0] ? "; until " : "", rule->until, rule->reason,
                             rule->owner ? "; owner: " : "", rule->owner ? rule->owner : "");
        if (status != LR_OK)
            return status;
    }
    return LR_OK;
}
