/* sources_allocator.c -- figures of jemalloc, tcmalloc or mimalloc, where one is behind us.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only: jemalloc takes its locks, one
 * after the other, as any thread of the program does that allocates.
 */
#include "sources.h"

#include "allocator.h"

bool lr_source_allocator(uint64_t *values)
{
    /* Which one it is doesn't change, and most are none of these. */
    static bool looked, any;
    struct lr_allocator_account account;
    if (looked && !any)
        return false;
    any = lr_allocator_account(&account);
    looked = true;
    if (!any)
        return false;
    values[LR_SERIES_allocator_allocated] = account.allocated;
    values[LR_SERIES_allocator_active] = account.active;
    values[LR_SERIES_allocator_resident] = account.resident;
    values[LR_SERIES_allocator_mapped] = account.mapped;
    values[LR_SERIES_allocator_retained] = account.retained;
    return true;
}
