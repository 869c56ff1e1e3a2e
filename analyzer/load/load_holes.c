/* load_holes.c -- sections that are mostly holes cost what they hold (load_internal.h).
 *
 * Stage: LOAD.  Context: analyzer only.  A few kilobytes on a disk can be a file of a terabyte,
 * whose entries would take hours to look through.
 */
#include <string.h>

#include "load_internal.h"

bool lr_part_clip(struct lr_part *part, const struct lr_runs *runs)
{
    uint64_t whole = part->count * part->stride;
    uint64_t end = 0;
    for (size_t i = 0; i < runs->count && runs->items[i].start - end < LR_HOLE; i++)
        end = runs->items[i].end;
    if (end >= whole || whole - end < LR_HOLE)
        return true;
    part->count = (end + part->stride - 1) / part->stride;
    return false;
}

void lr_part_compact(struct lr_part *part, unsigned char *bytes, const struct lr_runs *runs)
{
    uint64_t kept = 0;
    if (lr_part_clip(&(struct lr_part){.count = part->count, .stride = part->stride}, runs))
        return;
    for (size_t i = 0; i < runs->count; i++) {
        uint64_t first = runs->items[i].start / part->stride;
        uint64_t end = (runs->items[i].end + part->stride - 1) / part->stride;
        if (end > part->count)
            end = part->count;
        memmove(bytes + kept * part->stride, bytes + first * part->stride,
                (end - first) * part->stride);
        kept += end - first;
    }
    part->count = kept;
}
