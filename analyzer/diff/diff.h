/* diff.h -- two runs compared, place by place: what is new, gone, grown or shrunk.
 *
 * Stage: MODEL -> DIFF -> emit.  Context: analyzer only; pure functions of two models, which must
 * outlive the difference.  docs/STATISTICS.md, "Two runs", has the rules and where they come from.
 *
 * A place is what two runs have in common: the resource (a pair's name, or the kind of memory) and
 * the names of the frames from the culprit to the frame that decided to acquire it (culprit.h),
 * as diff_name.h writes them.  Lines, addresses, modules' paths and numbers that compilers make up
 * don't count, so several sites of a model may be one place.
 *
 * What is compared is, for a pair, how many were never ended (live, or left to the Cleaner), and
 * where that is equal, the bytes that the live ones own; for plain memory the live bytes.
 */
#ifndef LEAKRING_DIFF_H
#define LEAKRING_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimate.h"
#include "model.h"
#include "status.h"

enum lr_diff_state {
    LR_DIFF_EQUAL,   /* no difference beyond what two runs of one program show */
    LR_DIFF_NEW,     /* there was nothing in the old run */
    LR_DIFF_GROWN,
    LR_DIFF_UNCLEAR, /* more in total and less per hour, or the other way round; or, where one run
                        lasted twice as long, more by one of the two only: runs of unequal length,
                        too short to tell whether it grows */
    LR_DIFF_SHRUNK,
    LR_DIFF_GONE,    /* there is nothing in the new run */
};
const char *lr_diff_state_name(enum lr_diff_state state); /* "grown" */

/* What decided. */
enum lr_diff_basis {
    LR_DIFF_BY_TOTAL, /* what is there at the end */
    LR_DIFF_BY_RATE,  /* growth per hour */
};
const char *lr_diff_basis_name(enum lr_diff_basis basis); /* "total", "rate" */

/* One figure in both runs.  delta is new - old, with the interval that follows from the two
 * (95 %); of exact figures its low == value == high. */
struct lr_diff_figure {
    struct lr_estimate old, new, delta;
};

/* One run's part of a place. */
struct lr_diff_side {
    size_t sites;                /* of its model; 0: the place isn't in that run */
    uint64_t acquired, released; /* pairs */
    uint64_t released_by_cleaner, live;
    bool expected;          /* every one of its sites is: a bounded population */
    bool trend_known;       /* what is live is followed, and for long enough; or there is nothing */
    bool growing;           /* trend: steadily, to the end */
    double late;            /* bytes of plain memory that may have been added behind the warm-up */
};

struct lr_diff_site {
    bool pair;            /* else plain memory */
    const char *resource; /* the pair's name; malloc, new, mmap */
    const struct lr_model_path *path; /* of the new run, else of the old one */
    const struct lr_model_path *old_path, *new_path; /* NULL: not in that run */
    bool jvm;      /* the JVM's own memory: its size depends on what its compiler does just then */
    bool mapped;   /* address space, not memory */
    bool expected; /* by the newer side that has it */
    struct lr_diff_side old, new;
    struct lr_diff_figure count; /* pairs: never ended; memory: live blocks */
    struct lr_diff_figure bytes; /* live; of pairs, what they own */
    struct lr_diff_figure count_rate, bytes_rate; /* per hour: growth as the trends have it, where
                                                     both know it; else total / duration */
    enum lr_diff_state state;
    enum lr_diff_basis basis;
};

/* How much of a difference is none. */
struct lr_diff_options {
    enum { LR_DIFF_AUTO, LR_DIFF_TOTALS, LR_DIFF_RATES } by;
    double noise;       /* share of the smaller figure; below 0: LR_DIFF_NOISE */
    double floor_bytes; /* below 0: LR_DIFF_FLOOR_BYTES */
    double floor_count; /* of pairs; below 0: LR_DIFF_FLOOR_COUNT */
};
#define LR_DIFF_NOISE 0.25
#define LR_DIFF_FLOOR_BYTES 262144.0
#define LR_DIFF_FLOOR_COUNT 4.0
#define LR_DIFF_DEFAULTS ((struct lr_diff_options){LR_DIFF_AUTO, -1, -1, -1})

enum lr_diff_verdict {
    LR_DIFF_SAME,        /* nothing is new, grown, gone or shrunk */
    LR_DIFF_REGRESSION,  /* something is new or grown */
    LR_DIFF_IMPROVEMENT, /* nothing is new or grown, something gone or shrunk */
    LR_DIFF_CANNOT_TELL, /* a run was blind; or nothing is new or grown, but one is incomplete, the
                            new one too short beside the old one, or some place is unclear */
};
const char *lr_diff_verdict_name(enum lr_diff_verdict verdict); /* "same", "regression", … */

struct lr_diff {
    const struct lr_model *old, *new;
    struct lr_diff_options options; /* as they were used: nothing below 0 */
    bool alike_long; /* the runs' lengths (or those of their windows) differ by a tenth at most,
                        or both are below a minute */
    bool far_apart;  /* one lasts twice as long as the other, or more, and a minute at least */
    bool too_short;  /* the new one, by that, and for a trend: what leaks there may not show yet */
    double old_hours, new_hours;
    enum lr_diff_verdict verdict; /* of what is neither the JVM's own, nor expected, nor mapped */
    size_t states[LR_DIFF_GONE + 1]; /* how many places of that kind are in each state */
    struct lr_diff_site *items; /* what the verdict counts first: new and grown, most first; then
                                   unclear, gone, shrunk, equal.  Then the rest likewise */
    size_t count, counted;      /* `counted` of them are what the verdict is about */
};

/* *diff is NULL unless LR_OK. */
enum lr_status lr_diff_make(const struct lr_model *old, const struct lr_model *new,
                            const struct lr_diff_options *options, struct lr_diff **diff,
                            struct lr_error *error);
void lr_diff_free(struct lr_diff *diff); /* NULL is fine */

/* New or grown, and what the verdict counts: the regressions, which come first. */
bool lr_diff_is_regression(const struct lr_diff_site *site);

/* What the JVM itself holds, which no verdict is about: bytes of old and new run, and at how many
 * places; address space isn't among it. */
size_t lr_diff_jvm(const struct lr_diff *diff, double *old_bytes, double *new_bytes);

#endif
