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
 *   gate_extent.c    the least and the most of a figure in a part of the recording
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
/* A place that nothing was seen of may hold so many bytes (docs/STATISTICS.md, 5: 2.5 %); or may
 * have added so many behind the warm-up. */
double lr_gate_never_seen(const struct lr_model *model);
double lr_gate_never_seen_late(const struct lr_model *model);

/* What a figure was between two times (ms since start), as far as it is known. */
struct lr_gate_extent {
    double least, most; /* INFINITY and -INFINITY where there is no point */
    size_t points;
};
enum { LR_GATE_POINTS = 3 }; /* fewer tell nothing */
/* A column of the series, by its name; the bytes of followed places, by their slots. */
struct lr_gate_extent lr_gate_extent_of(const struct lr_model *model, const char *name,
                                        double from_ms, double to_ms);
struct lr_gate_extent lr_gate_extent_of_slots(const struct lr_model *model, uint64_t slots,
                                              double from_ms, double to_ms);
/* From the one part to the other: what isn't noise (0: not known), and what can't be more. */
double lr_gate_risen_at_least(const struct lr_gate_extent *then, const struct lr_gate_extent *late);
double lr_gate_risen_at_most(const struct lr_gate_extent *then, const struct lr_gate_extent *late);

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
