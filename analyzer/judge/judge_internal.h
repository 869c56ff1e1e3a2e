/* judge_internal.h -- what judge*.c share.
 *
 * Stage: JUDGE.  Context: analyzer only.
 *
 *   judge.c           which pair sites leak
 *   judge_bounded.c   which only look like it: caches and pools
 *   judge_process.c   the verdict on the process
 *   judge_evidence.c  what speaks for it
 *   judge_say.c       the sentences
 *   judge_unknown.c   what the recording does not tell, and what would settle it
 *   judge_jvm.c       what of the JVM's own grows
 *   judge_resource.c  what plain memory is of, and how it is given back
 */
#ifndef LEAKRING_JUDGE_INTERNAL_H
#define LEAKRING_JUDGE_INTERNAL_H

#include "judge.h"

uint64_t lr_released_explicitly(const struct lr_model_pair_site *site);
/* Why a site is no leak although it has live ones: a constant sentence; NULL: it may be one. */
const char *lr_why_bounded(const struct lr_model_pair_site *site, const struct lr_model *model);
/* Never ended, at the pair's sites that leak. */
uint64_t lr_leaked_at(const struct lr_model_pair *pair);

/* What the verdict is made of. */
struct lr_facts {
    uint64_t live, survived, untested; /* of pairs that leak; the last are those of the first that
                                        * no collection has tested */
    const struct lr_model_memory_site *grows; /* the fastest that matters; NULL: none */
    const struct lr_model_memory_site *jvm_grows; /* the same of the JVM's own */
    double undecided;                 /* bytes live of which nobody knows whether they grow */
    const struct lr_model_memory_site *open; /* most of them; NULL: none */
    const struct lr_model_memory_site *full; /* holds most of those that found no room; or NULL */
    bool trends;                      /* some memory could be judged */
    double slack;                     /* bytes that the allocator keeps; 0: little, or unknown */
    uint64_t malloc_live;             /* bytes of its memory that are live */
    struct lr_trend metaspace, threads, files; /* kind unknown where there is no series */
    uint64_t balloon;  /* bytes that the machine lost meanwhile; 0: few */
    uint64_t others;   /* bytes that others use of a machine that has next to none left */
};
bool lr_facts_gather(const struct lr_model *model, struct lr_facts *facts); /* false: no memory */

/* Does growth of this site of the JVM's own say anything? */
bool lr_jvm_site_counts(const struct lr_model_memory_site *site);
bool lr_jvm_grows(const struct lr_facts *facts);
/* The summary, and the advice, where it does; as asprintf(). */
int lr_jvm_say(char **out, const struct lr_model *model, const struct lr_facts *facts);
int lr_jvm_advise(char **out, const struct lr_model *model, const struct lr_facts *facts);

/* Too short for any trend. */
bool lr_recording_is_short(const struct lr_model *model);
/* "no leak was found", but of an incomplete recording: a constant. */
const char *lr_nothing_leaks(const struct lr_model *model, bool native);
/* "PLACE holds at least 3 MB in 70 blocks, and 12 more ...", of a site that lost some; returns
 * out. */
const char *lr_least_known(char *out, size_t size, const struct lr_model_memory_site *site);
/* Of LR_VERDICT_CANNOT_TELL, the summary and the advice; what an incomplete recording wants.  As
 * asprintf(). */
int lr_unknown_say(char **out, const struct lr_model *model, const struct lr_facts *facts);
int lr_unknown_advise(char **out, const struct lr_model *model);
int lr_incomplete_advise(char **out, const struct lr_model *model);

/* Nearly all that is mapped there are files. */
bool lr_maps_files(const struct lr_model_memory_site *site);
/* What a site's memory is of, as the subject of a sentence: a constant. */
const char *lr_resource_name(const struct lr_model_memory_site *site);
/* How it is given back, a sentence; as asprintf(). */
int lr_resource_advice(char **out, const struct lr_model_memory_site *site);

/* Appends the evidence for the verdict that model->verdict.kind says. */
enum lr_status lr_judge_evidence(struct lr_model *model, const struct lr_facts *facts,
                                 struct lr_error *error);
/* Fills verdict.summary and verdict.next. */
enum lr_status lr_judge_say(struct lr_model *model, const struct lr_facts *facts,
                            struct lr_error *error);

#endif
