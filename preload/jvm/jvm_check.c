/* jvm_check.c -- jvm_check.h.
 *
 * Stage: STACK, cold.  Context: any thread, inside malloc, under the guard, right after the walk
 * that is compared: the thread's frames are still the same.
 */
#include "jvm_check.h"

#include "config.h"
#include "guard.h"
#include "jvm_internal.h"
#include "leakring/format.h"
#include "trace.h"

/* The VM is believed, unless it is a rare difference: a walker that is wrong is wrong often. */
enum { WRONG_MIN = 32, WRONG_SHARE = 50, ROOM = 48 << 10 };

static uint32_t checked, wrong, unverified;

bool lr_jvm_check_due(void)
{
    uint32_t every = lr_config.java_check ? lr_config.java_check : LR_CHECK_EVERY;
    if (__builtin_expect(++lr_self.java_walks < every, 1))
        return false;
    lr_self.java_walks = 0;
    lr_count_add(LR_CNT_java_stacks, every);
    return true;
}

bool lr_jvm_check_first(void)
{
    return __atomic_load_n(&checked, __ATOMIC_RELAXED) +
               __atomic_load_n(&unverified, __ATOMIC_RELAXED) <
           LR_CHECK_FIRST;
}

enum lr_check_result lr_jvm_compare(const struct lr_java_frame *ours, size_t our_count,
                                    const struct lr_java_frame *theirs, size_t their_count)
{
    enum lr_check_result result = LR_CHECK_SAME;
    size_t count = our_count < their_count ? our_count : their_count;
    for (size_t i = 0; i < count; i++) {
        if (theirs[i].method && ours[i].method != theirs[i].method)
            return our_count == their_count ? LR_CHECK_METHOD : LR_CHECK_COUNT;
        if (theirs[i].method && ours[i].bci != theirs[i].bci)
            result = LR_CHECK_BCI;
    }
    if (result == LR_CHECK_BCI || our_count == their_count)
        return result;
    return their_count < our_count ? LR_CHECK_SHORT : LR_CHECK_COUNT;
}

/* What is known of AsyncGetCallTrace: it tells the call site after the one that an innermost
 * compiled frame is at, and it may end early without saying so.  Neither is the walker's fault. */
static enum lr_check_result judge(const struct lr_java_walk *walk, size_t max,
                                  const struct lr_java_frame *theirs, size_t their_count)
{
    struct lr_java_frame ours[LR_DEPTH_MAX];
    uint32_t unused = 0;
    size_t count = lr_jvm_resolve(walk, ours, max, &unused);
    enum lr_check_result result = lr_jvm_compare(ours, count, theirs, their_count);
    if (result > LR_CHECK_SHORT) {
        count = lr_jvm_resolve_as_vm(walk, ours, max);
        enum lr_check_result as_vm = lr_jvm_compare(ours, count, theirs, their_count);
        if (as_vm <= LR_CHECK_SHORT) {
            lr_count(LR_CNT_java_vm_next);
            result = as_vm;
        }
    }
    if (result != LR_CHECK_SHORT)
        return result;
    lr_count(LR_CNT_java_vm_short);
    return LR_CHECK_SAME;
}

static void count_result(enum lr_check_result result)
{
    static const enum lr_counter counters[] = {
        [LR_CHECK_COUNT] = LR_CNT_java_wrong_count,
        [LR_CHECK_METHOD] = LR_CNT_java_wrong_method,
        [LR_CHECK_BCI] = LR_CNT_java_wrong_bci,
    };
    uint32_t sum = __atomic_add_fetch(&checked, 1, __ATOMIC_RELAXED);
    lr_count(LR_CNT_java_checked);
    if (result == LR_CHECK_SAME)
        return;
    lr_count(counters[result]);
    uint32_t bad = __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    if (bad >= WRONG_MIN && bad > sum / WRONG_SHARE && lr_jvm.walks) {
        lr_jvm.walks = false;
        lr_count(LR_CNT_java_walker_off);
    }
}

/* A method that was replaced while it runs is told as its successor. */
static bool is_version(uintptr_t a, uintptr_t b)
{
    struct lr_vm_method one, other;
    return lr_vm_method_read(a, &one) && lr_vm_method_read(b, &other) &&
           one.class_name.bytes == other.class_name.bytes && one.name.bytes == other.name.bytes;
}

static enum lr_check_result compare_native(const struct lr_java_frame *ours, size_t our_count,
                                           struct lr_java_frame *theirs, size_t their_count)
{
    for (size_t i = 0; i < our_count && i < their_count; i++)
        if (ours[i].method != theirs[i].method && is_version(ours[i].method, theirs[i].method))
            theirs[i].method = ours[i].method;
    enum lr_check_result result = lr_jvm_compare(ours, our_count, theirs, their_count);
    return result == LR_CHECK_SHORT ? LR_CHECK_COUNT : result;
}

/* The comparison needs some thousands of bytes of stack; near its end (also of a signal handler's)
 * it isn't worth the risk. */
static bool has_room(void)
{
    JNIEnv *env = lr_jvm_env();
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), low, high;
    if (!env)
        return false;
    lr_jvm_stack(env, &low, &high);
    return here > low + ROOM && here < high;
}

void lr_jvm_check(const struct lr_java_walk *walk, size_t max)
{
    struct lr_java_frame theirs[LR_DEPTH_MAX];
    uint32_t flags = 0;
    if (!has_room())
        return;
    uint32_t depth = lr_own_work_begin();
    size_t their_count = lr_jvm.agct ? lr_jvm_ask(theirs, max, &flags) : 0;
    lr_own_work_end(depth);
    if (!their_count || (flags & LR_STACK_JAVA_LOST)) {
        __atomic_fetch_add(&unverified, 1, __ATOMIC_RELAXED);
        lr_count(LR_CNT_java_unchecked);
        return;
    }
    lr_jvm_methods_of(theirs, their_count);
    count_result(judge(walk, max, theirs, their_count));
}

static void count_native(enum lr_check_result result)
{
    lr_count(LR_CNT_java_jvmti_checked);
    if (result == LR_CHECK_COUNT)
        lr_count(LR_CNT_java_jvmti_count);
    if (result == LR_CHECK_METHOD)
        lr_count(LR_CNT_java_jvmti_method);
    if (result == LR_CHECK_BCI)
        lr_count(LR_CNT_java_jvmti_bci);
}

void lr_jvm_check_native(const struct lr_java_walk *walk, size_t max, bool whole)
{
    struct lr_java_frame ours[LR_DEPTH_MAX], theirs[LR_DEPTH_MAX];
    uint32_t flags = 0;
    if (!lr_config.java_check || !lr_jvm.jvmti || !has_room())
        return;
    size_t our_count =
        lr_jvm_resolve(walk, ours, max, &flags); /* before the VM can change a frame */
    uint32_t depth = lr_own_work_begin();
    size_t their_count = lr_jvm_ask_jvmti(theirs, max, &flags);
    lr_own_work_end(depth);
    if (!their_count)
        return;
    lr_jvm_methods_of(theirs, their_count);
    if (!whole && their_count > our_count)
        their_count = our_count;
    count_native(compare_native(ours, our_count, theirs, their_count));
}
