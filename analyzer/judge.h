/* judge.h -- what the facts mean: which sites leak, and what can be said of the whole.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * Only pairs are judged; other live memory is listed, not judged.  A pair site is, in this order
 *   expected   when a rule of culprit_rules.def names it: a population that is bounded by
 *              something else (the jar cache by the open jars);
 *   clean      when nothing of it is live and nothing was left to the Cleaner;
 *   transient  when it was merely in use as the recording ended.  All of these must hold: the
 *              process was killed, still runs, or is a JVM (whose daemon threads go on until its
 *              very end); the site does release explicitly, and never left anything to the
 *              Cleaner; at most 4, or at most 1 % of what was acquired, are live; and all of those
 *              were born in the last tenth of the recording, at most 10 s before its end; for a
 *              JVM that went down, the time that took is added, and 1 s is enough for at most 4
 *              streams, whose threads were stopped in the middle (LR_TRANSIENT_*);
 *   leak       otherwise.  A stream that only the Cleaner closed was never ended either: that a
 *              collection came along doesn't mend the program.
 *
 * The process: `leak` when a site leaks; else `cannot-tell` when the recording is incomplete or
 * blind, because what is missing may be the leak, or when nothing was judged at all (a native
 * program without streams); else `none`.
 */
#ifndef LEAKRING_JUDGE_H
#define LEAKRING_JUDGE_H

#include "model.h"

enum {
    LR_TRANSIENT_COUNT = 4,
    LR_TRANSIENT_PERCENT = 1,
    LR_TRANSIENT_SHARE = 10, /* of the duration: one tenth */
    LR_TRANSIENT_MS = 10 * 1000,
    LR_TRANSIENT_STOPPED_MS = 1000,
};

/* Sets the class of every pair site and sorts: findings first. */
void lr_judge_sites(struct lr_model *model);
/* The verdict; after lr_judge_sites and when completeness is known. */
enum lr_status lr_judge_process(struct lr_model *model, struct lr_error *error);

#endif
