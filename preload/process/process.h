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

/* The traced process is about to replace its image; and: it didn't after all. */
void lr_process_exec(void);
void lr_process_exec_failed(void);

/* The traced process is about to end without exit handlers (_exit). */
void lr_process_end(void);

#endif
