/* live_scan.h -- what is live, counted from the tables a slice at a time.
 *
 * Stage: helper thread, reading what RECORD wrote.  Context: the helper thread only.
 * The tables are the truth, so counting them costs the recording threads nothing.  A scan may
 * take a while (a slice is a quarter of a millisecond); what moves meanwhile may be counted
 * twice or not at all, which for what lives long doesn't matter.  Pages of the file that were
 * never written are left alone: to read them would make them memory.
 */
#ifndef LEAKRING_LIVE_SCAN_H
#define LEAKRING_LIVE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

struct lr_live_sum {
    double bytes, count; /* weighted: estimates where recording is sampled */
};

struct lr_live_totals {
    struct lr_live_sum blocks, owned, mapped; /* owned: of blocks, those of resource pairs */
};

bool lr_live_scan_start(void); /* after lr_file_create */
/* The next slice of the tables.  True: a scan has just become complete. */
bool lr_live_scan_slice(void);

/* After a complete scan and before the next slice. */
const struct lr_live_totals *lr_live_scan_totals(void);

/* Sums by stack are kept for those that something live refers to, in LR_TALLIES places; a stack
 * keeps its place until it is dropped.  Where more stacks than that have something live, chance
 * leaves some out. */
enum { LR_TALLIES = 8192, LR_NO_TALLY = LR_TALLIES };
/* A stack's place; LR_NO_TALLY when it has none. */
uint32_t lr_live_scan_place(uint32_t stack);
/* The stack that has a place; UINT32_MAX: none. */
uint32_t lr_live_scan_stack(uint32_t place);
/* Live blocks and mappings of a place's stack, as above; *owned: some of it belongs to a pair.
 * Clears the sum. */
struct lr_live_sum lr_live_scan_take(uint32_t place, bool *owned);
void lr_live_scan_drop(uint32_t place);
/* Was a stack left out since the last time? */
bool lr_live_scan_left_out(void);

#endif
