/* steps.h -- how far the work on a trace has come, for whoever waits for it.
 *
 * Stage: all.  Context: analyzer only; lr_steps_read from any thread.  A store each, no lock.
 */
#ifndef LEAKRING_STEPS_H
#define LEAKRING_STEPS_H

#include <stdint.h>

/* `what` is a constant; total 0: not known. */
void lr_steps_begin(const char *what, uint64_t total);
void lr_steps_advance(void);

struct lr_steps {
    const char *what; /* NULL: nothing was begun */
    uint64_t done, total;
};
struct lr_steps lr_steps_read(void);

#endif
