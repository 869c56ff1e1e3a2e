/* judge.h -- what the facts mean: which sites leak, and what can be said of the whole.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 * A pair site is, in this order
 *   expected   when a suppression (suppress.h) covers it, such as a population that is bounded by
 *              something else (the jar cache by the open jars); or (after the next two) when it
 *              is seen to be bounded, and the Cleaner had no part in that: its trend is plateau,
 *              sawtooth or start-up; or, in a shorter recording, several times as many were
 *              ended explicitly while the number of live ones hardly changed (judge_bounded.c);
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
 * Plain memory leaks where its trend is growing, by enough to matter (LR_MATTERS_*), and isn't the
 * JVM's own (jvm_memory.h).
 *
 * The process, the first that holds (judge_process.c):
 *   cannot-tell      the tracer was blind;
 *   leak             something leaks: a pair site that a full collection found in use, that grows,
 *                    or that no collection has tested yet; or plain memory;
 *   garbage-waiting  pairs leak, but a collection frees them: none survived a full one;
 *   java-heap        the old generation is more than 85 % full right after a collection;
 *   retention        much that was freed is still resident, kept by the allocator;
 *   jvm-other        something of the JVM's own grows: its memory, class metadata, threads;
 *   outside          a balloon or other processes took the machine's memory;
 *   cannot-tell      when the recording is incomplete, because what is missing may be the leak;
 *                    when nothing was judged at all (a native program without streams or
 *                    trends); or when much plain memory is live of which nobody knows whether it
 *                    grows;
 *   none             else.
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
    LR_MATTERS_GROWN = 512 * 1024,         /* bytes, over the recording */
    LR_MATTERS_RATE = 100 * 1000,          /* bytes an hour */
    LR_MATTERS_UNDECIDED = 16 * 1000000,   /* bytes */
    LR_MATTERS_SLACK = 32 * 1000000,       /* bytes, and a tenth of what is resident */
};

/* Sets the class of every pair site and sorts: findings first. */
void lr_judge_sites(struct lr_model *model);
/* The verdict; after lr_judge_sites and when completeness is known. */
enum lr_status lr_judge_process(struct lr_model *model, struct lr_error *error);

/* Does it grow by enough to matter? */
bool lr_growth_matters(const struct lr_trend *trend);

#endif
