/* jvm_frames.c -- the calling thread's Java frames.
 *
 * Stage: STACK.  Context: any thread in any VM state, inside malloc, under the guard.
 * AsyncGetCallTrace walks from the thread's frame anchor and crashes on a bad one, so the anchor
 * is checked against the thread's stack and the code cache before every call.
 */
#include "jvm_internal.h"

#include "config.h"
#include "jvm_code.h"
#include "leakring/format.h"
#include "trace.h"

enum { BCI_NONE = -1 };

/* Methods at the bottom of a virtual thread's stack, once seen; see jvm.h for truncation. */
static uintptr_t continuation_bottom, continuation_entry;

JNIEnv *lr_jvm_env(void)
{
    JavaVM *vm = lr_jvm.vm;
    void *env = NULL;
    if (!vm || lr_jvm.get_env(vm, &env, JNI_VERSION_1_6) != JNI_OK)
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

/* Where a thread that left Java code left its frames; the VM walks from here. */
struct anchor {
    volatile uintptr_t *sp, *pc, *fp;
    bool may_change; /* in VM state nobody else walks this thread */
};

static struct anchor anchor_of(uintptr_t thread)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    uintptr_t base = thread + at->thread_anchor;
    return (struct anchor){.sp = (uintptr_t *)(base + at->anchor_sp),
                           .pc = (uintptr_t *)(base + at->anchor_pc),
                           .fp = (uintptr_t *)(base + at->anchor_fp),
                           .may_change = thread_state(thread) == at->in_vm};
}

/* The pc from which to walk; 0 when the anchor can't be trusted.  The interpreter and most stubs
 * leave it out when they call into the VM: then it is the return address right under sp. */
static uintptr_t anchor_pc(uintptr_t thread, const struct anchor *anchor)
{
    if (!is_in_stack(thread, *anchor->sp))
        return 0;
    uintptr_t pc = *anchor->pc;
    if (!pc && anchor->may_change)
        pc = ((const uintptr_t *)*anchor->sp)[-1];
    return is_code(pc) ? pc : 0;
}

void lr_jvm_stack(JNIEnv *env, uintptr_t *low, uintptr_t *high)
{
    uintptr_t thread = java_thread(env);
    *high = lr_vm_word(thread, lr_jvm_layout.thread_stack_base);
    *low = *high - lr_vm_word(thread, lr_jvm_layout.thread_stack_size);
}

bool lr_jvm_place(JNIEnv *env, struct lr_java_place *place, uintptr_t *high, uint32_t *flags)
{
    uintptr_t thread = java_thread(env);
    struct anchor anchor = anchor_of(thread);
    uintptr_t sp = *anchor.sp, pc = *anchor.pc;
    if (!sp) {
        if (thread_state(thread) == lr_jvm_layout.in_java)
            *flags |= LR_STACK_JAVA_LOST;
        return false;
    }
    if (is_in_stack(thread, sp)) {
        *high = lr_vm_word(thread, lr_jvm_layout.thread_stack_base);
        *place = (struct lr_java_place){pc ? pc : ((const uintptr_t *)sp)[-1], sp, *anchor.fp};
        if (is_code(place->pc))
            return true;
    }
    *flags |= LR_STACK_JAVA_LOST;
    return false;
}

bool lr_jvm_place_in_java(JNIEnv *env, const struct lr_trail *native, struct lr_java_place *place,
                          uintptr_t *high)
{
    uintptr_t thread = java_thread(env);
    if (!native || native->end != LR_UNWIND_FOREIGN ||
        thread_state(thread) != lr_jvm_layout.in_java || !is_in_stack(thread, native->at.sp) ||
        !is_code(native->at.pc))
        return false;
    *high = lr_vm_word(thread, lr_jvm_layout.thread_stack_base);
    *place = (struct lr_java_place){native->at.pc, native->at.sp, native->at.fp};
    return true;
}

/* Frame walking state that belongs to one call. */
struct walk {
    struct lr_agct_frame frames[LR_DEPTH_MAX + 1];
    jint count; /* AsyncGetCallTrace's answer */
};

enum { AGCT_COLLECTING = -2, AGCT_NOT_WALKABLE = -4 };

static void call_agct(JNIEnv *env, struct walk *walk, size_t max)
{
    /* Never read when there is an anchor, but must be memory. */
    static uintptr_t no_context[128];
    struct lr_agct_trace trace = {.env = env, .frames = walk->frames};
    lr_jvm.agct(&trace, (jint)max, no_context);
    walk->count = trace.count;
    if (trace.count == AGCT_COLLECTING)
        lr_count(LR_CNT_java_vm_collects);
}

/* The client compiler's stubs say that their frames can't be walked; they only mean that they
 * can't everywhere.  Steps over the stub to the compiled method that called it. */
static bool leave_stub(uintptr_t thread, const struct anchor *anchor)
{
    uint32_t words = lr_jvm_stub_frame(*anchor->pc);
    uintptr_t caller = *anchor->sp + words * sizeof(void *);
    if (words < 2 || !is_in_stack(thread, caller))
        return false;
    const uintptr_t *saved = (const uintptr_t *)caller;
    if (!is_code(saved[-1]))
        return false;
    *anchor->sp = caller;
    *anchor->pc = saved[-1];
    *anchor->fp = saved[-2];
    return true;
}

