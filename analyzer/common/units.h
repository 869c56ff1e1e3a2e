/* units.h -- numbers as people read them.
 *
 * Stage: EMIT.  Context: analyzer only.  Every function writes into the caller's buffer, which
 * should have LR_UNIT_SIZE bytes, and returns it, so that calls fit into an argument list.
 */
#ifndef LEAKRING_UNITS_H
#define LEAKRING_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LR_UNIT_SIZE = 40 };

/* Decimal units, three digits: 999 B, 7.27 kB, 80.5 MB.  `raw`: 80462112 B. */
const char *lr_unit_bytes(char *out, uint64_t bytes, bool raw);
/* 1,234,567 */
const char *lr_unit_count(char *out, uint64_t count);
/* 350 ms, 12.5 s, 3 min 20 s, 4 h 05 min, 2 d 3 h */
const char *lr_unit_duration(char *out, uint64_t milliseconds);
/* 2026-01-02 03:04:05 UTC; "unknown" for 0 */
const char *lr_unit_time(char *out, uint64_t unix_ns);

/* "64m", "1G", "4096": bytes with a binary suffix k, m or g.  False when it is none. */
bool lr_unit_parse_size(const char *text, uint64_t *bytes);
/* "90", "90s", "10m", "8h".  False when it is none. */
bool lr_unit_parse_seconds(const char *text, double *seconds);

#endif
