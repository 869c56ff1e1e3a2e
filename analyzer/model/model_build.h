/* model_build.h -- what the files that build a model share; nobody else includes it.
 *
 * Stage: JUDGE.  Context: analyzer only.  Order of the calls: lr_build_tallies, lr_build_pairs,
 * lr_build_memory, lr_judge (judge.h), lr_build_completeness, lr_judge_verdict.
 */
#ifndef LEAKRING_MODEL_BUILD_H
#define LEAKRING_MODEL_BUILD_H

#include "load.h"
#include "model.h"
#include "model_threads.h"
#include "symbolize.h"

/* Live records of one kind at one stack. */
struct lr_sum {
    struct lr_sampled bytes, count;
    struct lr_sampled late; /* bytes acquired behind the warm-up: lr_model_warm_ms() */
    struct lr_sampled kept; /* of these, in the first half of that time */
    double smallest; /* of its blocks, bytes */
    struct lr_births births;
};

/* Everything live at one recorded stack. */
struct lr_tally {
    struct lr_sum memory[LR_MEMORY_KINDS]; /* what no pair owns */
    uint64_t file_bytes; /* of mappings, those of files */
    uint64_t owned_at_creation, owned_later, owned_blocks;
    struct lr_model_by_part *parts[LR_MEMORY_KINDS], *owned_parts; /* model_parts.h */
    uint32_t pair_seed; /* 1 + index of the pair site that owns; 0: none */
};

struct lr_build {
    const struct lr_trace *trace;
    struct lr_symbolizer *symbolizer;
    const struct lr_suppressions *suppressions;
    struct lr_model *model;
    struct lr_tally *tallies; /* by stack */
    uint32_t stacks;
    struct lr_owner_memo *owners; /* of model_path.c */
    struct lr_thread_uses *threads;
    bool past; /* all stacks are wanted, not only what is live */
    uint64_t late_interval;
    struct lr_followed_view followed[LR_FOLLOWED_SLOTS]; /* kind 0: no series in that slot */
    uint64_t *cleaned; /* by pair site: released by the Cleaner in the phase; NULL: no phase */
    uint64_t cleaned_from_ms; /* earlier ones aren't known; 0: all are */
    uint64_t orphan_pairs;  /* live pairs whose call site is not in the file */
    uint64_t shared_stacks; /* stacks that served two pairs */
    uint64_t frames;        /* of all paths that were made */
    uint64_t cut_paths;     /* whose outer frames were left out, for there are too many */
};

/* The marks and the phase; after the run is known. */
enum lr_status lr_build_phase(struct lr_build *build, struct lr_error *error);
/* What can't be said of it. */
enum lr_status lr_note_phase(struct lr_build *build, struct lr_error *error);

/* First: the others ask which of their stacks and pair sites are followed. */
enum lr_status lr_build_series(struct lr_build *build, struct lr_error *error);
/* How a figure of the process goes on; unknown where it wasn't recorded.  False: no memory. */
bool lr_judge_column(const struct lr_model_series *series, const char *name,
                     struct lr_trend *trend);
/* Slots of a stack, or of a pair site: a bit each. */
uint64_t lr_followed_mask(const struct lr_build *build, bool pair, uint32_t id);

/* Since when a collection of the whole heap proves what is held, instead of what the series made
 * likely. */
void lr_build_whole_gcs(struct lr_build *build);
enum lr_status lr_build_tallies(struct lr_build *build, struct lr_error *error);
void lr_tallies_free(struct lr_build *build);
enum lr_status lr_build_pairs(struct lr_build *build, struct lr_error *error);
enum lr_status lr_build_memory(struct lr_build *build, struct lr_error *error);
/* What was allocated where nothing is live any more, and the modules; after lr_build_memory. */
enum lr_status lr_build_past(struct lr_build *build, struct lr_error *error);
/* What was followed and has nothing live any more; after lr_build_tallies and lr_build_pairs. */
enum lr_status lr_build_gone(struct lr_build *build, struct lr_error *error);
/* Totals of a stack; `unseen` as in lr_sampled. */
void lr_stack_sums(const struct lr_build *build, uint32_t stack, struct lr_sampled *bytes,
                   struct lr_sampled *count);
/* What resident memory is made of; after lr_build_series. */
enum lr_status lr_build_ledger(struct lr_build *build, struct lr_error *error);
/* What the allocator says of itself; after lr_build_series. */
enum lr_status lr_build_allocator(struct lr_build *build, struct lr_error *error);
enum lr_status lr_build_sampling(struct lr_build *build, struct lr_error *error);
/* The largest interval in force behind the warm-up, once the phase is known; 0: exact. */
uint64_t lr_late_interval(const struct lr_build *build);
enum lr_status lr_build_trends(struct lr_build *build, struct lr_error *error);
/* After the verdict: when what leaks meets a limit. */
enum lr_status lr_build_projection(struct lr_build *build, struct lr_error *error);
enum lr_status lr_build_completeness(struct lr_build *build, struct lr_error *error);

/* Names the frames of a recorded stack and chooses its culprit (culprit.h).  Frames are
 * malloc()ed. */
enum lr_status lr_path_make(struct lr_build *build, uint32_t stack, const char *pair,
                            bool pair_is_java, struct lr_model_path *path, struct lr_error *error);
void lr_path_free(struct lr_model_path *path);
/* Orders paths by what tells sites apart; 0: they are one site. */
int lr_path_compare(const struct lr_model_path *a, const struct lr_model_path *b);
/* Counts `from` among the stacks of `path`, and frees its frames. */
void lr_path_merge(struct lr_model_path *path, struct lr_model_path *from);

/* Appends a formatted line. */
enum lr_status lr_texts_add(struct lr_model_texts *texts, struct lr_error *error,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
