/* pair_sites.h -- where pairs are acquired: one entry in the file for each pair at each stack.
 *
 * Stage: RECORD -> FILE.  Context: any thread, in the interposed call, not inside malloc.
 */
#ifndef LEAKRING_PAIR_SITES_H
#define LEAKRING_PAIR_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "fold.h"

bool lr_pair_sites_start(void); /* after lr_file_create; false: not enough memory */

/* Index + 1 of the site, 0 when it can't be stored, which is counted.
 * Cost: one load when it is known; else the intern lock and about 1 us. */
uint32_t lr_pair_site(uint32_t pair, uint32_t stack);

/* How many of one kind are live, by the sites' totals; UINT32_MAX: can't be told now.  Under the
 * guard; may wait for the intern lock. */
uint32_t lr_pair_sites_live(uint32_t pair);

/* Helper thread: the stacks of all sites, which are those of all pairs. */
void lr_pair_sites_mark(struct lr_marks *stacks);

/* Sites without live pairs: their totals are added to those of the site of their innermost
 * frames. */
extern const struct lr_foldable lr_foldable_sites;

#endif
