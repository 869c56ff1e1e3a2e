/* gate.h -- rules on a recording, and what each of them says: pass, fail or cannot tell.
 *
 * Stage: MODEL -> GATE -> EMIT.  Context: analyzer only; pure functions on models, no I/O.
 *
 * A rule fails only on what is certain, passes only when what it asks could be decided, and else
 * cannot tell: a blind, incomplete or too short recording may convict and never acquits.  Where a
 * figure has an interval, a limit is exceeded when the whole interval lies above it, and kept when
 * no part of it does.
 *
 * docs/CI.md describes the rules for users, docs/STATISTICS.md their errors.
 */
#ifndef LEAKRING_GATE_H
#define LEAKRING_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "status.h"

enum lr_gate_rule {
    LR_GATE_COMPLETENESS, /* is the recording good enough to be judged?  Always the first result */
    LR_GATE_UNENDED,      /* resources that were never ended, by site */
    LR_GATE_CLEANER,      /* resources that only the Cleaner ended, by pair */
    LR_GATE_GROWTH,       /* memory that grows with high confidence, by site */
    LR_GATE_LIMIT_GROWTH, /* growth an hour of a site */
    LR_GATE_TOTAL_GROWTH, /* growth an hour of all sites together */
    LR_GATE_LIMIT_LEAKS,  /* live bytes of a site */
    LR_GATE_LIMIT_PAIR,   /* live resources of one pair, or their bytes */
    LR_GATE_PEAK_RSS,
    LR_GATE_UNEXPLAINED, /* resident memory that nobody can explain */
    LR_GATE_INCREASE,    /* more than in the baseline, by site */
    LR_GATE_SUPPRESSION, /* an expired, exceeded or wrong suppression */
    LR_GATE_RULES
};
/* Stable ids, fit for JUnit's classname and SARIF's ruleId: completeness, unended, growth, … */
const char *lr_gate_rule_name(enum lr_gate_rule rule);
/* What the rule asks, one sentence without a final stop. */
const char *lr_gate_rule_text(enum lr_gate_rule rule);

enum lr_gate_outcome { LR_GATE_PASS, LR_GATE_CANNOT_TELL, LR_GATE_FAIL };
const char *lr_gate_outcome_name(enum lr_gate_outcome outcome); /* pass, cannot-tell, fail */

enum lr_gate_unit { LR_GATE_NONE, LR_GATE_BYTES, LR_GATE_BYTES_PER_HOUR, LR_GATE_COUNT };

/* One rule's answer about one subject.  A rule about sites has one result for each site that
 * fails or can't be told, or a single one with subject "" that passes. */
struct lr_gate_result {
    enum lr_gate_rule rule;
    enum lr_gate_outcome outcome;
    char *subject; /* what it is about, without numbers and addresses, alike in two runs: the pair
                      and the culprit's function; "" is the whole recording */
    char *message; /* one sentence for people, with the figures */
    enum lr_gate_unit unit; /* NONE: measured and limit mean nothing */
    struct lr_estimate measured;
    double limit;
    const struct lr_model_path *path; /* whose culprit is to blame; NULL: no place is */
    const struct lr_model_pair *pair; /* of a stream's site; else NULL */
};

/* All answers about one recording: completeness first, then by rule, worst first. */
struct lr_gate_report {
    const char *path;                /* of the trace; safe to print; the caller's */
    const struct lr_model *model;    /* the caller's, must outlive the report; NULL: the trace can't
                                        be read, as items[0] says */
    const struct lr_model *baseline; /* likewise; NULL: there is none */
    struct lr_gate_result *items;
    size_t count, room;
    enum lr_gate_outcome outcome; /* the worst */
};

/* The culprit's frame of a result; NULL when no place is to blame. */
const struct lr_model_frame *lr_gate_culprit(const struct lr_gate_result *result);

/* Adds a copy of *result, whose strings become the report's, even if it fails; keeps `outcome`.
 * For what isn't a rule on the model (suppressions). */
enum lr_status lr_gate_add(struct lr_gate_report *report, const struct lr_gate_result *result,
                           struct lr_error *error);
/* A reason why nothing of it passes that the recording itself doesn't know. */
enum lr_status lr_gate_doubt(struct lr_gate_report *report, const char *subject, const char *why,
                             struct lr_error *error);
void lr_gate_report_free(struct lr_gate_report *report);

/* A limit that isn't asked for. */
#define LR_GATE_NO_LIMIT (-1.0)

struct lr_gate_pair_limit {
    char *pair;          /* java.util.zip.Inflater, or its last part */
    double count, bytes; /* LR_GATE_NO_LIMIT: not limited */
};

enum { LR_GATE_PAIR_LIMITS = 64 };

/* What is asked.  gate_rules.h fills it from options and files. */
struct lr_gate_rules {
    bool growth;                      /* LR_GATE_GROWTH */
    double limit_hidden;  /* bytes that a place may have grown by unknown to the recording */
    double limit_forked;  /* children that did something without being recorded; default 0 */
    double limit_unended;             /* of a site; default 0 */
    bool growth_asked, unended_asked; /* else a baseline's growth and streams are put up with */
    double limit_cleaner;             /* of a pair */
    double limit_growth, limit_total_growth;             /* bytes an hour */
    double limit_leaks;                                  /* bytes */
    double limit_rss;                                    /* bytes */
    double limit_unexplained, limit_unexplained_percent; /* either; of what is resident */
    double min_duration_s;                               /* shorter recordings can't be judged */
    double max_interval;     /* bytes; coarser sampled ones can't either; 0: only exact ones */
    bool increase;           /* LR_GATE_INCREASE, where there is a baseline */
    double increase_percent; /* more than the baseline by less than that is no increase */
    struct lr_gate_pair_limit pairs[LR_GATE_PAIR_LIMITS];
    size_t pair_count;
};
/* What holds when nothing is asked: growth, and no un-ended streams. */
void lr_gate_rules_default(struct lr_gate_rules *rules);
void lr_gate_rules_free(struct lr_gate_rules *rules);

/* Judges `model` by `rules`, against `baseline` unless that is NULL.  report->path is the model's.
 * *report is to be freed whatever it returns. */
enum lr_status lr_gate_judge(const struct lr_gate_rules *rules, const struct lr_model *model,
                             const struct lr_model *baseline, struct lr_gate_report *report,
                             struct lr_error *error);

/* The answer about a trace that can't be read: cannot tell, and why. */
enum lr_status lr_gate_unreadable(const char *path, const char *why, struct lr_gate_report *report,
                                  struct lr_error *error);

#endif
