/* emit_diff_words.c -- emit_diff_words.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_diff_words.h"

#include <stdio.h>

#include "units.h"

const char *lr_diff_heading(enum lr_diff_verdict verdict)
{
    static const char *const words[] = {
        [LR_DIFF_SAME] = "SAME",
        [LR_DIFF_REGRESSION] = "REGRESSION",
        [LR_DIFF_IMPROVEMENT] = "IMPROVEMENT",
        [LR_DIFF_CANNOT_TELL] = "CANNOT TELL",
    };

    return words[verdict];
}

/* Why not, and what would settle it. */
static const char *doubt_of(const struct lr_diff *diff)
{
    if (diff->verdict != LR_DIFF_CANNOT_TELL)
        return "";
    if (diff->old->completeness.verdict != LR_COMPLETE ||
        diff->new->completeness.verdict != LR_COMPLETE)
        return "; what was not recorded may be one more";
    if (diff->too_short)
        return "; the new run is too short beside the old one: what leaks there may not show yet "
               "(record 5 minutes at least, or half as long)";
    return "; the runs differ too much in length for the unclear ones (record them alike long)";
}

const char *lr_diff_sentence(char *out, const struct lr_diff *diff)
{
    static const enum lr_diff_state order[] = {LR_DIFF_NEW,    LR_DIFF_GROWN, LR_DIFF_UNCLEAR,
                                               LR_DIFF_SHRUNK, LR_DIFF_GONE,  LR_DIFF_EQUAL};
    char number[LR_UNIT_SIZE], counts[256] = "";
    size_t length = 0;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        size_t count = diff->states[order[i]];

        if (count > 0)
            length += (size_t)snprintf(counts + length, sizeof(counts) - length, "%s%s %s",
                                       length ? ", " : "", lr_unit_count(number, count),
                                       lr_diff_state_name(order[i]));
    }
    snprintf(out, LR_DIFF_WORDS_SIZE, "of all places%s %s%s", length ? "" : " there are",
             length ? counts : "none", doubt_of(diff));
    return out;
}

const char *lr_diff_basis_text(char *out, const struct lr_diff *diff, bool raw_bytes)
{
    const char *how =
        diff->options.by == LR_DIFF_TOTALS  ? "what is there at the end"
        : diff->options.by == LR_DIFF_RATES ? "growth per hour"
        : diff->alike_long
            ? "what is there at the end, and growth per hour where it is known"
            : "growth per hour where it is known; else, since the runs differ in length, what is "
              "there at the end and the same per hour, which must agree";
    char floor[LR_UNIT_SIZE];

    lr_unit_bytes(floor, lr_model_round(diff->options.floor_bytes), raw_bytes);
    snprintf(out, LR_DIFF_WORDS_SIZE, "%s; less than %.0f %%, %.0f streams or %s is no change", how,
             100 * diff->options.noise, diff->options.floor_count + 1, floor);
    return out;
}
