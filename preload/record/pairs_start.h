/* pairs_start.h -- start-up of the pair table.  After lr_intern_start; false: no memory. */
#ifndef LEAKRING_PAIRS_START_H
#define LEAKRING_PAIRS_START_H

#include <stdbool.h>

bool lr_pairs_start(void);

#endif
