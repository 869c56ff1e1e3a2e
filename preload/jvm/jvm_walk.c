/* jvm_walk.c -- jvm_walk.h: steps over interpreted, compiled and stub frames, and over the C++
 * frames between them by the anchors that were left where C++ called Java.
 *
 * Stage: STACK, hot.  Context: inside malloc, the calling thread's own stack.
 *
 * x86_64: a compiled or stub frame has a fixed size, its return address on top and the caller's
 * frame pointer right under that.  The offsets in interpreted frames are those of frame_x86.
 */
#include "jvm_walk.h"

#include "arch.h"
#include "jvm_code.h"
#include "jvm_internal.h"

enum { WORD = sizeof(uintptr_t), STEPS_MAX = 4096 };

/* In an interpreted frame, in words from its frame pointer. */
enum { FP_LINK = 0, FP_RETURN = 1, FP_SENDER_SP = -1, FP_METHOD = -3, FP_BCP = -8 };

static struct {
    int32_t entry_wrapper; /* words from the entry frame's fp */
    uint32_t wrapper_anchor;
    uint32_t upcall_offset, upcall_anchor;
} layout;

struct walk {
    struct lr_java_place at;
    uintptr_t high;
};

bool lr_java_walk_start(void)
{
    layout.entry_wrapper = lr_jvm_constant("frame::entry_frame_call_wrapper_offset", 0);
    layout.wrapper_anchor = lr_jvm_field("JavaCallWrapper", "_anchor");
    layout.upcall_offset = lr_jvm_field("UpcallStub", "_frame_data_offset");
    layout.upcall_anchor = lr_jvm_field("UpcallStub::FrameData", "jfa");
    return LR_ARCH_JAVA_FRAMES && layout.entry_wrapper < 0 && layout.wrapper_anchor != LR_NOWHERE &&
           lr_jvm_constant("frame::interpreter_frame_sender_sp_offset", 0) == FP_SENDER_SP &&
           lr_jvm_code_start();
}

static bool is_readable(const struct walk *walk, uintptr_t address)
{
    return address % WORD == 0 && address >= walk->at.sp && address <= walk->high - WORD;
}

static uintptr_t word_at(uintptr_t base, int32_t words)
{
    return *(const uintptr_t *)(base + (uintptr_t)(intptr_t)(words * WORD));
}

/* Stacks grow down: every caller lies higher. */
static bool go_to(struct walk *walk, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
    if (sp <= walk->at.sp || sp > walk->high || sp % WORD)
        return false;
    walk->at = (struct lr_java_place){pc, sp, fp};
    return true;
}

static bool step_fixed(struct walk *walk, uint32_t words)
{
    uintptr_t caller = walk->at.sp + words * WORD;
    if (caller > walk->high)
        return false;
    return go_to(walk, word_at(caller, -1), caller, word_at(caller, -2));
}

static bool step_interpreted(struct walk *walk)
{
    uintptr_t fp = walk->at.fp;
    return go_to(walk, word_at(fp, FP_RETURN), word_at(fp, FP_SENDER_SP), word_at(fp, FP_LINK));
}

/* Only the innermost frame can be of this kind, and only its caller's frame pointer is certain. */
static bool step_framed(struct walk *walk)
{
    uintptr_t fp = walk->at.fp;
    if (!is_readable(walk, fp) || !is_readable(walk, fp + FP_RETURN * WORD))
        return false;
    return go_to(walk, word_at(fp, FP_RETURN), fp + 2 * WORD, word_at(fp, FP_LINK));
}

static bool holds_interpreted(const struct walk *walk)
{
    uintptr_t fp = walk->at.fp;
    return is_readable(walk, fp + FP_BCP * WORD) && is_readable(walk, fp + FP_RETURN * WORD);
}

/* From where C++ (or a function pointer) called Java to the Java frame that called C++; the first
 * has none. */
static bool step_anchor(struct walk *walk, uintptr_t anchor, bool *end)
{
    const struct lr_jvm_layout *at = &lr_jvm_layout;
    if (!is_readable(walk, anchor) || !is_readable(walk, anchor + 3 * WORD))
        return false;
    uintptr_t sp = lr_vm_word(anchor, at->anchor_sp), pc = lr_vm_word(anchor, at->anchor_pc);
    *end = sp == 0;
    if (*end)
        return true;
    if (!is_readable(walk, sp - WORD))
        return false;
    return go_to(walk, pc ? pc : word_at(sp, -1), sp, lr_vm_word(anchor, at->anchor_fp));
}

