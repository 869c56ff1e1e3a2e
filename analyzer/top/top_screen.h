/* top_screen.h -- the full-screen view of `leakring top`.
 *
 * Stage: command line, for `leakring top`.  Context: analyzer only; one at a time.
 */
#ifndef LEAKRING_TOP_SCREEN_H
#define LEAKRING_TOP_SCREEN_H

#include <stdbool.h>

#include "model.h"
#include "top_rows.h"

/* What the reader chose. */
struct lr_top_view {
    struct lr_top_choice choice;
    char filter[64];
    size_t selected, first; /* rows */
    size_t frame;           /* of a stack, the first that is shown */
    bool detail, help, paused;
    const char *trouble; /* a message instead of new figures; NULL: none */
};

/* Takes the terminal over, and gives it back.  False: this isn't one that can be drawn on. */
bool lr_top_screen_begin(void);
void lr_top_screen_end(void);

void lr_top_screen_draw(struct lr_top_view *view, const struct lr_model *model,
                        const struct lr_top_rows *rows);

/* Waits for a key, at most so many milliseconds, and does what it says. */
enum lr_top_event {
    LR_TOP_NOTHING, /* the time is over */
    LR_TOP_REDRAW,
    LR_TOP_RESORT, /* the list is to be made again */
    LR_TOP_QUIT,
};
enum lr_top_event lr_top_screen_wait(struct lr_top_view *view, const struct lr_top_rows *rows,
                                     int milliseconds);

#endif
