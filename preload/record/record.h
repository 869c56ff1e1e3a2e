/* record.h -- the events of the malloc family, recorded.
 *
 * Stage: intercept -> RECORD.  Context: any thread, inside malloc, errno preserved.
 * Acquisitions are recorded after the real call, releases before it: otherwise another thread
 * could be handed the address first, and its record would be the one removed.
 */
#ifndef LEAKRING_RECORD_H
#define LEAKRING_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"
#include "table.h"
#include "unwind.h"
#include "young.h"

bool lr_record_start(void); /* after lr_file_create */

/* True once so many records went straight to the file that its pages are being written for
 * nothing, or so many stacks that room must be made, or one when the program had lived for a
 * second: time for the helper thread.  Stays false while it runs. */
extern bool lr_record_wants_helper;
/* Something was recorded at this time.  Cost: a load and a comparison. */
void lr_record_note_time(uint32_t now_ms);

/* A new block that stands for `weight` (lr_sampler_weigh).  Under the guard. */
void lr_record_alloc(const void *block, size_t size, enum lr_kind kind, float weight,
                     const struct lr_regs *caller);
/* The pair's call that this thread was in has ended: what was added up for it goes to the totals.
 * Outside the call already (lr_self.in_pair), so that no signal handler adds meanwhile. */
void lr_record_call_ended(void);
/* A block is about to be released that lr_filter_excludes doesn't exclude.  Needs no guard:
 * signal-safe at any depth. */
void lr_record_free(const void *block);

/* realloc: take the record out, make the call, then record the new block or put the old one
 * back.  `record` is meaningful only if the result is true. */
bool lr_record_take(const void *block, struct lr_live *record);
void lr_record_put_back(const struct lr_live *record);

struct lr_marks;
/* Helper thread: the stacks of all records, young and tenured. */
void lr_record_mark(struct lr_marks *stacks);

/* How many records the live table holds, near enough; the table itself, and all tables. */
uint64_t lr_record_live_count(void);
/* How many it has room for besides what may come from the young table at any moment.  A table can
 * be full from three quarters on (table.h). */
uint64_t lr_record_room(void);
struct lr_table *lr_record_live_table(void);
const struct lr_young *lr_record_young_table(void);
/* It was counted: so many there are. */
void lr_record_recounted(uint64_t count);

/* The helper thread's part: moves young records born before `before_ms` into the file. */
void lr_record_tenure(uint32_t before_ms);
/* Before the process ends or replaces its image: moves all of them, and waits (at most 100 ms)
 * for those that the helper thread is moving. */
void lr_record_tenure_all(void);
/* Helper thread, before lr_record_tenure: about how many records came since the last call.  Small
 * numbers are right, large ones too small. */
uint32_t lr_record_arrivals(void);
/* From now on new records wait in the young table; false: they go to the file at once. */
void lr_record_use_young(bool on);

#endif
