/* unwind_ehframe.c -- our own walker, by the rules of unwind_rules.h.
 *
 * Stage: intercept -> STACK -> record.  Context: any thread, inside malloc; lock-free.
 *
 * Each frame waits for the one before it: a rule gives the CFA, the word below it is the next
 * return address, which has a rule.  That is 4 ns a frame.  But the stacks of a thread resemble
 * each other: the caller's frames are still there, and other callees have frames as large.  So
 * `follow` takes the stack pointers that it saw last time for granted, reads ahead along them, and
 * checks each against its rule when that arrives: the processor works on many frames at once.
 * Nothing is believed that a rule doesn't confirm before it is used, so the result is the plain
 * walk's, and no word is read that the plain walk wouldn't read.
 *
 * Modules that are known to keep frame pointers get no way of their own: a chain of frame pointers
 * is read at 1 ns a frame, following takes 1.6 to 2.2 with the hash, and to know where the chain
 * can be trusted would cost as much as the difference.
 */
#include "unwind.h"

#include <string.h>

#include "guard.h"
#include "modules.h"
#include "next.h"
#include "prim.h"
#include "threads.h"
#include "unwind_full.h"
#include "unwind_hash.h"
#include "unwind_rules.h"
#include "unwind_stack.h"

/* A frame being looked at. */
struct cursor {
    uintptr_t pc, sp, fp;
    size_t place; /* frame 0 is the innermost */
};

/* May the two words at `fp` be read?  The range may be older than the stack: a coroutine's that
 * was unmapped and mapped again, smaller.  What rules lead to is there all the same, but this may
 * be any number.  The page of the frame's own return address is there. */
static bool is_there(const struct cursor *at, uintptr_t fp)
{
    const uintptr_t page = ~(uintptr_t)4095, last = fp + 15;
    if ((last & page) == ((at->sp - 8) & page) && (fp & page) == (last & page))
        return true;
    return lr_stack_is_mapped(fp) && lr_stack_is_mapped(fp + 8);
}

/* A frame that nothing describes, if it looks as frames with a frame pointer do: the caller's frame
 * pointer and a return address behind a call lie where fp points.  pc is 0 when it doesn't.  (By
 * value, so that the walk's cursor stays in registers.) */
static __attribute__((noinline, cold)) struct cursor by_frame_pointer(struct cursor at,
                                                                      struct lr_stack_range *range)
{
    struct lr_module_info module;
    struct cursor none = at, caller = at;
    uintptr_t fp = at.fp;
    none.pc = 0;
    if (fp < at.sp || !lr_stack_holds(range, fp) || !lr_stack_holds(range, fp + 8) ||
        !is_there(&at, fp))
        return none;
    caller.fp = lr_stack_word(range, fp);
    caller.pc = lr_arch_strip(lr_stack_word(range, fp + 8));
    caller.sp = fp + 16;
    if (!lr_module_find(caller.pc - 1, &module) || caller.pc - module.start < LR_CALL_BYTES ||
        !lr_arch_follows_call((const uint8_t *)caller.pc))
        return none;
    return caller;
}

/* From the frame to its caller's; false at the end of the walk, then *end says why. */
static inline __attribute__((always_inline)) bool
step(struct cursor *at, uint64_t rule, struct lr_stack_range *range, enum lr_unwind_end *end)
{
    uintptr_t cfa, fp_at = 0, offset = lr_rule_offset(rule);
    *end = LR_UNWIND_LOST;
    switch (LR_RULE_KIND(rule)) {
    case LR_RULE_SP:
        cfa = at->sp + lr_rule_plain_offset(rule);
        break;
    case LR_RULE_SP_FP:
        cfa = at->sp + offset;
        fp_at = lr_rule_fp_at(rule, cfa);
        break;
    case LR_RULE_FP:
        cfa = at->fp + offset;
        fp_at = lr_rule_saves_fp(rule) ? lr_rule_fp_at(rule, cfa) : 0;
        break;
    case LR_RULE_DRAP:
        if (at->fp < at->sp || !lr_stack_holds(range, at->fp) ||
            !lr_stack_holds(range, at->fp - offset))
            return false;
        cfa = lr_stack_word(range, at->fp - offset);
        fp_at = at->fp;
        break;
    case LR_RULE_OUTERMOST:
        *end = LR_UNWIND_OUTERMOST;
        return false;
    case LR_RULE_FOREIGN:
        *end = LR_UNWIND_FOREIGN;
        return false;
    default:
        if (rule != LR_RULE_TRY_FP)
            return false;
        *at = by_frame_pointer(*at, range);
        return at->pc != 0;
    }
    if (__builtin_expect(cfa - 8 < at->sp || cfa > range->high || cfa % 8 != 0 || cfa < 8, 0))
        if (cfa % 8 != 0 || cfa <= at->sp || !lr_stack_reach(range, cfa))
            return false;
    uintptr_t ra_at = lr_rule_ra_at(rule, cfa);
    if (__builtin_expect(ra_at < at->sp || (fp_at && fp_at < at->sp), 0))
        return false;
    if (fp_at)
        at->fp = lr_stack_word(range, fp_at);
    at->pc = lr_arch_strip(lr_stack_word(range, ra_at));
    at->sp = cfa;
    *end = LR_UNWIND_OUTERMOST;
    return at->pc != 0;
}

