/* jvm_stack.c -- jvm.h: a thread's Java frames, by the walker where it can, else from the VM; and
 * what they mean.
 *
 * Stage: STACK.  Context: any thread in any VM state, inside malloc, under the guard.
 */
#include "config.h"
#include "jvm_bridge.h"
#include "jvm_check.h"
#include "jvm_code.h"
#include "jvm_internal.h"
#include "jvm_redefine.h"
#include "leakring/format.h"
#include "trace.h"

static void count_flags(uint32_t flags)
{
    if (flags & LR_STACK_JAVA_LOST)
        lr_count(LR_CNT_java_lost);
    if (flags & LR_STACK_JAVA_CUT)
        lr_count(LR_CNT_java_cut);
}

/* Compile ids are never used again, but the memory of methods is. */
static uint64_t epoch_of(const struct lr_java_walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        if (lr_java_kind_of(walk->frames[i]) != LR_JAVA_COMPILED)
            return lr_jvm_method_epoch() + 1;
    return 0;
}

/* Where a walk begins. */
struct start {
    struct lr_java_place place;
    uintptr_t high;
    enum lr_java_exit exit;
    bool lost; /* there are Java frames, but it isn't known where */
};

static bool find_start(JNIEnv *env, const struct lr_trail *native, struct start *start)
{
    uint32_t found = 0;
    *start = (struct start){.exit = LR_EXIT_ANCHOR};
    if (lr_jvm_place(env, &start->place, &start->high, &found))
        return true;
    bool in_java = lr_jvm_place_in_java(env, native, &start->place, &start->high);
    if (in_java)
        start->exit = native->is_exact ? LR_EXIT_SIGNAL : LR_EXIT_LEAF;
    start->lost = !in_java && (found & LR_STACK_JAVA_LOST);
    return in_java;
}

/* False: the VM has to be asked.  *flags is the answer otherwise.  A virtual thread of which
 * nothing is on this stack, as while it is being put back, has frames that are cut, all of them. */
static bool walk_stack(JNIEnv *env, struct lr_java_walk *walk, size_t max, bool from_java,
                       const struct lr_trail *native, uint32_t *flags)
{
    struct start start;
    if (!find_start(env, native, &start)) {
        if (start.lost)
            lr_count(LR_CNT_java_no_place);
        return !start.lost;
    }
    enum lr_walk_end end =
        lr_java_walk_from(start.place, start.exit, start.high, walk->frames, max, &walk->count);
    if (end == LR_WALK_DECLINED) {
        lr_count(start.exit == LR_EXIT_ANCHOR ? LR_CNT_java_strange : LR_CNT_java_strange_code);
        walk->count = 0;
        return false;
    }
    if (walk->count)
        *flags |= LR_STACK_JAVA;
    if (end != LR_WALK_END)
        *flags |= LR_STACK_JAVA_CUT;
    walk->epoch = epoch_of(walk);
    if (walk->count && lr_jvm_check_due() && start.exit == LR_EXIT_ANCHOR) {
        lr_jvm_check(walk, max);
        if (from_java)
            lr_jvm_check_native(walk, max, end == LR_WALK_END);
    }
    return true;
}

/* The VM's answer in our form; its memory is a hook's own. */
static __attribute__((noinline, cold)) void ask(struct lr_java_walk *walk, size_t max,
                                                bool from_java, uint32_t *flags)
{
    struct lr_java_frame frames[max];
    walk->count =
        from_java ? lr_jvm_ask_native(frames, max, flags) : lr_jvm_ask(frames, max, flags);
    lr_jvm_methods_of(frames, walk->count);
    for (size_t i = 0; i < walk->count; i++)
        walk->frames[i] = lr_java_raw_of(LR_JAVA_NAMED, frames[i].method, (uint32_t)frames[i].bci);
    walk->epoch = epoch_of(walk);
}