static bool step_entry(struct walk *walk, bool *end)
{
    uintptr_t slot = walk->at.fp + (uintptr_t)(intptr_t)(layout.entry_wrapper * WORD);
    return is_readable(walk, slot) &&
           step_anchor(walk, *(const uintptr_t *)slot + layout.wrapper_anchor, end);
}

static bool step_upcall(struct walk *walk, uintptr_t blob, bool *end)
{
    if (layout.upcall_offset == LR_NOWHERE || layout.upcall_anchor == LR_NOWHERE)
        return false;
    uintptr_t data = walk->at.sp + lr_vm_u32(blob, layout.upcall_offset);
    return step_anchor(walk, data + layout.upcall_anchor, end);
}

/* The frame at walk->at; false when it isn't what it must be. */
static bool take_compiled(const struct walk *walk, const struct lr_code *code,
                          struct lr_java_raw *frame)
{
    uintptr_t pc = walk->at.pc;
    if (walk->at.sp + code->frame_words * WORD > walk->high)
        return false;
    if (code->kind == LR_CODE_DEOPT)
        pc = lr_nmethod_real_pc(code->blob, code->frame_words, walk->at.sp);
    *frame = lr_java_raw_of(LR_JAVA_COMPILED, pc, code->compile_id);
    return pc != 0;
}

static bool take_interpreted(const struct walk *walk, struct lr_java_raw *frame)
{
    if (!holds_interpreted(walk))
        return false;
    uintptr_t method = word_at(walk->at.fp, FP_METHOD), bcp = word_at(walk->at.fp, FP_BCP);
    *frame = lr_java_raw_of(LR_JAVA_INTERPRETED, method, bcp);
    return method && method % WORD == 0 && bcp >> 48 == 0;
}

/* May a frame return to `pc`?  A guess is believed only if it leads there: behind a call, or to
 * where the VM has frames return without one. */
static bool is_return(uintptr_t pc)
{
    struct lr_code code;
    lr_jvm_code_find(pc, &code);
    bool without_call = code.kind == LR_CODE_INTERPRETER || code.kind == LR_CODE_DEOPT ||
                        code.kind == LR_CODE_BARRIER;
    return without_call ||
           (code.kind != LR_CODE_UNKNOWN && lr_arch_follows_call((const uint8_t *)pc));
}

/* A stub without a frame of fixed size that was entered by `call` from compiled code and keeps a
 * frame pointer.  Under the return address there may be a word for the stub's own use. */
static bool step_called_stub(struct walk *walk)
{
    uintptr_t fp = walk->at.fp, blob = lr_jvm_find_blob(walk->at.pc);
    for (int slot = FP_RETURN; blob && slot <= FP_RETURN + 1; slot++) {
        if (!is_readable(walk, fp) || !is_readable(walk, fp + (uintptr_t)slot * WORD))
            return false;
        uintptr_t pc = word_at(fp, slot);
        if (is_return(pc) && lr_jvm_find_blob(lr_arch_call_target((const uint8_t *)pc)) == blob)
            return go_to(walk, pc, fp + (uintptr_t)(slot + 1) * WORD, word_at(fp, FP_LINK));
    }
    return false;
}

/* A compiled method that a signal interrupted before its frame was there: at its first instruction,
 * which looks whether the stack is large enough, or behind its push of the frame pointer. */
static bool step_unframed(struct walk *walk)
{
    uintptr_t sp = walk->at.sp;
    if (is_readable(walk, sp) && is_return(word_at(sp, 0)))
        return go_to(walk, word_at(sp, 0), sp + WORD, walk->at.fp);
    return is_readable(walk, sp + WORD) && is_return(word_at(sp, 1)) &&
           go_to(walk, word_at(sp, 1), sp + 2 * WORD, word_at(sp, 0));
}

