/* gate_internal.h -- what gate*.c share.
 *
 * Stage: GATE.  Context: analyzer only.
 *
 *   gate_result.c    the list of answers
 *   gate_judge.c     completeness, rules on the whole process, the order of all
 *   gate_streams.c   rules on streams: un-ended, left to the Cleaner, too many
 *   gate_in_use.c    streams of a program that was killed: forgotten, or in use?
 *   gate_growth.c    memory that grows with high confidence, by place
 *   gate_released.c  memory that rose and was released before the recording's end
 *   gate_memory.c    limits on memory by place: growth, live bytes
 *   gate_baseline.c  what is more than it was;  gate_suppress.c: what was declared expected
 *   gate_rules.c     from words to rules;  gate_config.c: from a file
 */
#ifndef LEAKRING_GATE_INTERNAL_H
#define LEAKRING_GATE_INTERNAL_H

#include "gate.h"

struct lr_gate_work {
    const struct lr_gate_rules *rules;
    const struct lr_model *model, *baseline; /* baseline may be NULL */
    struct lr_gate_report *report;
    struct lr_error *error;
};

enum { LR_GATE_SUBJECT_SIZE = 512 };

/* Adds *result with that subject and message.  Numbers belong into the message only. */
enum lr_status lr_gate_say(struct lr_gate_report *report, const struct lr_gate_result *result,
                           const char *subject, struct lr_error *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* "KIND at FUNCTION from CALLER": alike in two runs of one program. */
void lr_gate_subject(char *out, size_t size, const char *kind, const struct lr_model_path *path);
void lr_gate_sort(struct lr_gate_report *report);
/* GitLab drops cases of one name: the second of a rule becomes "… (2)". */
enum lr_status lr_gate_make_unique(struct lr_gate_report *report, struct lr_error *error);

/* "-1.2 MB" of what may be below zero; `out` has LR_UNIT_SIZE bytes. */
const char *lr_gate_signed_bytes(char *out, double bytes);
/* Is it the program's to fix?  Not the JVM's own memory, nor what is expected; nor what the JVM
 * reserved and allocated for itself at its start, though some of that isn't known to belong to a
 * part of it that may grow. */
bool lr_gate_is_limited(const struct lr_model_memory_site *site);
/* A place that nothing was seen of may hold so many bytes (docs/STATISTICS.md, 5: 2.5 %). */
double lr_gate_never_seen(const struct lr_model *model);

/* Compares with a limit: see gate.h. */
enum lr_gate_outcome lr_gate_against(const struct lr_estimate *measured, double limit);

/* Of a site that judge.h calls a leak: is it one for sure (fail), or are its live ones in use?
 * *why: what keeps it from being told. */
enum lr_gate_outcome lr_gate_in_use(const struct lr_model *model,
                                    const struct lr_model_pair_site *site, const char **why);

/* Each answers its rules, if they are asked. */
enum lr_status lr_gate_streams(struct lr_gate_work *work);
enum lr_status lr_gate_growth(struct lr_gate_work *work);
enum lr_status lr_gate_released(struct lr_gate_work *work);
enum lr_status lr_gate_memory(struct lr_gate_work *work);
enum lr_status lr_gate_process(struct lr_gate_work *work);
enum lr_status lr_gate_increase(struct lr_gate_work *work);
enum lr_status lr_gate_suppressions(struct lr_gate_work *work);

#endif
