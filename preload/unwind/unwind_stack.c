/* unwind_stack.c -- unwind_stack.h: growing the readable range.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.
 */
#include "unwind_stack.h"

#include "arch.h"
#include "prim.h"

/* A stack that continues this far below what is known is taken for the same one. */
#define NEAR_PAGES 64u

/* The kernel keeps this much below the main thread's stack free for it to grow. */
#define MAIN_STACK_BYTES ((uintptr_t)64 << 20)

static uintptr_t main_top, main_thread; /* its thread pointer, which lies elsewhere */
static size_t least_stack = SIZE_MAX; /* of all threads' */

void lr_stack_note_main(const void *top)
{
    main_top = (uintptr_t)top;
    main_thread = lr_arch_thread_pointer();
}

void lr_stack_note_thread(size_t bytes)
{
    size_t least = __atomic_load_n(&least_stack, __ATOMIC_RELAXED);
    while (bytes < least && !__atomic_compare_exchange_n(&least_stack, &least, bytes, false,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/* Where the stack ends that holds `address`, if it is one whose place is known without asking: all
 * between a frame of it and that end is there.  0: it isn't known. */
static uintptr_t known_top(uintptr_t address)
{
    uintptr_t thread = lr_arch_thread_pointer(), top = thread & ~(uintptr_t)7;
    size_t least = __atomic_load_n(&least_stack, __ATOMIC_RELAXED);
    if (thread != main_thread && least != SIZE_MAX && least > LR_ARCH_STACK_EXTRA &&
        top - address < least - LR_ARCH_STACK_EXTRA)
        return top;
    return main_top - address < MAIN_STACK_BYTES ? main_top : 0;
}

bool lr_stack_is_mapped(uintptr_t address)
{
    int mapped = lr_prim_is_mapped((const void *)address);
    if (mapped >= 0)
        return mapped == 1;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    return address > frame && known_top(address) && known_top(address) == known_top(frame);
}

static bool begin_silently(struct lr_stack_range *range, uintptr_t sp)
{
    uintptr_t top = known_top(sp);
    if (!top)
        return false;
    range->low = sp & ~(uintptr_t)(lr_prim_page_size() - 1);
    range->high = top;
    return true;
}

static bool reach_silently(struct lr_stack_range *range, uintptr_t end)
{
    uintptr_t top = known_top(range->high - 1);
    if (!top || end > top)
        return false;
    range->high = top;
    return true;
}

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
    if (lr_prim_is_silent())
        return begin_silently(range, sp);
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
    if (range->high < end && lr_prim_is_silent())
        return reach_silently(range, end);
    while (range->high < end) {
        if (!readable(range, range->high))
            return false;
        range->high += page_size;
    }
    return true;
}