/* The first frame of a thread that left no anchor; false: not to be had. */
static bool step_first(struct walk *walk, enum lr_java_exit exit, struct lr_java_raw *frame)
{
    struct lr_code code;
    bool is_signal = exit == LR_EXIT_SIGNAL;
    frame->id = 0;
    lr_jvm_code_find(walk->at.pc, &code);
    switch (code.kind) {
    case LR_CODE_COMPILED:
        if (!take_compiled(walk, &code, frame))
            return false;
        if (is_signal && !lr_nmethod_has_frame(code.blob, walk->at.pc))
            return step_unframed(walk);
        return step_fixed(walk, code.frame_words) && is_return(walk->at.pc);
    case LR_CODE_INTERPRETER:
        return take_interpreted(walk, frame) && step_interpreted(walk) && is_return(walk->at.pc);
    case LR_CODE_STUB:
        return !is_signal && step_fixed(walk, code.frame_words) && is_return(walk->at.pc);
    case LR_CODE_FRAMED:
    case LR_CODE_UNKNOWN:
        return !is_signal && step_called_stub(walk);
    default:
        return !is_signal; /* the usual step knows */
    }
}

/* One step; LR_WALK_MORE: go on.  *frame is what was stepped over, frame->id 0 if no method. */
static enum lr_walk_end step(struct walk *walk, struct lr_java_raw *frame)
{
    struct lr_code code;
    bool end = false, good = false;
    frame->id = 0;
    lr_jvm_code_find(walk->at.pc, &code);
    switch (code.kind) {
    case LR_CODE_COMPILED:
    case LR_CODE_DEOPT:
        good = take_compiled(walk, &code, frame) && step_fixed(walk, code.frame_words);
        break;
    case LR_CODE_INTERPRETER:
        good = take_interpreted(walk, frame) && step_interpreted(walk);
        break;
    case LR_CODE_STUB:
        good = step_fixed(walk, code.frame_words);
        break;
    case LR_CODE_FRAMED:
        good = step_framed(walk);
        break;
    case LR_CODE_ENTRY:
        good = step_entry(walk, &end);
        break;
    case LR_CODE_UPCALL:
        good = step_upcall(walk, code.blob, &end);
        break;
    case LR_CODE_BOTTOM:
        return LR_WALK_END;
    case LR_CODE_BARRIER:
        return LR_WALK_MISSING;
    case LR_CODE_UNKNOWN:
        break;
    }
    return !good ? LR_WALK_DECLINED : end ? LR_WALK_END : LR_WALK_MORE;
}

/* Most frames are of compiled methods that were met before.  Stops at any other, or when *count has
 * reached `max`. */
static size_t step_compiled(struct walk *walk, struct lr_java_raw *frames, size_t count, size_t max)
{
    struct lr_java_place at = walk->at;
    uint32_t words, id;
    while (count < max && lr_jvm_code_is_compiled(at.pc, &words, &id)) {
        uintptr_t caller = at.sp + words * WORD;
        if (caller > walk->high)
            break;
        frames[count++] = lr_java_raw_of(LR_JAVA_COMPILED, at.pc, id);
        at = (struct lr_java_place){word_at(caller, -1), caller, word_at(caller, -2)};
    }
    walk->at = at;
    return count;
}

enum lr_walk_end lr_java_walk_from(struct lr_java_place place, enum lr_java_exit exit,
                                   uintptr_t high, struct lr_java_raw *frames, size_t max,
                                   size_t *count)
{
    struct walk walk = {place, high};
    struct lr_java_raw frame;
    size_t taken = *count = 0;
    if (__builtin_expect(exit != LR_EXIT_ANCHOR, 0)) {
        if (max == 0 || !step_first(&walk, exit, &frame))
            return LR_WALK_DECLINED;
        if (frame.id)
            frames[taken++] = frame;
    }
    for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
        taken = step_compiled(&walk, frames, taken, max);
        enum lr_walk_end end = step(&walk, &frame);
        *count = taken;
        if (end == LR_WALK_DECLINED)
            return end;
        if (frame.id) {
            if (taken == max)
                return LR_WALK_MORE;
            frames[taken++] = frame;
            *count = taken;
        }
        if (end != LR_WALK_MORE)
            return end;
    }
    return LR_WALK_DECLINED;
}
