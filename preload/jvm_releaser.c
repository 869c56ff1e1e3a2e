/* jvm_releaser.c -- who ends a resource: the program, or the Cleaner because nobody did?
 *
 * Stage: intercept -> STACK.  Context: inside a native end() called from Java (thread in native).
 */
#include "jvm_internal.h"
#include "jvm_text.h"

#include "guard.h"
#include "leakring/format.h"

enum { RELEASER_FRAMES = 16, MEMO_BITS = 12, MEMO_SIZE = 1 << MEMO_BITS };

enum role { ROLE_OTHER = 0, ROLE_CLEANUP = 1, ROLE_LOOP = 2, ROLE_UNKNOWN = 3 };
enum { ROLE_BITS = 2, ROLE_MASK = 3 };

/* What is known of a method: its jmethodID (a pointer, or from JDK 26 on a number), shifted to
 * make room for the role.  One word, so that a plain atomic store publishes it; a collision just
 * overwrites. */
static uintptr_t memo[MEMO_SIZE];

static enum role role_by_name(struct lr_vm_text class_name, struct lr_vm_text name)
{
    if (lr_jvm_is_cleaner_loop(class_name.bytes, class_name.length, name.bytes, name.length))
        return ROLE_LOOP;
    return lr_jvm_is_cleanup_frame(class_name.bytes, class_name.length) ? ROLE_CLEANUP : ROLE_OTHER;
}

static enum role classify_by_jvmti(uintptr_t jmethod)
{
    struct lr_jvmti_method method;
    if (!lr_jvmti_method_open(jmethod, &method))
        return ROLE_UNKNOWN;
    enum role role = role_by_name(method.class_name, method.name);
    lr_jvmti_method_close(&method);
    return role;
}

static enum role classify(uintptr_t jmethod)
{
    struct lr_vm_method method;
    if (!lr_jvm.names_ok)
        return classify_by_jvmti(jmethod);
    return lr_vm_method_read(lr_vm_method_of(jmethod), &method)
               ? role_by_name(method.class_name, method.name)
               : ROLE_UNKNOWN;
}

static enum role role_of(uintptr_t jmethod)
{
    uintptr_t *slot = &memo[(jmethod * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - MEMO_BITS)];
    uintptr_t known = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if (known && known >> ROLE_BITS == jmethod)
        return known & ROLE_MASK;
    enum role role = classify(jmethod);
    if (role != ROLE_UNKNOWN)
        __atomic_store_n(slot, jmethod << ROLE_BITS | role, __ATOMIC_RELAXED);
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
        if (role == ROLE_UNKNOWN)
            return LR_RELEASER_UNKNOWN;
    }
    return LR_RELEASER_UNKNOWN; /* nothing, or nothing but machinery */
}

enum lr_releaser lr_jvm_releaser(void)
{
    struct lr_java_frame frames[RELEASER_FRAMES];
    uint32_t flags = 0;
    if (lr_jvm_has_died())
        return LR_RELEASER_EXPLICIT; /* the Cleaner has stopped */
    if (!lr_jvm_is_live() || !lr_enter_own())
        return LR_RELEASER_UNKNOWN;
    size_t count = lr_jvm_ask_native(frames, RELEASER_FRAMES, &flags);
    enum lr_releaser who = judge(frames, count);
    lr_leave();
    return who;
}
