/* progress.h -- what takes longer than a second says how far it is, on a terminal.
 *
 * Stage: command line.  Context: analyzer only, one at a time.
 */
#ifndef LEAKRING_PROGRESS_H
#define LEAKRING_PROGRESS_H

/* Nothing unless standard error is a terminal: a line that is written over and over, from the first
 * second on, by a thread of its own, since what is waited for may be one long call.  `file` must
 * live until the end. */
void lr_progress_begin(const char *file);
/* Takes the line away; after it, others may write. */
void lr_progress_end(void);

#endif
