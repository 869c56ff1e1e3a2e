/* process.h -- what this process image is: traced, inert, or a child that must not pass us on.
 *
 * Stage: start-up, exec, exit.
 */
#ifndef LEAKRING_PROCESS_H
#define LEAKRING_PROCESS_H

#include <stdbool.h>

/* True in the traced process itself; false in its forks and vforks, and when nothing is traced. */
bool lr_process_is_traced(void);

/* True in a process that should be traced, but could not be; its next image may try again. */
bool lr_process_was_refused(void);

/* True where a program about to be executed in another pid must not inherit the preload: in a
 * child of a process that is traced, or should be (forked, or executed with our library still in
 * its environment). */
bool lr_process_strips_children(void);

/* The caller is a vfork's child, which may be killed from now on for asking who it is.  It shares
 * its parent's memory, this note included, so it holds only until the child executes a program or
 * ends; a child that does neither by way of us leaves a thread of its parent's that takes itself
 * for the child when it ends the process. */
void lr_process_note_child(void);
bool lr_process_forget_child(void); /* it executes or ends; true: there was such a note */

/* The traced process is about to replace its image; and: it didn't after all. */
void lr_process_exec(void);
void lr_process_exec_failed(void);

/* The traced process is about to end without exit handlers (_exit). */
void lr_process_end(void);

#endif
