/* intercept_malloc.c -- the malloc family.
 *
 * Stage: INTERCEPT.  Context: any thread, before and after main, in signal handlers.
 * Each wrapper calls the next definition and records what it did; when inert it adds one load
 * and a branch.  errno is the real function's.
 */
#include "intercept.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

#include "address_filter.h"
#include "guard.h"
#include "record.h"
#include "sampler.h"
#include "trace.h"

/* Exported for programs built against a C library that had or will have them. */
void cfree(void *block);
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

/* Apart from the wrappers, so that a block that isn't recorded pays for no registers saved. */
static __attribute__((noinline)) void *record(void *block, size_t size, float weight, uintptr_t pc,
                                              uintptr_t sp, uintptr_t fp)
{
    if (__builtin_expect(lr_enter(), 1)) {
        struct lr_regs caller = {.pc = pc, .sp = sp, .fp = fp};
        lr_record_alloc(block, size, LR_KIND_MALLOC, weight, &caller);
        lr_helper_if_wanted(pc);
        lr_leave();
    } else {
        lr_count_nested();
    }
    return block;
}

/* A macro rather than a function: LR_CALLER_REGS must see the wrapper's frame. */
#define RECORDED(block, size)                                                                     \
    ({                                                                                            \
        void *new_ = block;                                                                       \
        float weight_ = new_ ? lr_sampler_weigh(size) : 0;                                        \
        struct lr_regs caller_ = LR_CALLER_REGS;                                                  \
        weight_ == 0 ? new_                                                                       \
                     : record(new_, size, weight_, caller_.pc, caller_.sp, caller_.fp);           \
    })

static inline void record_free(const void *block)
{
    if (block && lr_is_armed() && !lr_filter_excludes((uintptr_t)block))
        lr_record_free(block);
}

/* An allocator ahead of us passes calls on after all. */
static __attribute__((noinline, cold)) void note_reached(bool *reached)
{
    if (!lr_is_armed())
        return;
    *reached = true;
    lr_trace_clear_compat(LR_COMPAT_BLIND);
}

LR_EXPORT void *malloc(size_t size)
{
    static bool reached;
    void *block = LR_NEXT(malloc)(size);
    if (__builtin_expect(!reached, 0))
        note_reached(&reached);
    return RECORDED(block, size);
}

LR_EXPORT void *calloc(size_t count, size_t size)
{
    void *block = LR_NEXT(calloc)(count, size);
    return RECORDED(block, count * size); /* it succeeded, so the product didn't overflow */
}

/* The allocator is about to look at its header, in front of the block: that line comes in while
 * the tables are searched. */
LR_EXPORT void free(void *block)
{
    __builtin_prefetch((const char *)block - 16);
    record_free(block);
    LR_NEXT(free)(block);
}

/* The block came from whatever malloc the program reaches, which needn't be ours. */
static void free_as_program(void *block)
{
    static __typeof__(&free) first;
    __typeof__(&free) function = __atomic_load_n(&first, __ATOMIC_RELAXED);
    if (!function) {
        function = (__typeof__(&free))lr_first_symbol("free");
        __atomic_store_n(&first, function, __ATOMIC_RELAXED);
    }
    function(block);
}

LR_EXPORT void cfree(void *block)
{
    free_as_program(block);
}

LR_EXPORT void free_sized(void *block, size_t size)
{
    free_as_program(block);
}

LR_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    free_as_program(block);
}

/* The old record is out during the call: the address may be another thread's before it ends.
 * A failed call leaves the old block as it was; realloc(block, 0) may release it. */
#define REALLOC(old, size, call)                                                                  \
    struct lr_live record_;                                                                       \
    bool known_ = old && lr_is_armed() && lr_record_take(old, &record_);                          \
    void *block_ = call;                                                                          \
    if (block_) {                                                                                 \
        RECORDED(block_, size);                                                                    \
        if (known_)                                                                               \
            lr_count(LR_CNT_realloc_moves);                                                       \
    } else if (known_ && (size) != 0) {                                                           \
        lr_record_put_back(&record_);                                                             \
    }                                                                                             \
    return block_

LR_EXPORT void *realloc(void *old, size_t size)
{
    REALLOC(old, size, LR_NEXT(realloc)(old, size));
}

/* glibc's reallocarray calls realloc by its exported name, which is ours or another's: what comes
 * by there is not to be recorded twice. */
static void *resize_array(void *old, size_t count, size_t size)
{
    __typeof__(&reallocarray) real = LR_NEXT(reallocarray);
    size_t bytes;
    if (!real && __builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    uint32_t depth = lr_own_work_begin();
    void *block = real ? real(old, count, size) : LR_NEXT(realloc)(old, bytes);
    lr_own_work_end(depth);
    return block;
}

LR_EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX; /* the call will fail */
    REALLOC(old, bytes, resize_array(old, count, size));
}

LR_EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    int result = LR_NEXT(posix_memalign)(out, alignment, size);
    if (result == 0)
        RECORDED(*out, size);
    return result;
}

LR_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    void *block = LR_NEXT(aligned_alloc)(alignment, size);
    return RECORDED(block, size);
}

LR_EXPORT void *memalign(size_t alignment, size_t size)
{
    void *block = LR_NEXT(memalign)(alignment, size);
    return RECORDED(block, size);
}

LR_EXPORT void *valloc(size_t size)
{
    void *block = LR_NEXT(valloc)(size);
    return RECORDED(block, size);
}

LR_EXPORT void *pvalloc(size_t size)
{
    void *block = LR_NEXT(pvalloc)(size);
    return RECORDED(block, size);
}
