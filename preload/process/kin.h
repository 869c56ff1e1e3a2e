/* kin.h -- what became of the children that the traced process forked.
 *
 * Stage: fork, exec, exit.  A forked child isn't recorded, and the file isn't mapped in it.  One
 * that becomes another program, or ends at once, takes nothing away from the recording; one that
 * goes on does its work unseen, and a check must know.  So parent and children share a page, where
 * a child counts itself when it turns out to be one of the former.
 */
#ifndef LEAKRING_KIN_H
#define LEAKRING_KIN_H

#include <stdbool.h>

/* Without the page every child is one that goes on. */
void lr_kin_start(void);
/* In a child that fork() has just made.  Async-signal-safe, as the rest of what a child calls. */
void lr_kin_forked(void);
/* A child is about to execute another program (true: it was counted); and: that failed. */
bool lr_kin_becomes(void);
void lr_kin_stays(void);
/* A child ends by itself. */
void lr_kin_ends(void);
/* The calling process is about to be told which system calls it may make: it asks for none. */
void lr_kin_forget(void);
/* In the traced process: puts the count into the file.  Cost: a load, while nothing changes. */
void lr_kin_tell(void);

#endif
