/* followed.h -- which stacks and pair sites get a time series of their own, and its points.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 *
 * There is room for 40 stacks and 24 pair sites: the largest; those that grow most; and those that
 * grow most steadily, however little, for a leak is steady.  Growth is how much more the least of
 * this epoch is than the least of the epoch before, averaged: next to nothing for whatever comes
 * and goes, however much of it there is.  An epoch is a minute, and in the first minutes a
 * sixteenth of the time that has gone by.  What is followed gives way only to something twice as
 * interesting, and, as long as it goes on growing, not in its first five minutes.
 */
#ifndef LEAKRING_FOLLOWED_H
#define LEAKRING_FOLLOWED_H

#include <stdbool.h>
#include <stdint.h>

#include "leakring/format.h"

bool lr_followed_start(void); /* after lr_file_create */
/* A scan of the tables is complete (live_scan.h).  Cost: a few ns for each stack in the file. */
void lr_followed_update(uint32_t now_ms);
/* The followed values as of the last scan; false before the first. */
bool lr_followed_values(struct lr_followed_value *values);
/* Pairs over all sites: live, acquired, cleaned.  Cost: a few ns a site. */
void lr_followed_pair_totals(uint64_t *live, uint64_t *acquired, uint64_t *cleaned);

#endif
