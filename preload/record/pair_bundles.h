/* pair_bundles.h -- the bundle that the pair's call under way keeps its blocks in.
 *
 * Stage: RECORD.  Internal to pairs.c.  Context: as pairs.h.
 */
#ifndef LEAKRING_PAIR_BUNDLES_H
#define LEAKRING_PAIR_BUNDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "bundles.h"

/* From here to lr_pair_bundle_detach() this thread's call keeps the blocks of the pair acquired at
 * `stack` together; NULL: each goes its own way.  Under the guard. */
struct lr_bundle *lr_pair_bundle_open(uint32_t stack);
/* The same for the releasing call of a pair whose bundle has that number; 0: it has none. */
struct lr_bundle *lr_pair_bundle_claim(uint32_t number);
/* The call is over; a signal handler may make one of its own as soon as lr_self.in_pair says so. */
void lr_pair_bundle_detach(void);
/* Afterwards: the number to claim it by, if the pair is there now; else what is left in it is
 * recorded.  `bundle` may be NULL, the number 0. */
uint32_t lr_pair_bundle_close(struct lr_bundle *bundle, bool keep);

#endif
