/* dump_names.h -- what `leakring dump` calls the format's numbers.
 *
 * Stage: OUTPUT.  Context: analyzer only.  "unknown" for numbers that this leakring doesn't know.
 */
#ifndef LEAKRING_DUMP_NAMES_H
#define LEAKRING_DUMP_NAMES_H

#include "load.h"

const char *lr_dump_ending_name(enum lr_ending ended);
const char *lr_dump_meta_name(uint32_t key);
const char *lr_dump_kind_name(uint32_t kind);
const char *lr_dump_event_name(uint32_t type);

#endif
