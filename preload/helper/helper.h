/* helper.h -- the one background thread: ages the young table into the file, writes totals,
 * keeps the clock, writes the series.  All signals blocked; wakes every 50 ms, four times a second
 * while next to nothing is recorded.
 *
 * Until it runs, every record goes straight to the file, so nothing depends on it but cost.
 */
#ifndef LEAKRING_HELPER_H
#define LEAKRING_HELPER_H

#include <stdbool.h>

/* Starts the thread once; later calls do nothing.  Call where no lock of the C library can be
 * held: from pthread_create's wrapper, after JNI_CreateJavaVM, under the guard. */
void lr_helper_start(void);

/* Ends the thread and waits (at most a second or two, usually less than a millisecond) until it is
 * gone: for system calls that a single-threaded program may make and one with threads may not, or
 * after which ours must not be made.  False: there was none. */
bool lr_helper_stop(void);
/* Where it was stopped: starts it again. */
void lr_helper_restart(void);

/* The main thread calls pthread_exit: the program may end without it, but not because of us. */
void lr_helper_main_left(void);

#endif
