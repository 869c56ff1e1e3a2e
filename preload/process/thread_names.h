/* thread_names.h -- a small number for each thread name: what a record says about its thread.
 *
 * Stage: RECORD, cold.  Context: any thread, inside malloc, intern lock not held.
 *
 * Records carry names, not threads: a site is reported with the names of the threads that came
 * there, and however many threads a program starts, it gives them few names.  Labels are never
 * reused, so a record's label means the same for ever.
 */
#ifndef LEAKRING_THREAD_NAMES_H
#define LEAKRING_THREAD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

enum { LR_THREAD_NAME_BYTES = 16, LR_THREAD_LABELS = 65536 };

bool lr_thread_names_start(void); /* after lr_intern_start */

/* The name's label, 1..65535; 0 when there are too many names already, or the intern lock is
 * busy.  Of `name` the first 15 bytes count. */
uint16_t lr_thread_label_of(const char *name);

/* Labels 1..count-1 have a name. */
uint32_t lr_thread_label_count(void);
const char *lr_thread_label_name(uint16_t label);

#endif
