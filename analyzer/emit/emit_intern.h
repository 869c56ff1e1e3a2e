/* emit_intern.h -- numbers for texts: the n-th different one gets n.
 *
 * Stage: EMIT, below the profiles.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_INTERN_H
#define LEAKRING_EMIT_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct lr_intern {
    void *tree; /* of struct lr_interned, by tsearch */
    struct lr_interned {
        char *text;
        uint64_t number; /* 1, 2, ... */
    } * *items;          /* in that order */
    size_t count, room;
};

/* The number of `text`, which is copied; 0 without memory. */
uint64_t lr_intern(struct lr_intern *intern, const char *text);
void lr_intern_free(struct lr_intern *intern);

#endif
