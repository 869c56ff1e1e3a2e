/* pager.h -- a long text on a terminal goes through the reader's pager.
 *
 * Stage: command line.  Context: analyzer only, one at a time.
 * LEAKRING_PAGER, else PAGER, else `less -FRX`; empty or `cat` is none.  Only where standard output
 * is a terminal that can go back, and only for what doesn't fit on it.
 */
#ifndef LEAKRING_PAGER_H
#define LEAKRING_PAGER_H

#include <stdbool.h>
#include <stdio.h>

#include "output_file.h"

struct lr_pager {
    FILE *memory; /* NULL: nothing is held back */
    char *text;
    size_t size;
};

/* Where to write what would go to `out`: memory, or `out` itself without a pager. */
FILE *lr_pager_open(struct lr_pager *pager, const struct lr_output_file *output, FILE *out,
                    bool forbidden);
/* Shows what was written, and waits until the reader has seen enough; that it wasn't all of it is
 * no error.  Without a pager that works, the text goes to standard output. */
void lr_pager_close(struct lr_pager *pager);

#endif
