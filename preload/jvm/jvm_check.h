/* jvm_check.h -- is what the walker finds what the VM says?  Asked of a sample, for ever.
 *
 * Stage: STACK.  Internal to jvm_*.c.
 */
#ifndef LEAKRING_JVM_CHECK_H
#define LEAKRING_JVM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm.h"

enum {
    LR_CHECK_EVERY = 4096, /* walks of a thread, unless LEAKRING=java_check=N says otherwise */
    LR_CHECK_FIRST = 2048, /* first sights of stacks, at the beginning */
};

/* True: this walk's turn.  One increment. */
bool lr_jvm_check_due(void);
/* True while what is seen for the first time is compared, too. */
bool lr_jvm_check_first(void);

/* Compares the walk that this thread has just made, with the flags it got, with
 * AsyncGetCallTrace's answer; counts the outcome, and switches the walker off where they differ
 * too often.  `max` as given to the walk.  Cold: 2-10 us. */
void lr_jvm_check(const struct lr_java_walk *walk, size_t max);

/* The same with JVMTI's answer, which is never wrong, and only where LEAKRING=java_check=N asks for
 * it: in native state; may wait for a safepoint.  `whole`: the walk came to the end. */
void lr_jvm_check_native(const struct lr_java_walk *walk, size_t max, bool whole);

/* How two answers differ; LR_CHECK_SHORT: theirs is the beginning of ours.  Frames of which the VM
 * has no name to give (method 0) agree with any. */
enum lr_check_result {
    LR_CHECK_SAME,
    LR_CHECK_SHORT,
    LR_CHECK_COUNT,
    LR_CHECK_METHOD,
    LR_CHECK_BCI,
};
enum lr_check_result lr_jvm_compare(const struct lr_java_frame *ours, size_t our_count,
                                    const struct lr_java_frame *theirs, size_t their_count);

#endif