/* The part of the stack that may be read, as far as it is known; false when not even sp is. */
static inline bool begin(const struct lr_regs *regs, struct lr_stack_range *range)
{
    *range = (struct lr_stack_range){lr_self.stack_low, lr_self.stack_high, LR_STACK_BUDGET};
    if (__builtin_expect(regs->sp < range->low || regs->sp >= range->high || regs->sp % 8 != 0, 0))
        return lr_stack_begin(range, regs->sp);
    return true;
}

static inline void finish(const struct lr_stack_range *range)
{
    if (__builtin_expect(range->high != lr_self.stack_high || range->low != lr_self.stack_low, 0)) {
        lr_self.stack_low = range->low;
        lr_self.stack_high = range->high;
    }
}

static size_t plain_walk(const struct lr_regs *regs, struct lr_stack_range *range, uintptr_t *pcs,
                         size_t max, struct lr_trail *trail)
{
    struct cursor at = {regs->pc, regs->sp, regs->fp, 0};
    uint64_t key = lr_rule_key();
    *trail = (struct lr_trail){.end = LR_UNWIND_DEPTH};
    while (at.place < max) {
        pcs[at.place++] = at.pc;
        uint64_t rule = lr_rule_for(at.pc, key);
        if (__builtin_expect(LR_RULE_KIND(rule) == LR_RULE_FULL, 0))
            return lr_unwind_full(regs, range, pcs, max, trail);
        if (!step(&at, rule, range, &trail->end))
            break;
        trail->end = LR_UNWIND_DEPTH;
    }
    trail->at = (struct lr_regs){at.pc, at.sp, at.fp};
    return at.place;
}

static size_t walk(const struct lr_regs *regs, uintptr_t *pcs, size_t max, enum lr_unwind_end *end)
{
    struct lr_stack_range range;
    *end = LR_UNWIND_LOST;
    if (max == 0)
        return 0;
    if (!begin(regs, &range))
        return pcs[0] = regs->pc, 1;
    struct lr_trail trail;
    size_t count = plain_walk(regs, &range, pcs, max, &trail);
    *end = trail.end;
    finish(&range);
    return count;
}

bool lr_unwind_meets_call(const struct lr_regs *regs, uintptr_t caller, size_t max)
{
    struct lr_stack_range range;
    enum lr_unwind_end end;
    if (!begin(regs, &range))
        return false;
    struct cursor at = {regs->pc, regs->sp, regs->fp, 0};
    uint64_t key = lr_rule_key();
    bool is_met = false, was_own = false;
    while (at.place++ < max) {
        is_met = was_own && at.pc == caller;
        was_own = lr_is_own_address(at.pc - 1);
        if (is_met)
            break;
        uint64_t rule = lr_rule_for(at.pc, key);
        if (LR_RULE_KIND(rule) == LR_RULE_FULL || !step(&at, rule, &range, &end))
            break;
    }
    finish(&range);
    return is_met;
}

/* From here on: following remembered stack pointers. */

/* The stack pointers of the callers in an earlier walk, innermost first.  They ascend, each step is
 * below STEP_LIMIT, and the last is there twice: a step of 0, which no rule makes. */
enum { SHAPE_FRAMES = 61 }; /* 512 bytes */
#define STEP_LIMIT (UINT64_C(1) << 22)
struct shape {
    uintptr_t top; /* the last of them: nothing above it is read by following */
    uint64_t count;
    uintptr_t sp[SHAPE_FRAMES + 1];
};

/* A thread's room (threads.h).  Shapes are found by the place of the call. */
enum { SHAPES = LR_THREAD_ROOM_BYTES / sizeof(struct shape) - 1 };
struct memory {
    struct shape shape[SHAPES];
    uintptr_t fresh[SHAPE_FRAMES]; /* what is being learned */
};
_Static_assert(sizeof(struct memory) <= LR_THREAD_ROOM_BYTES, "it fits the room");

