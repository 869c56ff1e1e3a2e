/* oom_units.h -- sizes in binary units, as the kernel's counters and memory limits are.
 *
 * Stage: EMIT, for `oom` and `host`.  Context: analyzer only.  Buffers as in units.h.
 */
#ifndef LEAKRING_OOM_UNITS_H
#define LEAKRING_OOM_UNITS_H

#include "units.h"

/* 15.06 GiB, 344.0 MiB, 16 KiB, 0 B */
const char *lr_unit_binary(char *out, uint64_t bytes);
/* "16g", "512m", and also "1.5g", "16GiB"; false when it is no size. */
bool lr_unit_parse_binary(const char *text, uint64_t *bytes);
/* part of whole in per cent; 0 when whole is 0 */
double lr_percent(uint64_t part, uint64_t whole);

#endif
