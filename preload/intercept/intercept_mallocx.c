/* intercept_mallocx.c -- jemalloc's own functions beside malloc: mallocx, rallocx, xallocx,
 * dallocx, sdallocx (the last one tcmalloc's, too).
 *
 * Stage: INTERCEPT.  Context: any thread.
 * Blocks of theirs may be freed by free, and the other way round: who saw only one half would
 * take freed blocks for leaks.  A program may refer to these names weakly, to find out whether
 * jemalloc is there, and find ours; so without any behind us they do what they promise by
 * malloc's family.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "address_filter.h"
#include "guard.h"
#include "intercept.h"
#include "record.h"
#include "sampler.h"
#include "target.h"
#include "trace.h"

/* Of the flags: the alignment's logarithm, and whether the block is to be zeroed. */
enum { LG_ALIGN = 0x3f, ZERO = 0x40, PLAIN_ALIGN = 16 };

void *mallocx(size_t size, int flags);
void *rallocx(void *old, size_t size, int flags);
size_t xallocx(void *block, size_t size, size_t extra, int flags);
void dallocx(void *block, int flags);
void sdallocx(void *block, size_t size, int flags);

/* What the caller would reach without us: a jemalloc of the program's start, or one that a plugin
 * has for itself and whose blocks nobody else may free.  Looked for in the wrapper itself. */
static struct lr_target target_mallocx = {.name = "mallocx"};
static struct lr_target target_rallocx = {.name = "rallocx"};
static struct lr_target target_xallocx = {.name = "xallocx"};
static struct lr_target target_dallocx = {.name = "dallocx"};
static struct lr_target target_sdallocx = {.name = "sdallocx"};
#define REAL(function)                                                                             \
    ((__typeof__(&function))lr_target_find(&target_##function,                                     \
                                           (uintptr_t)__builtin_return_address(0)))

static __attribute__((noinline)) void *recorded(void *block, size_t size,
                                                const struct lr_regs *caller)
{
    if (block && lr_enter()) {
        float weight = lr_sampler_weigh(size);
        if (weight != 0)
            lr_record_alloc(block, size, LR_KIND_MALLOC, weight, caller);
        lr_helper_if_wanted(caller->pc);
        lr_leave();
    }
    return block;
}

static void record_release(const void *block)
{
    if (block && lr_is_armed() && !lr_filter_excludes((uintptr_t)block))
        lr_record_free(block);
}

/* As jemalloc's, of the C library's blocks. */
static void *plain_allocate(size_t size, int flags)
{
    size_t align = (size_t)1 << (flags & LG_ALIGN);
    void *block = NULL;
    if (align <= PLAIN_ALIGN)
        return flags & ZERO ? LR_NEXT(calloc)(1, size) : LR_NEXT(malloc)(size);
    if (LR_NEXT(posix_memalign)(&block, align, size) != 0)
        return NULL;
    return flags & ZERO ? memset(block, 0, size) : block;
}

static void *plain_resize(void *old, size_t size, int flags)
{
    size_t had = malloc_usable_size(old);
    if (((size_t)1 << (flags & LG_ALIGN)) <= PLAIN_ALIGN && !(flags & ZERO))
        return LR_NEXT(realloc)(old, size);
    void *block = plain_allocate(size, flags);
    if (!block)
        return NULL;
    memcpy(block, old, had < size ? had : size);
    LR_NEXT(free)(old);
    return block;
}

LR_EXPORT void *mallocx(size_t size, int flags)
{
    __typeof__(&mallocx) real = REAL(mallocx);
    struct lr_regs caller = LR_CALLER_REGS;
    return recorded(real ? real(size, flags) : plain_allocate(size, flags), size, &caller);
}

LR_EXPORT void *rallocx(void *old, size_t size, int flags)
{
    __typeof__(&rallocx) real = REAL(rallocx);
    struct lr_regs caller = LR_CALLER_REGS;
    struct lr_live record;
    bool known = lr_is_armed() && lr_record_take(old, &record);
    void *block = real ? real(old, size, flags) : plain_resize(old, size, flags);
    if (block) {
        recorded(block, size, &caller);
        if (known)
            lr_count(LR_CNT_realloc_moves);
    } else if (known) {
        lr_record_put_back(&record);
    }
    return block;
}

/* In place or not at all; answers the size that the block has. */
LR_EXPORT size_t xallocx(void *block, size_t size, size_t extra, int flags)
{
    __typeof__(&xallocx) real = REAL(xallocx);
    struct lr_regs caller = LR_CALLER_REGS;
    struct lr_live record;
    if (!real)
        return malloc_usable_size(block);
    bool known = lr_is_armed() && lr_record_take(block, &record);
    size_t got = real(block, size, extra, flags);
    if (!known)
        return got;
    if (got < size)
        lr_record_put_back(&record);
    else
        recorded(block, got - size < extra ? got : size + extra, &caller);
    return got;
}

LR_EXPORT void dallocx(void *block, int flags)
{
    __typeof__(&dallocx) real = REAL(dallocx);
    record_release(block);
    if (real)
        real(block, flags);
    else
        LR_NEXT(free)(block);
}

LR_EXPORT void sdallocx(void *block, size_t size, int flags)
{
    __typeof__(&sdallocx) real = REAL(sdallocx);
    record_release(block);
    if (real)
        real(block, size, flags);
    else
        LR_NEXT(free)(block);
}
