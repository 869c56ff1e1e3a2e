/* intercept_mmap.c -- mmap, munmap, mremap, under both of their names.
 *
 * Stage: INTERCEPT.  Context: any thread.  The C library's own mappings (thread stacks, big
 * malloc blocks) don't come by here.
 */
#include "intercept.h"

#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "guard.h"
#include "pair_call.h"
#include "prim.h"
#include "regions.h"
#include "stack_take.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static inline uint32_t pack(int prot, int flags)
{
    return (uint32_t)(prot & 0xff) | ((uint32_t)flags << 8 & ~LR_REGION_IN_MEMORY);
}

/* Shared memory is charged as memory is, and stays when it is unmapped; a file's pages aren't, and
 * don't.  Asked of shared, writable files only: a system call. */
static uint32_t in_memory(int prot, int flags, int fd)
{
    bool shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    if (!shared || flags & MAP_ANONYMOUS || !(prot & PROT_WRITE) || !lr_prim_is_in_memory(fd))
        return 0;
    return LR_REGION_IN_MEMORY;
}

#define RECORD_MAP(start, length, prot, flags, fd)                                                \
    do {                                                                                          \
        if ((start) == MAP_FAILED) {                                                              \
            break;                                                                                \
        } else if (!lr_enter()) {                                                                 \
            lr_count_nested();                                                                    \
        } else {                                                                                  \
            struct lr_regs caller_ = LR_CALLER_REGS;                                              \
            uint32_t stack_ = lr_pair_call_owner(&caller_);                                       \
            if (!stack_)                                                                          \
                stack_ = lr_stack_take(&caller_, LR_STACK_OF_BLOCK);                              \
            lr_regions_map((uintptr_t)(start), length,                                            \
                           pack(prot, flags) | in_memory(prot, flags, fd), stack_);               \
            lr_helper_if_wanted_mapped(caller_.pc, stack_);                                       \
            lr_leave();                                                                           \
        }                                                                                         \
    } while (0)

LR_EXPORT void *mmap(void *hint, size_t length, int prot, int flags, int fd, off_t offset)
{
    void *start = LR_NEXT(mmap)(hint, length, prot, flags, fd, offset);
    RECORD_MAP(start, length, prot, flags, fd);
    return start;
}

LR_EXPORT void *mmap64(void *hint, size_t length, int prot, int flags, int fd, off64_t offset)
{
    void *start = LR_NEXT(mmap)(hint, length, prot, flags, fd, offset);
    RECORD_MAP(start, length, prot, flags, fd);
    return start;
}

/* Recorded before the call, or another thread could be given the range first.  What the kernel
 * would refuse (EINVAL) is not recorded. */
LR_EXPORT int munmap(void *start, size_t length)
{
    if (!lr_enter()) {
        lr_count_nested();
    } else {
        if (((uintptr_t)start & 4095) == 0)
            lr_regions_unmap((uintptr_t)start, length);
        lr_leave();
    }
    return LR_NEXT(munmap)(start, length);
}

/* The old range is out of the record during the call, as in munmap, unless it stays mapped. */
static void *remap(void *old, size_t old_length, size_t length, int flags, void *hint,
                   const struct lr_regs *caller)
{
    struct lr_region before = {0};
    bool leaves = old_length && !(flags & MREMAP_DONTUNMAP);
    lr_regions_find((uintptr_t)old, &before);
    if (leaves)
        lr_regions_unmap((uintptr_t)old, old_length);
    void *start = LR_NEXT(mremap)(old, old_length, length, flags, hint);
    if (start != MAP_FAILED)
        lr_regions_map((uintptr_t)start, length, before.prot_flags,
                       lr_stack_take(caller, LR_STACK_OF_BLOCK));
    else if (leaves && before.length)
        lr_regions_map((uintptr_t)old, old_length, before.prot_flags, before.stack);
    return start;
}

LR_EXPORT void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *hint = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    if (!lr_enter()) {
        lr_count_nested();
        return LR_NEXT(mremap)(old, old_length, length, flags, hint);
    }
    struct lr_regs caller = LR_CALLER_REGS;
    void *start = remap(old, old_length, length, flags, hint, &caller);
    lr_leave();
    return start;
}
