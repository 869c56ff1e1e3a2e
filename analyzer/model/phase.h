/* phase.h -- from the names of marks to the part of the run between them.
 *
 * Stage: LOAD -> MODEL.  Context: analyzer only.
 */
#ifndef LEAKRING_PHASE_H
#define LEAKRING_PHASE_H

#include "load.h"
#include "status.h"

/* Of several marks of one name, the first begins a phase, and the last (behind the beginning) ends
 * it; NAME#2 is the second one.  NULL: the beginning or the end of the recording. */
enum lr_status lr_phase_find(const struct lr_trace *trace, const char *from, const char *to,
                             struct lr_window *window, struct lr_error *error);

#endif
