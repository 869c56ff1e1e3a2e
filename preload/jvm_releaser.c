/* jvm_releaser.c -- who ends a resource: the program, or the Cleaner because nobody did?
 *
 * Stage: intercept -> STACK.  Context: inside a native end() called from Java (thread in native).
 */
#include "jvm_internal.h"
#include "jvm_text.h"

#include "guard.h"
#include "leakring/format.h"

enum { RELEASER_FRAMES = 16, MEMO_BITS = 12, MEMO_SIZE = 1 << MEMO_BITS };

enum role { ROLE_OTHER = 0, ROLE_CLEANUP = 1, ROLE_LOOP = 2, ROLE_MASK = 3 };

/* What is known of a method: its jmethodID with the role in the low bits, which are zero in a
 * pointer.  One word, so that a plain atomic store publishes it; a collision just overwrites. */
static uintptr_t memo[MEMO_SIZE];

static enum role classify(uintptr_t jmethod)
{
    struct lr_vm_method method;
    if (!lr_jvm.names_ok || !lr_vm_method_read(jmethod, &method))
        return ROLE_OTHER;
    if (lr_jvm_is_cleaner_loop(method.class_name.bytes, method.class_name.length, method.name.bytes,
                               method.name.length))
        return ROLE_LOOP;
    if (lr_jvm_is_cleanup_frame(method.class_name.bytes, method.class_name.length))
        return ROLE_CLEANUP;
    return ROLE_OTHER;
}

static enum role role_of(uintptr_t jmethod)
{
    uintptr_t *slot = &memo[(jmethod * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - MEMO_BITS)];
    uintptr_t known = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if ((known & ~(uintptr_t)ROLE_MASK) == jmethod)
        return known & ROLE_MASK;
    enum role role = classify(jmethod);
    __atomic_store_n(slot, jmethod | role, __ATOMIC_RELAXED);
    return role;
}

static enum lr_releaser judge(const struct lr_java_frame *frames, size_t count)
{
    for (size_t i = 0; i < count && frames[i].method; i++) {
        enum role role = role_of(frames[i].method);
        if (role == ROLE_LOOP)
            return LR_RELEASER_CLEANER;
        if (role == ROLE_OTHER)
            return LR_RELEASER_EXPLICIT;
    }
    return LR_RELEASER_UNKNOWN; /* nothing, or nothing but machinery */
}

enum lr_releaser lr_jvm_releaser(void)
{
    struct lr_java_frame frames[RELEASER_FRAMES];
    uint32_t flags = 0;
    if (!lr_jvm_is_live() || !lr_jvm.names_ok || !lr_enter_own())
        return LR_RELEASER_UNKNOWN;
    size_t count = lr_jvm_walk_native(frames, RELEASER_FRAMES, &flags);
    lr_leave();
    return judge(frames, count);
}
