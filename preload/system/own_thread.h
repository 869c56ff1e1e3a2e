/* own_thread.h -- a thread of the tracer's own.
 *
 * Stage: below RECORD.  Context: where no lock of the C library can be held, under the guard, all
 * signals blocked (the new thread inherits that): never inside malloc.
 */
#ifndef LEAKRING_OWN_THREAD_H
#define LEAKRING_OWN_THREAD_H

#include <stdbool.h>
#include <stddef.h>

/* Starts a detached thread that isn't recorded as the program's; `run` must begin with
 * lr_own_work_begin().  It shares the caller's table of file descriptors.  False: not allowed. */
bool lr_own_thread(void *(*run)(void *), size_t stack_bytes);

/* Waits until `is_over`, which a thread of ours makes true that is a few system calls from its end:
 * yields first, then sleeps; a second at most. */
void lr_own_thread_await(bool (*is_over)(void));

#endif
