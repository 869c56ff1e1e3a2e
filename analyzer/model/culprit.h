/* culprit.h -- which frame of a stack is the user's to fix, and which frames tell two sites apart.
 *
 * Stage: JUDGE.  Context: analyzer only.  The rules are data: culprit_rules.def.
 *
 * Culprit: the innermost frame that is neither machinery of the resource (java.util.zip, malloc,
 * libz) nor the platform's (java.*, libc); when there is none, the innermost frame of the
 * platform; when there is none either, frame 0.  Where a stack has Java frames and the resource
 * is a Java one, only Java frames count.
 *
 * Site: two stacks are one site when they agree from the culprit up to the frame that decided to
 * create the resource.  That is the first caller that
 *   - lies outside the culprit's package (a native one: outside its module), and
 *   - is not a constructor, and does not merely pass a call of its own name on
 *     (fieldsReader -> fieldsReader): both do what their caller wants, and
 *   - is not the platform's (an executor or a stream pipeline between two frames decides nothing).
 * What lies beyond (main loops, thread pools) doesn't split a site.  When there is no such caller
 * within KEY_LIMIT frames that aren't the platform's, those frames are the key.
 */
#ifndef LEAKRING_CULPRIT_H
#define LEAKRING_CULPRIT_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/* How far a frame is from being the user's. */
enum lr_frame_owner {
    LR_OWNER_USER,
    LR_OWNER_PLATFORM,  /* the JDK or the C library: only if nobody else is there */
    LR_OWNER_MACHINERY, /* the resource itself, allocators and their wrappers */
};
/* Whose the frame is, by its names alone.  Cost: a hundred patterns; 5 us. */
enum lr_frame_owner lr_frame_owner(const struct lr_model_frame *frame);

/* Fills path->culprit and path->key_end; the frames' `owner` and `user` are set already.  `pair` is
 * the resource's name, NULL for plain memory. */
void lr_culprit_choose(struct lr_model_path *path, const char *pair, bool pair_is_java);

/* Behind the frame that decided, whatever the path is of: of plain memory, too, whose sites differ
 * by more.  The culprit must have been chosen. */
size_t lr_culprit_key_end(const struct lr_model_path *path);

#endif