static void walk_from(JNIEnv *env, const struct anchor *anchor, uintptr_t pc, struct walk *walk,
                      size_t max)
{
    if (!anchor->may_change) {
        call_agct(env, walk, max);
        return;
    }
    uintptr_t old_sp = *anchor->sp, old_pc = *anchor->pc, old_fp = *anchor->fp;
    *anchor->pc = pc;
    call_agct(env, walk, max);
    if (walk->count == AGCT_NOT_WALKABLE && leave_stub(java_thread(env), anchor))
        call_agct(env, walk, max);
    *anchor->sp = old_sp;
    *anchor->pc = old_pc;
    *anchor->fp = old_fp;
}

/* False when there are Java frames that can't be had.  No last Java frame outside Java code is
 * no loss: a thread of the VM's own, or one that hasn't called Java. */
static bool walk_agct(JNIEnv *env, struct walk *walk, size_t max)
{
    uintptr_t thread = java_thread(env);
    struct anchor anchor = anchor_of(thread);
    walk->count = 0;
    if (thread_state(thread) == lr_jvm_layout.in_java)
        return false;
    if (!*anchor.sp)
        return true;
    uintptr_t pc = anchor_pc(thread, &anchor);
    if (!pc)
        return false;
    walk_from(env, &anchor, pc, walk, max);
    return walk->count > 0;
}

/* A virtual thread's own frames end above Continuation.enterSpecial; what follows belongs to its
 * carrier.  Whole stacks have Continuation.enter there; after a park only the innermost frames
 * are put back, and the rest are *missing. */
static size_t end_of_virtual(const struct walk *walk, size_t count, bool *missing)
{
    uintptr_t bottom = continuation_bottom, entry = continuation_entry;
    for (size_t i = 0; bottom && i < count; i++) {
        if ((uintptr_t)walk->frames[i].method != bottom)
            continue;
        *missing = i == 0 || (uintptr_t)walk->frames[i - 1].method != entry;
        return i;
    }
    *missing = false;
    return count;
}

static size_t copy_frames(const struct walk *walk, struct lr_java_frame *frames, size_t max,
                          uint32_t *flags)
{
    bool missing;
    size_t count = end_of_virtual(walk, (size_t)walk->count, &missing);
    *flags |= count ? LR_STACK_JAVA : LR_STACK_JAVA_LOST;
    if (missing || count > max)
        *flags |= LR_STACK_JAVA_CUT;
    if (count > max)
        count = max;
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

size_t lr_jvm_ask(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    JNIEnv *env = lr_jvm_is_live() ? lr_jvm_env() : NULL;
    return env && max ? take_frames(env, frames, max, flags) : 0;
}

/* JVMTI's locations are bytecode indices on HotSpot; -1 for native methods. */
size_t lr_jvm_ask_jvmti(struct lr_java_frame *frames, size_t max, uint32_t *flags)
{
    jvmtiEnv *jvmti = lr_jvmti_demand();
    jvmtiFrameInfo infos[LR_DEPTH_MAX + 1];
    jint found = 0;
    if (!jvmti ||
        (*jvmti)->GetStackTrace(jvmti, NULL, 0, (jint)max + 1, infos, &found) != JVMTI_ERROR_NONE)
        return 0;
    size_t count = (size_t)found < max ? (size_t)found : max;
    for (size_t i = 0; i < count; i++) {
        jlong bci = infos[i].location;
        frames[i] = (struct lr_java_frame){.method = (uintptr_t)infos[i].method,
                                           .bci = bci < 0 ? BCI_NONE : (int32_t)bci};
    }
    *flags = LR_STACK_JAVA | ((size_t)found > max ? LR_STACK_JAVA_CUT : 0);
    return count;
}

size_t lr_jvm_ask_native(struct lr_java_frame *frames, size_t max, uint32_t *flags)
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
    size_t more = lr_jvm_in_native() ? lr_jvm_ask_jvmti(frames, max, &by_jvmti) : 0;
    if (more == 0)
        return count;
    *flags = by_jvmti;
    lr_count(LR_CNT_java_by_jvmti);
    return more;
}

void lr_jvm_methods_of(struct lr_java_frame *frames, size_t count)
{
    for (size_t i = 0; lr_jvm.names_ok && i < count; i++)
        frames[i].method = lr_vm_method_of(frames[i].method);
}

/* Called for the methods of every class as it is prepared; 21 and later have the class. */
void lr_jvm_note_continuation(jint count, const jmethodID *methods)
{
    static const char class_name[] = "jdk/internal/vm/Continuation";
    struct lr_vm_method method;
    if (!lr_jvm.names_ok || count == 0 ||
        !lr_vm_method_read(lr_vm_method_of((uintptr_t)methods[0]), &method) ||
        method.class_name.length != sizeof class_name - 1 ||
        memcmp(method.class_name.bytes, class_name, sizeof class_name - 1) != 0)
        return;
    for (jint i = 0; i < count; i++) {
        if (!lr_vm_method_read(lr_vm_method_of((uintptr_t)methods[i]), &method))
            continue;
        if (method.name.length == 5 && memcmp(method.name.bytes, "enter", 5) == 0)
            continuation_entry = (uintptr_t)methods[i];
        if (method.name.length == 12 && memcmp(method.name.bytes, "enterSpecial", 12) == 0)
            continuation_bottom = (uintptr_t)methods[i];
    }
}
