/* series.h -- the time series: reads the sources when they are due, writes the points.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 *
 * Everything here is done by one thread that may use a thousandth of a processor.  Each source has
 * a period; one that takes longer than its share, or keeps the thread waiting, is read less often
 * until it is quicker; smaps, which holds a lock of the program's, is given up.  The tables are
 * counted at a rate that follows from what counting them costs.
 */
#ifndef LEAKRING_SERIES_H
#define LEAKRING_SERIES_H

#include <stdbool.h>
#include <stdint.h>

bool lr_series_start(void); /* after lr_file_create */
/* Whether files may be opened: not in a table of descriptors that is the program's, too, which may
 * close them all meanwhile, and use the numbers again. */
void lr_series_use_files(bool may);
/* Resident memory right now, bytes; LR_NO_VALUE: can't be told.  Helper thread. */
uint64_t lr_series_rss(void);
/* Does what is due.  Cost when nothing is: 2 ns. */
void lr_series_pass(uint32_t now_ms);
/* When the next pass has something to do, ms since start. */
uint32_t lr_series_due(void);

#endif
