/* jvm_releaser.c -- who ends a resource: the program, or the Cleaner because nobody did?
 *
 * Stage: intercept -> STACK.  Context: inside a native end() called from Java (thread in native).
 */
#include "jvm_internal.h"
#include "jvm_text.h"

#include "guard.h"
#include "intern.h"
#include "leakring/format.h"

/* Compiled code is one frame for all that is inlined into it: the native method, the resource's
 * clean-up and its user are three.  In code that isn't warm yet eight do. */
enum { NEXT_FRAMES = 3, NEAR_FRAMES = 8, FAR_FRAMES = 32 };
enum { MEMO_BITS = 12, MEMO_SIZE = 1 << MEMO_BITS };

enum role { ROLE_OTHER, ROLE_CLEANUP, ROLE_LOOP, ROLE_UNKNOWN };

/* Who ends from which stack: a hash of its innermost frames, with the answer in the low bits.  One
 * word, so that a plain atomic store publishes it; a collision just overwrites. */
static uint64_t memo[MEMO_SIZE];
enum { ANSWER_BITS = 2, ANSWER_MASK = 3 };

static enum role role_by_name(struct lr_vm_text class_name, struct lr_vm_text name)
{
    if (lr_jvm_is_cleaner_loop(class_name.bytes, class_name.length, name.bytes, name.length))
        return ROLE_LOOP;
    return lr_jvm_is_cleanup_frame(class_name.bytes, class_name.length) ? ROLE_CLEANUP : ROLE_OTHER;
}

static enum role role_by_jvmti(uintptr_t jmethod)
{
    struct lr_jvmti_method method;
    if (!lr_jvmti_method_open(jmethod, &method))
        return ROLE_UNKNOWN;
    enum role role = role_by_name(method.class_name, method.name);
    lr_jvmti_method_close(&method);
    return role;
}

static enum role role_of(uintptr_t address)
{
    struct lr_vm_method method;
    if (!lr_jvm.names_ok)
        return role_by_jvmti(address);
    return lr_vm_method_read(address, &method) ? role_by_name(method.class_name, method.name)
                                               : ROLE_UNKNOWN;
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

static uint64_t hash_of(const struct lr_java_walk *walk)
{
    uint64_t hash = walk->epoch;
    for (size_t i = 0; i < walk->count; i++)
        hash = lr_hash_mix(lr_hash_mix(hash, walk->frames[i].at), walk->frames[i].id);
    return hash & ~(uint64_t)ANSWER_MASK;
}

/* From so many innermost frames.  That they don't decide is remembered as well. */
static enum lr_releaser look_near(JNIEnv *env, size_t count)
{
    struct lr_java_raw raw[NEAR_FRAMES];
    struct lr_java_frame frames[NEAR_FRAMES];
    struct lr_java_walk walk = {.frames = raw};
    uint32_t flags = 0;
    lr_jvm_look(env, &walk, count, false, NULL, &flags);
    uint64_t hash = hash_of(&walk), *slot = &memo[hash >> (64 - MEMO_BITS)];
    uint64_t known = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if (known && (known & ~(uint64_t)ANSWER_MASK) == hash)
        return (enum lr_releaser)(known & ANSWER_MASK);
    enum lr_releaser who = judge(frames, lr_jvm_resolve(&walk, frames, NEAR_FRAMES, &flags));
    if (hash && walk.count)
        __atomic_store_n(slot, hash | who, __ATOMIC_RELAXED);
    return who;
}

static __attribute__((noinline, cold)) enum lr_releaser look_far(JNIEnv *env)
{
    struct lr_java_raw raw[FAR_FRAMES];
    struct lr_java_frame frames[FAR_FRAMES];
    struct lr_java_walk walk = {.frames = raw};
    uint32_t flags = 0;
    lr_jvm_look(env, &walk, FAR_FRAMES, true, NULL, &flags);
    return judge(frames, lr_jvm_resolve(&walk, frames, FAR_FRAMES, &flags));
}

enum lr_releaser lr_jvm_releaser(void *env)
{
    if (lr_jvm_has_died())
        return LR_RELEASER_EXPLICIT; /* the Cleaner has stopped */
    if (!lr_jvm_is_live() || !lr_enter_own())
        return LR_RELEASER_UNKNOWN;
    enum lr_releaser who = look_near(env, NEXT_FRAMES);
    if (who == LR_RELEASER_UNKNOWN)
        who = look_near(env, NEAR_FRAMES);
    if (who == LR_RELEASER_UNKNOWN)
        who = look_far(env);
    lr_leave();
    return who;
}
