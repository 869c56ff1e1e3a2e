/* ledger_regions.h -- who mapped a range of addresses, and what for: interposed mappings.
 *
 * Stage: MODEL, of model_ledger.c only.  Context: analyzer only.
 */
#ifndef LEAKRING_LEDGER_REGIONS_H
#define LEAKRING_LEDGER_REGIONS_H

#include "model_build.h"

struct lr_ledger_region;
struct lr_ledger_regions {
    struct lr_ledger_region *items; /* by address */
    size_t count;
};

/* Reads and names all regions of the trace. */
enum lr_status lr_ledger_regions_read(struct lr_build *build, struct lr_ledger_regions *regions,
                                      struct lr_error *error);
void lr_ledger_regions_free(struct lr_ledger_regions *regions);

/* The shares of [start, end) that each entry has, 0 .. 1; an allocator's mappings are
 * LR_LEDGER_LIVE. */
void lr_ledger_regions_share(const struct lr_ledger_regions *regions, uint64_t start, uint64_t end,
                             double shares[LR_LEDGER_ENTRIES]);

/* Sorts `count` items of `size` bytes, each of which begins with its start and end (uint64_t), and
 * makes each byte the first's that has it: what a damaged file says may overlap. */
void lr_ledger_ranges_sort(void *items, size_t count, size_t size);

#endif
