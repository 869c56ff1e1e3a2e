/* fold.h -- makes room: gives back entries of the file that nothing refers to any more.
 *
 * Stage: RECORD -> FILE, in the background.  A program that loads classes all night, or whose
 * stacks differ by recursion, has ever new stacks and pair sites; what is live has few.
 */
#ifndef LEAKRING_FOLD_H
#define LEAKRING_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "marks.h"

/* A kind of entry that can be given back.  All are called by the helper thread; may_go, retire,
 * restore and fold with the intern lock. */
struct lr_foldable {
    unsigned (*fullness)(void);               /* sixteenths of the room */
    uint32_t (*count)(void);                  /* ids are below that */
    uint32_t (*uses)(uint32_t id);            /* changes whenever the entry is used */
    bool (*mark)(struct lr_marks *referred);  /* those that a table refers to; false: it's busy */
    bool (*may_go)(uint32_t id);
    void (*retire)(uint32_t id);  /* it isn't found any more by who looks from now on, */
    void (*retired)(void);        /* nor remembered, after this */
    void (*restore)(uint32_t id); /* a retired one that turned out to be in use */
    void (*fold)(uint32_t id);    /* a retired one goes; its totals are kept elsewhere */
};

/* Helper thread, about once a second.  Nothing until three eighths of a kind's room are used; then,
 * within 10 to 15 s, all entries go that weren't used meanwhile and that no table refers to.
 * Cost: two passes over the live tables, 1 us an entry that is looked at, 3 us one that goes. */
void lr_make_room(uint32_t now_ms);

#endif
