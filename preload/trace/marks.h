/* marks.h -- a set of stack ids: those that a table refers to.
 *
 * Stage: RECORD.  Context: the helper thread.
 */
#ifndef LEAKRING_MARKS_H
#define LEAKRING_MARKS_H

#include <stdbool.h>
#include <stdint.h>

struct lr_marks {
    uint8_t *bits;
    uint32_t count; /* ids below that; others are left out */
};

static inline void lr_mark(struct lr_marks *marks, uint32_t id)
{
    if (id < marks->count)
        marks->bits[id / 8] |= (uint8_t)(1u << id % 8);
}

static inline bool lr_is_marked(const struct lr_marks *marks, uint32_t id)
{
    return marks->bits[id / 8] >> id % 8 & 1;
}

#endif
