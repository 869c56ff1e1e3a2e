/* unwind_stack.c -- unwind_stack.h: growing the readable range.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.
 */
#include "unwind_stack.h"

#include "arch.h"
#include "prim.h"

/* A stack that continues this far below what is known is taken for the same one. */
#define NEAR_PAGES 64u

static bool spend(struct lr_stack_range *range)
{
    if (range->budget == 0)
        return false;
    range->budget--;
    return true;
}

static bool readable(struct lr_stack_range *range, uintptr_t page)
{
    return spend(range) && lr_prim_is_mapped((const void *)page) == 1;
}

__attribute__((noinline, cold)) bool lr_stack_begin(struct lr_stack_range *range, uintptr_t sp)
{
    uintptr_t page_size = (uintptr_t)lr_prim_page_size();
    uintptr_t page = sp & ~(page_size - 1);
    if (sp % sizeof(uint64_t) != 0)
        return false;
    if (sp >= range->low && sp < range->high)
        return true;
    if (sp < range->low && range->low - sp <= NEAR_PAGES * page_size) {
        while (range->low > page && readable(range, range->low - page_size))
            range->low -= page_size;
        if (range->low == page)
            return true;
    }
    if (!readable(range, page))
        return false;
    range->low = page;
    range->high = page + page_size;
    return true;
}

/* A thread's control block lies above its stack: what is beyond belongs to somebody else and may
 * go away. */
__attribute__((noinline, cold)) bool lr_stack_reach(struct lr_stack_range *range, uintptr_t end)
{
    uintptr_t page_size = (uintptr_t)lr_prim_page_size();
    uintptr_t top = lr_arch_thread_pointer();
    if (range->low < top && end > top)
        return false;
    while (range->high < end) {
        if (!readable(range, range->high))
            return false;
        range->high += page_size;
    }
    return true;
}
