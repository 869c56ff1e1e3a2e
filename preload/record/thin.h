/* thin.h -- making room in the live table without losing anything: fewer records that stand for
 * more blocks each.
 *
 * Stage: RECORD.  Context: the helper thread, while every other thread goes on.
 */
#ifndef LEAKRING_THIN_H
#define LEAKRING_THIN_H

#include <stdint.h>

#include "table.h"

/* As if every block had been sampled with that interval from the beginning: of each record with a
 * smaller weight chance decides whether it stays, with the larger weight.  What belongs to pairs
 * stays as it is.  Returns how many went.  Cost: a pass over the parts of the table in use. */
uint64_t lr_thin(struct lr_table *table, uint64_t interval);
/* How many there are; the same pass. */
uint64_t lr_thin_count(const struct lr_table *table);

#endif
