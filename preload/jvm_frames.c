/* jvm_frames.c -- the calling thread's Java frames.
 *
 * Stage: STACK.  Context: any thread in any VM state, inside malloc, under the guard.
 * AsyncGetCallTrace walks from the thread's frame anchor and crashes on a bad one, so the anchor
 * is checked against the thread's stack and the code cache before every call.
 */
#include "jvm_internal.h"

#include "config.h"
#include "leakring/format.h"
#include "trace.h"

enum { BCI_NONE = -1 };

/* Methods at the bottom of a virtual thread's stack, once seen; see jvm.h for truncation. */
static uintptr_t continuation_bottom, continuation_entry;

JNIEnv *lr_jvm_env(void)
{
    JavaVM *vm = lr_jvm.vm;
    void *env = NULL;
    if (!vm || (*vm)->GetEnv(vm, &env, JNI_VERSION_1_6) != JNI_OK)
        return NULL;
    return env;
}

static uintptr_t java_thread(JNIEnv *env)
{
    return (uintptr_t)env - lr_jvm.env_offset;
}

static int32_t thread_state(uintptr_t thread)
{
    return *(const volatile int32_t *)(thread + lr_jvm_layout.thread_state);
}

bool lr_jvm_in_native(void)
{
    JNIEnv *env = lr_jvm_is_live() && lr_jvm.env_offset ? lr_jvm_env() : NULL;
    return env && thread_state(java_thread(env)) == lr_jvm_layout.in_native;
}

static bool is_in_stack(uintptr_t thread, uintptr_t sp)
{
    uintptr_t base = lr_vm_word(thread, lr_jvm_layout.thread_stack_base);
    uintptr_t size = lr_vm_word(thread, lr_jvm_layout.thread_stack_size);
    return sp % sizeof(void *) == 0 && sp < base && sp >= base - size + sizeof(void *);
}

static bool is_code(uintptr_t pc)
{
    return pc >= *lr_jvm_layout.code_low && pc < *lr_jvm_layout.code_high;
}

enum anchor { ANCHOR_NONE, ANCHOR_GOOD, ANCHOR_REPAIRABLE, ANCHOR_BAD };

/* No last Java frame outside Java code: a thread of the VM's own, or one that hasn't called Java.
 * The interpreter leaves the pc out when it calls into the VM; it is then the return address
 * right under sp.  Only in VM state may we fill it in: elsewhere others may walk this thread. */
static enum anchor check_anchor(uintptr_t thread, uintptr_t *pc)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t anchor = thread + at->thread_anchor;
    uintptr_t sp = lr_vm_word(anchor, at->anchor_sp);
    int32_t state = thread_state(thread);
    if (state == at->in_java)
        return ANCHOR_BAD;
    if (!sp)
        return ANCHOR_NONE;
    if (!is_in_stack(thread, sp))
        return ANCHOR_BAD;
    *pc = lr_vm_word(anchor, at->anchor_pc);
    if (*pc)
        return is_code(*pc) ? ANCHOR_GOOD : ANCHOR_BAD;
    *pc = ((const uintptr_t *)sp)[-1];
    return state == at->in_vm && is_code(*pc) ? ANCHOR_REPAIRABLE : ANCHOR_BAD;
}

/* Frame walking state that belongs to one call. */
struct walk {
    struct lr_agct_frame frames[LR_DEPTH_MAX + 1];
    jint count; /* AsyncGetCallTrace's answer */
};

static void call_agct(JNIEnv *env, struct walk *walk, size_t max)
{
    /* Never read when there is an anchor, but must be memory. */
    static uintptr_t no_context[128];
    struct lr_agct_trace trace = {.env = env, .frames = walk->frames};
    lr_jvm.agct(&trace, (jint)max, no_context);
    walk->count = trace.count;
}

static bool walk_agct(JNIEnv *env, struct walk *walk, size_t max)
{
    uintptr_t thread = java_thread(env);
    volatile uintptr_t *anchor_pc =
        (uintptr_t *)(thread + lr_jvm_layout.thread_anchor + lr_jvm_layout.anchor_pc);
    uintptr_t pc = 0;
    enum anchor anchor = check_anchor(thread, &pc);
    walk->count = 0;
    if (anchor == ANCHOR_NONE)
        return true;
    if (anchor == ANCHOR_BAD)
        return false;
    if (anchor == ANCHOR_REPAIRABLE)
        *anchor_pc = pc;
    call_agct(env, walk, max);
    if (anchor == ANCHOR_REPAIRABLE)
        *anchor_pc = 0;
    return walk->count > 0;
}

/* A mounted virtual thread's whole stack ends with Continuation.enter above enterSpecial.  After
 * a park only its innermost frames are on the carrier's stack, with enterSpecial right below. */
