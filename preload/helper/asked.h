/* asked.h -- what other processes ask of this one through the file's control words (`leakring gc`).
 *
 * Stage: helper thread and a thread of its own.  The helper takes a request up and answers it; what
 * may wait for the JVM is done by the other thread, which sleeps until then.  That one is started
 * beside the program's threads and not by the helper, whose table of file descriptors is empty:
 * an attached thread may run code of the JVM's and of agents'.
 */
#ifndef LEAKRING_ASKED_H
#define LEAKRING_ASKED_H

#include <stdbool.h>
#include <stdint.h>

/* A JVM is up: starts the thread that will serve requests, once.  Context: as lr_helper_start. */
void lr_asked_start(void);

/* Helper thread: looks at the control words, one load; starts what is asked, answers what is done,
 * and notes the collections of the whole heap that others caused. */
void lr_asked_pass(uint32_t now_ms);

/* Helper thread: nobody but these threads is left in the program.  Ends the other one. */
void lr_asked_stop(void);

/* As it must be before system calls may be forbidden: the thread is awaited, too, unless it serves
 * a request.  True: there was one; lr_asked_again() has it back. */
bool lr_asked_leave(void);
void lr_asked_again(void);

/* 1 while that thread is there, 0 otherwise. */
uint32_t lr_asked_threads(void);

#endif