void lr_jvm_look(JNIEnv *env, struct lr_java_walk *walk, size_t max, bool from_java,
                 const struct lr_trail *native, uint32_t *flags)
{
    walk->count = 0;
    walk->epoch = 0;
    if (!env || max == 0)
        return;
    if (max > LR_DEPTH_MAX)
        max = LR_DEPTH_MAX;
    bool walked = lr_jvm.walks && walk_stack(env, walk, max, from_java, native, flags);
    bool cut_short = (*flags & LR_STACK_JAVA_CUT) && walk->count < max;
    if (walked && !(from_java && cut_short))
        return;
    if (!walked && lr_jvm.walks)
        lr_count(LR_CNT_java_declined);
    *flags = 0;
    ask(walk, max, from_java, flags);
}

void lr_jvm_walk(struct lr_java_walk *walk, size_t max, void *java_env,
                 const struct lr_trail *native, uint32_t *flags)
{
    JNIEnv *env = !lr_jvm_is_live() ? NULL : java_env ? java_env : lr_jvm_env();
    uint32_t found = 0;
    lr_jvm_look(env, walk, max, java_env, native, &found);
    if (found)
        count_flags(found);
    *flags |= found;
}

/* What follows is cold. */

struct output {
    struct lr_java_frame *frames;
    size_t count, max;
    bool more;
};

static void put(struct output *output, uintptr_t method, int32_t bci)
{
    output->more = output->count == output->max;
    if (!output->more)
        output->frames[output->count++] = (struct lr_java_frame){.method = method, .bci = bci};
}

static bool put_compiled(struct output *output, struct lr_java_raw raw, bool as_vm)
{
    struct lr_code code;
    struct lr_scopes scopes;
    lr_jvm_code_find(raw.at, &code);
    if (code.kind != LR_CODE_COMPILED || code.compile_id != lr_java_id_of(raw))
        return false;
    if (as_vm)
        lr_scopes_open_next(code.blob, raw.at, &scopes);
    else
        lr_scopes_open(code.blob, raw.at, &scopes);
    while (!output->more && lr_scopes_next(&scopes))
        put(output, scopes.method, scopes.bci);
    return !scopes.bad;
}

/* A frame that is being built may hold anything. */
static bool put_interpreted(struct output *output, struct lr_java_raw raw)
{
    struct lr_vm_method method;
    uintptr_t bcp = lr_java_id_of(raw);
    int32_t bci;
    if (!lr_vm_method_is_sound(raw.at) || !lr_vm_method_read(raw.at, &method))
        return false;
    if (!lr_vm_method_bci(&method, bcp, &bci))
        return false;
    put(output, raw.at, bci);
    return true;
}

static bool put_raw(struct output *output, struct lr_java_raw raw, bool as_vm)
{
    switch (lr_java_kind_of(raw)) {
    case LR_JAVA_COMPILED:
        return put_compiled(output, raw, as_vm);
    case LR_JAVA_INTERPRETED:
        return put_interpreted(output, raw);
    case LR_JAVA_NAMED:
        put(output, raw.at, (int32_t)(uint32_t)lr_java_id_of(raw));
        return true;
    }
    return false;
}

static size_t resolve(const struct lr_java_walk *walk, struct lr_java_frame *frames, size_t max,
                      bool as_vm, uint32_t *flags)
{
    struct output output = {.frames = frames, .max = max};
    bool good = true;
    for (size_t i = 0; i < walk->count && good && !output.more; i++)
        good = put_raw(&output, walk->frames[i], as_vm && i == 0);
    if (output.more)
        *flags |= LR_STACK_JAVA_CUT;
    if (!good)
        lr_count(LR_CNT_java_unresolved);
    return output.count;
}

size_t lr_jvm_resolve(const struct lr_java_walk *walk, struct lr_java_frame *frames, size_t max,
                      uint32_t *flags)
{
    return resolve(walk, frames, max, false, flags);
}

size_t lr_jvm_resolve_as_vm(const struct lr_java_walk *walk, struct lr_java_frame *frames,
                            size_t max)
{
    uint32_t unused = 0;
    return resolve(walk, frames, max, true, &unused);
}

size_t lr_jvm_resolve_first(const struct lr_java_walk *walk, struct lr_java_frame *frames,
                            size_t max, uint32_t *flags)
{
    if (walk->count && lr_java_kind_of(walk->frames[0]) != LR_JAVA_NAMED && lr_jvm_check_first())
        lr_jvm_check(walk, max);
    return lr_jvm_resolve(walk, frames, max, flags);
}
