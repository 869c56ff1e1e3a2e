/* phase_mark.h -- marks: the moments at which a phase of the run ends and the next begins.
 *
 * Stage: RECORD -> FILE.
 */
#ifndef LEAKRING_PHASE_MARK_H
#define LEAKRING_PHASE_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

/* A mark at `time_ms`: what is born then or later came after it.  False: no room, which is counted.
 * Context: under the guard, not inside malloc; may wait for the intern lock. */
bool lr_phase_mark_at(const char *name, size_t length, enum lr_mark_source source,
                      uint32_t time_ms);

/* A mark now: what this thread acquired until now lies before it, what it acquires next behind it.
 * Takes a few milliseconds.  Context: an API call of the program's, not inside malloc. */
void lr_phase_mark_now(const char *name, size_t length, enum lr_mark_source source);

#endif
