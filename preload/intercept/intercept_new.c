/* intercept_new.c -- C++'s operator new and delete.
 *
 * Stage: INTERCEPT.  Context: any thread.
 * Usually these end in malloc and free, which are recorded there; then the wrapper only jumps on.
 * An allocator library (jemalloc, tcmalloc, mimalloc) defines its own that never reach malloc;
 * then they are recorded here.  The test: does one module define both the next malloc and this?
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "guard.h"
#include "intercept.h"
#include "record.h"
#include "sampler.h"
#include "target.h"

#define NEW_LIST(X)                                                                               \
    X(_Znwm, (size_t size), (size))                                                               \
    X(_Znam, (size_t size), (size))                                                               \
    X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                           \
    X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                           \
    X(_ZnwmSt11align_val_t, (size_t size, size_t align), (size, align))                           \
    X(_ZnamSt11align_val_t, (size_t size, size_t align), (size, align))                           \
    X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *tag),           \
      (size, align, tag))                                                                         \
    X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *tag),           \
      (size, align, tag))

#define DELETE_LIST(X)                                                                            \
    X(_ZdlPv, (void *block), (block))                                                             \
    X(_ZdaPv, (void *block), (block))                                                             \
    X(_ZdlPvm, (void *block, size_t size), (block, size))                                         \
    X(_ZdaPvm, (void *block, size_t size), (block, size))                                         \
    X(_ZdlPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))                         \
    X(_ZdaPvRKSt9nothrow_t, (void *block, const void *tag), (block, tag))                         \
    X(_ZdlPvSt11align_val_t, (void *block, size_t align), (block, align))                         \
    X(_ZdaPvSt11align_val_t, (void *block, size_t align), (block, align))                         \
    X(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t align), (block, size, align))     \
    X(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t align), (block, size, align))

enum operator_id {
#define ID(name, parameters, arguments) ID_##name,
    NEW_LIST(ID) DELETE_LIST(ID) OPERATOR_COUNT
#undef ID
};

static struct operator {
    struct lr_target target;
    uint32_t is_allocators; /* 0: not asked yet, 1: no, 2: yes */
} operators[OPERATOR_COUNT] = {
#define ROW(symbol, parameters, arguments) {.target = {.name = #symbol}},
    NEW_LIST(ROW) DELETE_LIST(ROW)
#undef ROW
};

/* Answered once: the allocator behind us is there from the start. */
static bool is_allocators_own(enum operator_id id)
{
    struct operator *operator = &operators[id];
    uint32_t known = __atomic_load_n(&operator->is_allocators, __ATOMIC_RELAXED);
    if (__builtin_expect(known == 0, 0)) {
        const char *of_malloc = lr_next_module("malloc");
        known = of_malloc && of_malloc == lr_next_module(operator->target.name) ? 2 : 1;
        __atomic_store_n(&operator->is_allocators, known, __ATOMIC_RELAXED);
    }
    return known == 2;
}

#define REAL_OF(name)                                                                             \
    (function *)lr_target_find(&operators[ID_##name].target,                                      \
                               (uintptr_t)__builtin_return_address(0))

#define DEFINE_NEW(name, parameters, arguments)                                                   \
    LR_EXPORT void *name parameters;                                                              \
    LR_EXPORT void *name parameters                                                               \
    {                                                                                             \
        typedef void *function parameters;                                                        \
        function *real = REAL_OF(name);                                                           \
        if (__builtin_expect(!real, 0))                                                           \
            return malloc(size); /* no C++ library anywhere: nobody to throw for */               \
        if (!is_allocators_own(ID_##name))                                                        \
            return real arguments;                                                                \
        void *block = real arguments;                                                             \
        if (block && lr_enter()) {                                                                \
            struct lr_live inner; /* jemalloc's may call an exported function that is ours */     \
            lr_record_take(block, &inner);                                                        \
            float weight = lr_sampler_weigh(size);                                                \
            struct lr_regs caller = LR_CALLER_REGS;                                               \
            if (weight != 0)                                                                      \
                lr_record_alloc(block, size, LR_KIND_NEW, weight, &caller);                       \
            lr_helper_if_wanted(caller.pc);                                                       \
            lr_leave();                                                                           \
        }                                                                                         \
        return block;                                                                             \
    }
NEW_LIST(DEFINE_NEW)

#define DEFINE_DELETE(name, parameters, arguments)                                                \
    LR_EXPORT void name parameters;                                                               \
    LR_EXPORT void name parameters                                                                \
    {                                                                                             \
        typedef void function parameters;                                                         \
        function *real = REAL_OF(name);                                                           \
        if (__builtin_expect(!real, 0)) {                                                         \
            free(block);                                                                          \
            return;                                                                               \
        }                                                                                         \
        if (block && is_allocators_own(ID_##name) && lr_is_armed())                               \
            lr_record_free(block);                                                                \
        real arguments;                                                                           \
    }
DELETE_LIST(DEFINE_DELETE)