static bool is_thawed_in_part(const struct walk *walk, size_t count)
{
    uintptr_t bottom = continuation_bottom, entry = continuation_entry;
    if (!bottom || !entry)
        return false;
    for (size_t i = 0; i < count; i++)
        if ((uintptr_t)walk->frames[i].method == bottom)
            return i == 0 || (uintptr_t)walk->frames[i - 1].method != entry;
    return false;
}

static size_t copy_frames(const struct walk *walk, struct lr_java_frame *frames, size_t max,
                          uint32_t *flags)
{
    size_t count = (size_t)walk->count;
    *flags |= LR_STACK_JAVA;
    if (count > max || is_thawed_in_part(walk, count < max ? count : max)) {
        *flags |= LR_STACK_JAVA_CUT;
        count = count < max ? count : max;
    }
    for (size_t i = 0; i < count; i++) {
        int32_t bci = walk->frames[i].line;
        frames[i] = (struct lr_java_frame){.method = (uintptr_t)walk->frames[i].method,
                                           .bci = bci < 0 ? BCI_NONE : bci};
    }
    return count;
}

static size_t take_frames(JNIEnv *env, struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    struct walk walk;
    if (max > LR_DEPTH_MAX)
        max = LR_DEPTH_MAX;
    if (!lr_jvm.agct || !walk_agct(env, &walk, max + 1)) {
        *flags |= LR_STACK_JAVA_LOST;
        return 0;
    }
    return walk.count > 0 ? copy_frames(&walk, frames, max, flags) : 0;
}

static void count_flags(uint32_t flags)
{
    if (flags & LR_STACK_JAVA_LOST)
        lr_count(LR_CNT_java_lost);
    if (flags & LR_STACK_JAVA_CUT)
        lr_count(LR_CNT_java_cut);
}

size_t lr_jvm_frames(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    JNIEnv *env = lr_jvm_is_live() ? lr_jvm_env() : NULL;
    if (!env || max == 0)
        return 0;
    uint32_t found = 0;
    size_t count = take_frames(env, frames, max, &found);
    count_flags(found);
    *flags |= found;
    return count;
}

/* JVMTI's locations are bytecode indices on HotSpot; -1 for native methods. */
static size_t walk_jvmti(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    jvmtiEnv *jvmti = lr_jvm.jvmti;
    jvmtiFrameInfo infos[LR_DEPTH_MAX];
    jint count = 0;
    if (!jvmti || max > LR_DEPTH_MAX ||
        (*jvmti)->GetStackTrace(jvmti, NULL, 0, (jint)max, infos, &count) != JVMTI_ERROR_NONE)
        return 0;
    for (jint i = 0; i < count; i++) {
        jlong bci = infos[i].location;
        frames[i] = (struct lr_java_frame){.method = (uintptr_t)infos[i].method,
                                           .bci = bci < 0 ? BCI_NONE : (int32_t)bci};
    }
    if (count > 0)
        *flags = LR_STACK_JAVA | ((size_t)count == max ? LR_STACK_JAVA_CUT : 0);
    return (size_t)count;
}

size_t lr_jvm_walk_native(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    JNIEnv *env = lr_jvm_is_live() ? lr_jvm_env() : NULL;
    if (!env || max == 0)
        return 0;
    if (max > LR_DEPTH_MAX)
        max = LR_DEPTH_MAX;
    size_t count = take_frames(env, frames, max, flags);
    bool cut_short = (*flags & LR_STACK_JAVA_CUT) && count < max;
    if (!(*flags & LR_STACK_JAVA_LOST) && !cut_short)
        return count;
    uint32_t by_jvmti = 0;
    size_t more = lr_jvm_in_native() ? walk_jvmti(frames, max, &by_jvmti) : 0;
    if (more == 0)
        return count;
    *flags = by_jvmti;
    lr_count(LR_CNT_java_by_jvmti);
    return more;
}

size_t lr_jvm_frames_native(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    uint32_t found = 0;
    size_t count = lr_jvm_walk_native(frames, max, &found);
    count_flags(found);
    *flags |= found;
    return count;
}

/* Called for the methods of every class as it is prepared; 21 and later have the class. */
void lr_jvm_note_continuation(jint count, const jmethodID *methods)
{
    static const char class_name[] = "jdk/internal/vm/Continuation";
    struct lr_vm_method method;
    if (!lr_jvm.names_ok || count == 0 || !lr_vm_method_read((uintptr_t)methods[0], &method) ||
        method.class_name.length != sizeof class_name - 1 ||
        memcmp(method.class_name.bytes, class_name, sizeof class_name - 1) != 0)
        return;
    for (jint i = 0; i < count; i++) {
        if (!lr_vm_method_read((uintptr_t)methods[i], &method))
            continue;
        if (method.name.length == 5 && memcmp(method.name.bytes, "enter", 5) == 0)
            continuation_entry = (uintptr_t)methods[i];
        if (method.name.length == 12 && memcmp(method.name.bytes, "enterSpecial", 12) == 0)
            continuation_bottom = (uintptr_t)methods[i];
    }
}