static inline struct shape *find_shape(struct memory *memory, const struct lr_regs *regs)
{
    uint32_t mixed = (uint32_t)((regs->pc ^ regs->sp << 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    return &memory->shape[(uint64_t)mixed * SHAPES >> 32];
}

/* A walk that follows a shape where it can. */
struct pursuit {
    struct cursor at;
    uint64_t key, hash;
    uintptr_t seen; /* all return addresses, or'ed */
    size_t max;
    struct lr_stack_range *range;
    struct shape *shape; /* NULL: this thread remembers nothing */
    uintptr_t *fresh;
    uintptr_t last; /* the last return address counted */
    bool is_full;   /* needs the full walk */
};

/* Does a rule that isn't plain lead from sp to `next`?  Then *fp is the caller's. */
static inline __attribute__((always_inline)) bool
confirm(uint64_t rule, uintptr_t sp, uintptr_t next, uintptr_t *fp, struct lr_stack_range *range)
{
    uintptr_t fp_at = lr_rule_fp_at(rule, next);
    if (rule >> 22 == LR_RULE_SP_FP) {
        if (sp + lr_rule_offset(rule) != next || fp_at < sp)
            return false;
    } else if (rule >> 22 == LR_RULE_FP) {
        if (*fp + lr_rule_offset(rule) != next || next <= sp || fp_at < sp)
            return false;
    } else {
        return false;
    }
    if (lr_rule_saves_fp(rule))
        *fp = lr_stack_word(range, fp_at);
    return true;
}

/* Follows the shape as far as the rules confirm it; returns the rule, or none, of the frame where
 * that ends.  Scalars, so that they stay in registers: the loop has 21 instructions for a frame
 * found from sp, 31 for one with the usual frame pointer.
 * Cost: about 1 ns a frame while the rules are in the first-level cache, else 2. */
static inline __attribute__((always_inline)) uint64_t follow_shape(struct pursuit *walk)
{
    uintptr_t pc = walk->at.pc, sp = walk->at.sp, fp = walk->at.fp, seen = walk->seen;
    size_t place = walk->at.place;
    uint64_t hash = walk->hash, rule;
    const uint64_t key = walk->key;
    const uintptr_t *const shape = walk->shape->sp;
    for (;;) {
        uintptr_t next = shape[place], known = next;
        rule = lr_rule_peek(pc, key);
        if (!lr_rule_ra_fits(rule, next - sp))
            break;
        __asm__("" : "+r"(known)); /* or the compiler may compute it out of the rule, or of fp */
        if (!lr_rule_is_plain(rule, next - sp)) {
            if (lr_rule_is_usual_fp(rule)) { /* as below, with the numbers known */
                if (fp + 16 != next || next < sp + 16)
                    break;
                fp = lr_stack_word(walk->range, known - 16);
            } else if (!confirm(rule, sp, next, &fp, walk->range)) {
                break;
            }
        }
        hash += lr_unwind_term(pc, place);
        seen |= pc;
        pc = lr_arch_strip(lr_stack_word(walk->range, lr_rule_ra_at(rule, known)));
        sp = known;
        place++;
    }
    walk->at = (struct cursor){pc, sp, fp, place};
    walk->hash = hash;
    walk->seen = seen;
    return rule;
}

/* Where the walk and the shape part: what the walk finds instead. */
struct lesson {
    size_t from, join; /* frames of the shape: the first that is wrong, the first that may fit */
    size_t count;      /* new ones */
    bool is_open;      /* more may be added */
};

/* What is new comes in behind the frames that were right, and then what fits again, as far as there
 * is room and the walk may go. */
static void learn(struct pursuit *walk, const struct lesson *lesson, bool fits)
{
    struct shape *shape = walk->shape;
    size_t limit = walk->max < SHAPE_FRAMES ? walk->max : SHAPE_FRAMES;
    size_t behind = lesson->from + lesson->count;
    size_t tail = fits ? shape->count - (lesson->join + 1) : 0;
    tail = tail < limit - behind ? tail : limit - behind;
    memmove(shape->sp + behind, shape->sp + lesson->join + 1, tail * sizeof *shape->sp);
    memcpy(shape->sp + lesson->from, walk->fresh, lesson->count * sizeof *shape->sp);
    shape->count = behind + tail;
    shape->top = shape->sp[shape->count - 1];
    shape->sp[shape->count] = shape->top;
}

static void add_lesson(struct lesson *lesson, struct pursuit *walk, uintptr_t before)
{
    uintptr_t sp = walk->at.sp;
    if (lesson->from + lesson->count >= SHAPE_FRAMES || sp - before >= STEP_LIMIT)
        lesson->is_open = false;
    if (lesson->is_open)
        walk->fresh[lesson->count++] = sp;
    while (lesson->join < walk->shape->count && walk->shape->sp[lesson->join] < sp)
        lesson->join++;
}

/* Has the walk come to a frame of the shape that isn't its last? */
static bool fits_again(const struct lesson *lesson, const struct pursuit *walk)
{
    return lesson->is_open && lesson->join + 1 < walk->shape->count &&
           walk->shape->sp[lesson->join] == walk->at.sp;
}

/* Walks by the rules alone, until the shape fits again (true) or to the end (false, *end).
 * Cost: about 4 ns a frame. */
static __attribute__((noinline)) bool leave_shape(struct pursuit *walk, enum lr_unwind_end *end)
{
    struct lesson lesson = {walk->at.place, walk->at.place, 0, walk->shape != NULL};
    bool fits = false;
    *end = LR_UNWIND_DEPTH;
    while (!fits && walk->at.place < walk->max) {
        uintptr_t sp = walk->at.sp;
        uint64_t rule = lr_rule_for(walk->at.pc, walk->key);
        walk->last = walk->at.pc;
        walk->seen |= walk->at.pc;
        walk->hash += lr_unwind_term(walk->at.pc, walk->at.place++);
        walk->is_full = LR_RULE_KIND(rule) == LR_RULE_FULL;
        if (walk->is_full || !step(&walk->at, rule, walk->range, end))
            break;
        *end = LR_UNWIND_DEPTH;
        if (walk->shape)
            add_lesson(&lesson, walk, sp);
        fits = walk->shape && fits_again(&lesson, walk);
    }
    if (lesson.count)
        learn(walk, &lesson, fits);
    return fits;
}

/* For stacks with frames of the rare kinds. */
static __attribute__((noinline, cold)) void follow_plainly(const struct lr_regs *regs,
                                                           struct lr_stack_range *range, size_t max,
                                                           struct lr_trail *trail)
{
    uintptr_t pcs[max];
    trail->count = plain_walk(regs, range, pcs, max, trail);
    trail->hash = lr_unwind_hash(pcs, trail->count);
    trail->last = pcs[trail->count - 1];
}

/* The usual end, counted. */
static inline bool is_outermost(struct pursuit *walk, uint64_t rule)
{
    if (walk->at.pc == 0)
        return true;
    if (rule != LR_RULE(LR_RULE_OUTERMOST, 0) || walk->at.place == walk->max)
        return false;
    walk->hash += lr_unwind_term(walk->at.pc, walk->at.place++);
    return true;
}

static inline void pursue(struct pursuit *walk, struct lr_trail *trail)
{
    for (bool fits = walk->shape != NULL;; fits = true) {
        uint64_t rule = fits ? follow_shape(walk) : lr_rule_peek(walk->at.pc, walk->key);
        if (is_outermost(walk, rule)) {
            trail->end = LR_UNWIND_OUTERMOST;
            break;
        }
        if (!leave_shape(walk, &trail->end))
            break;
    }
    trail->hash = walk->hash;
    trail->count = walk->at.place;
    trail->last = walk->last;
    trail->at = (struct lr_regs){walk->at.pc, walk->at.sp, walk->at.fp};
    trail->is_exact = false;
}

static void follow(const struct lr_regs *regs, size_t max, struct lr_trail *trail)
{
    struct lr_stack_range range;
    if (!begin(regs, &range)) {
        *trail = (struct lr_trail){.hash = lr_unwind_term(regs->pc, 0),
                                   .count = 1,
                                   .last = regs->pc,
                                   .end = LR_UNWIND_LOST};
        return;
    }
    struct pursuit walk = {
        .at = {regs->pc, regs->sp, regs->fp, 0}, .key = lr_rule_key(), .max = max, .range = &range};
    struct memory *memory = lr_thread_slot()->room;
    if (memory) {
        walk.shape = find_shape(memory, regs);
        walk.fresh = memory->fresh;
        if (walk.shape->sp[0] - regs->sp >= STEP_LIMIT || walk.shape->top > range.high ||
            walk.shape->count > max)
            walk.shape->count = 0, walk.shape->sp[0] = regs->sp; /* of another stack */
    }
    pursue(&walk, trail);
    if (__builtin_expect(walk.is_full || lr_rule_is_wild(walk.seen), 0))
        follow_plainly(regs, &range, max, trail);
    finish(&range);
}

static bool init(void)
{
    return true;
}

const struct lr_unwinder lr_unwinder_ehframe = {"ehframe", init, walk, follow};
