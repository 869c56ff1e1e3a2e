/* collections.h -- collections of the whole heap that are proven, and what the Cleaner released
 * after each: what lives on is held by the program, and isn't garbage that waits.
 *
 * Stage: helper thread -> FILE; the count of releases from any thread.
 */
#ifndef LEAKRING_COLLECTIONS_H
#define LEAKRING_COLLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "leakring/format.h"

/* The Cleaner releases a pair that was born then.  Any thread. */
void lr_collections_note_cleaned(uint32_t birth_ms);

/* From now on those are counted that were born before `bound_ms`; how many were since. */
void lr_collections_expect(uint32_t bound_ms);
uint64_t lr_collections_cleaned(void);

/* Appends to the ring.  `record` without its sequence. */
void lr_collections_write(const struct lr_collection *record);

/* Each pass of the helper thread: looks whether the JVM has collected its whole heap since the last
 * pass in which it was at rest, and whether the Cleaner has finished what that brought.  `asked`:
 * one that was asked for is under way, which tells of itself. */
void lr_collections_watch(uint32_t now_ms, bool asked);

#endif
