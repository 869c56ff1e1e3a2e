/* dump_privacy.h -- `leakring dump --privacy`: what a trace says about its user.
 *
 * Stage: OUTPUT of `leakring dump`.  Context: analyzer only.
 */
#ifndef LEAKRING_DUMP_PRIVACY_H
#define LEAKRING_DUMP_PRIVACY_H

#include "dump_write.h"
#include "load.h"

/* Two lists: what the trace holds that names a person, a machine or what they do, with its values
 * or how many there are; and what no trace ever holds. */
void lr_dump_privacy(struct lr_dump *dump, const struct lr_trace *trace);

#endif
