/* model_threads.h -- which threads came to a place.
 *
 * Stage: MODEL.  Context: analyzer only; for the files that build a model.
 * Threads are known by name.  Live records are counted by place and name while they are read; each
 * path takes its own; paths that merge merge them; in the end names that differ only in digits are
 * one group.
 */
#ifndef LEAKRING_MODEL_THREADS_H
#define LEAKRING_MODEL_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

struct lr_thread_uses;

/* Of blocks and mappings the place is a stack, of pairs an index of model_pairs.c. */
enum lr_thread_place { LR_PLACE_MEMORY, LR_PLACE_PAIRS = LR_MEMORY_KINDS };

/* `live` more records at place `id` by the threads called `name`.  *uses is made at the first call.
 * False when out of memory. */
bool lr_threads_count(struct lr_thread_uses **uses, unsigned place, uint32_t id, const char *name,
                      double live);
/* Gives `threads` what was counted for a place; nothing is fine. */
bool lr_threads_take(struct lr_thread_uses *uses, unsigned place, uint32_t id,
                     struct lr_model_threads *threads);
void lr_threads_free(struct lr_thread_uses *uses);

/* Adds `from`, which is emptied.  False when out of memory: then `from` is lost. */
bool lr_threads_merge(struct lr_model_threads *threads, struct lr_model_threads *from);
/* From names to groups of alike ones, by what is live; to be called once. */
void lr_threads_group(struct lr_model_threads *threads);

#endif
