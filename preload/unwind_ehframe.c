/* unwind_ehframe.c -- our own walker: one cached rule per return address.
 *
 * Stage: intercept -> STACK -> record.  Context: any thread, inside malloc; lock-free.
 *
 * Nearly every frame needs only sp and fp to find its caller, by a rule that fits in 25 bits.
 * The cache holds one 64-bit word per entry, so it can't be torn:
 *
 *     63      33 32    25 24  22 21       16 15         0
 *     tag        epoch    kind   fp slot     CFA offset
 *
 * A return address below 2^47 is multiplied by an odd number modulo 2^47, which loses nothing:
 * its upper 16 bits choose the entry, its lower 31 are the tag.  About 6 ns a frame when warm: a
 * multiplication and two dependent loads.
 */
#include "unwind.h"

#include "guard.h"
#include "unwind_dwarf.h"
#include "unwind_full.h"
#include "unwind_stack.h"

#define CACHE_BITS 16u
#define PC_BITS 47u
#define TAG_SHIFT 33u
#define EPOCH_SHIFT 25u
#define MULTIPLIER UINT64_C(0x6a09e667f3bd)

enum kind {
    KIND_NONE,      /* no unwind data */
    KIND_SP,        /* CFA = sp + 8 * offset */
    KIND_FP,        /* CFA = fp + 8 * offset */
    KIND_DRAP,      /* CFA = word at fp - 8 * offset: a realigned stack */
    KIND_OUTERMOST, /* the thread's first frame */
    KIND_FULL,      /* needs more than sp and fp: lr_unwind_full */
    KIND_FOREIGN,   /* in no module; never cached, since one may be mapped there any time */
};

/* The return address is the word below the CFA; the caller's fp is unchanged when the slot is 0,
 * else at CFA - 8 * slot, or for KIND_DRAP (slot 1) at fp. */
#define RULE(kind, slot, offset)                                                                   \
    ((uint64_t)(kind) << 22 | (uint64_t)(slot) << 16 | (uint64_t)(offset))
#define RULE_KIND(rule) ((enum kind)((rule) >> 22 & 7))
#define RULE_SLOT(rule) ((rule) >> 16 & 63)
#define RULE_OFFSET(rule) ((rule)&0xffff)
#define SLOT_MAX 63
#define OFFSET_MAX 0xffff

static uint64_t cache[1u << CACHE_BITS];
static uint64_t epoch = 1; /* the low 8 bits go into the entries; 0 never does */

void lr_unwind_forget(void)
{
    uint64_t next = __atomic_add_fetch(&epoch, 1, __ATOMIC_ACQ_REL);
    if ((next & 255) != 0)
        return;
    for (size_t i = 0; i < sizeof cache / sizeof cache[0]; i++)
        if (__atomic_load_n(&cache[i], __ATOMIC_RELAXED))
            __atomic_store_n(&cache[i], 0, __ATOMIC_RELAXED);
    __atomic_add_fetch(&epoch, 1, __ATOMIC_ACQ_REL);
}

/* From here on: making a rule, cold. */

/* PLT entries compute their CFA from sp and pc: at one pc that is a constant above sp. */
static bool constant_above_sp(const struct lr_fde *fde, const uint8_t *block, uintptr_t pc,
                              int64_t *offset)
{
    uint64_t reg[LR_REG_COUNT] = {[LR_REG_PC] = pc}, first, second;
    const uint64_t a = UINT64_C(1) << 32, b = UINT64_C(5) << 32;
    struct lr_expr_input input = {reg, 1u << LR_REG_PC | 1u << LR_REG_SP, 0, NULL, NULL};
    reg[LR_REG_SP] = a;
    if (!lr_expr_evaluate(block, fde->limit, &input, NULL, &first))
        return false;
    reg[LR_REG_SP] = b;
    if (!lr_expr_evaluate(block, fde->limit, &input, NULL, &second) || first - a != second - b)
        return false;
    *offset = (int64_t)(first - a);
    return true;
}

/* gcc's realigned frames: the CFA was pushed below the saved fp, DW_OP_breg6 -n; DW_OP_deref. */
static bool is_word_below_fp(const struct lr_fde *fde, const uint8_t *block, int64_t *offset)
{
    struct lr_reader reader = {block, fde->limit, false};
    uint64_t length = lr_read_uleb(&reader);
    if (reader.bad || length > (uint64_t)(reader.end - reader.at))
        return false;
    reader.end = reader.at + length;
    if (lr_read_fixed(&reader, 1) != 0x70 + LR_REG_FP)
        return false;
    *offset = -lr_read_sleb(&reader);
    return lr_read_fixed(&reader, 1) == 0x06 && !reader.bad && reader.at == reader.end;
}

/* DW_OP_breg6 0: gcc's realigned frames keep the caller's fp where fp points. */
static bool is_word_at_fp(const struct lr_fde *fde, const uint8_t *block)
{
    struct lr_reader reader = {block, fde->limit, false};
    return lr_read_uleb(&reader) == 2 && lr_read_fixed(&reader, 1) == 0x70 + LR_REG_FP &&
           lr_read_fixed(&reader, 1) == 0 && !reader.bad;
}

static bool cfa_kind(const struct lr_fde *fde, const struct lr_cfi_row *row, uintptr_t pc,
                     enum kind *kind, int64_t *offset)
{
    const uint8_t *block = (const uint8_t *)(uintptr_t)row->cfa_value;
    *offset = row->cfa_value;
    if (row->cfa_register == LR_REG_SP)
        *kind = KIND_SP;
    else if (row->cfa_register == LR_REG_FP)
        *kind = KIND_FP;
    else if (row->cfa_register != LR_CFA_BLOCK)
        return false;
    else if (is_word_below_fp(fde, block, offset))
        *kind = KIND_DRAP;
    else if (constant_above_sp(fde, block, pc, offset))
        *kind = KIND_SP;
    else
        return false;
    return *offset >= 0 && *offset % 8 == 0 && *offset / 8 <= OFFSET_MAX;
}

static bool fp_slot(const struct lr_fde *fde, const struct lr_cfi_row *row, enum kind kind,
                    int64_t *slot)
{
    int64_t value = row->value[LR_REG_FP];
    switch (row->where[LR_REG_FP]) {
    case LR_CFI_UNDEFINED:
    case LR_CFI_SAME:
        *slot = 0;
        return true;
    case LR_CFI_OFFSET:
        *slot = -value / 8;
        return kind != KIND_DRAP && value < 0 && value % 8 == 0 && *slot <= SLOT_MAX;
    case LR_CFI_EXPRESSION:
        *slot = 1;
        return kind == KIND_DRAP && is_word_at_fp(fde, (const uint8_t *)(uintptr_t)value);
    default:
        return false;
    }
}

static uint64_t rule_of_row(const struct lr_fde *fde, const struct lr_cfi_row *row, uintptr_t pc)
{
    enum kind kind;
    int64_t offset, slot;
    if (row->where[LR_REG_PC] == LR_CFI_UNDEFINED)
        return RULE(KIND_OUTERMOST, 0, 0);
    if (fde->is_signal || row->where[LR_REG_PC] != LR_CFI_OFFSET || row->value[LR_REG_PC] != -8 ||
        row->where[LR_REG_SP] != LR_CFI_SAME || !cfa_kind(fde, row, pc, &kind, &offset) ||
        !fp_slot(fde, row, kind, &slot))
        return RULE(KIND_FULL, 0, 0);
    return RULE(kind, slot, offset / 8);
}

/* A return address points behind the call, perhaps into the next function. */
static uint64_t make_rule(uintptr_t pc)
{
    struct lr_module_info module;
    struct lr_fde fde;
    struct lr_cfi_row row;
    if (!lr_module_find(pc - 1, &module))
        return RULE(KIND_FOREIGN, 0, 0);
    if (lr_fde_find(&module, pc - 1, &fde))
        return lr_cfi_row(&fde, pc - 1, &row) ? rule_of_row(&fde, &row, pc - 1)
                                              : RULE(KIND_NONE, 0, 0);
    if (lr_unwind_starts_stack(&module, pc))
        return RULE(KIND_OUTERMOST, 0, 0);
    return RULE(lr_unwind_is_sigreturn(pc) ? KIND_FULL : KIND_NONE, 0, 0);
}

static inline uint64_t spread(uintptr_t pc)
{
    return pc * MULTIPLIER << (64 - PC_BITS);
}

static inline uint64_t entry_head(uint64_t hash, uint64_t now)
{
    return hash << CACHE_BITS | (now & 255) << EPOCH_SHIFT;
}

__attribute__((noinline, cold)) static uint64_t miss(uintptr_t pc)
{
    uint64_t now = __atomic_load_n(&epoch, __ATOMIC_ACQUIRE); /* before the module is looked up */
    uint64_t rule = make_rule(pc), hash = spread(pc);
    if (pc >> PC_BITS == 0 && RULE_KIND(rule) != KIND_FOREIGN && (now & 255) != 0)
        __atomic_store_n(&cache[hash >> (64 - CACHE_BITS)], entry_head(hash, now) | rule,
                         __ATOMIC_RELAXED);
    return rule;
}

static inline uint64_t rule_for(uintptr_t pc, uint64_t now)
{
    uint64_t hash = spread(pc);
    uint64_t entry = __atomic_load_n(&cache[hash >> (64 - CACHE_BITS)], __ATOMIC_RELAXED);
    uint64_t rule = entry ^ entry_head(hash, now);
    if (__builtin_expect(rule >> EPOCH_SHIFT != 0 || pc >> PC_BITS != 0, 0))
        return miss(pc);
    return rule;
}

static inline uintptr_t word(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

static size_t fast_walk(const struct lr_regs *regs, struct lr_stack_range *range, uintptr_t *pcs,
                        size_t max, enum lr_unwind_end *end)
{
    uintptr_t pc = regs->pc, sp = regs->sp, fp = regs->fp, cfa;
    uint64_t now = __atomic_load_n(&epoch, __ATOMIC_RELAXED);
    size_t count = 0;
    *end = LR_UNWIND_LOST;
    while (count < max) {
        pcs[count++] = pc;
        uint64_t rule = rule_for(pc, now), slot = RULE_SLOT(rule), offset = RULE_OFFSET(rule) * 8;
        switch (RULE_KIND(rule)) {
        case KIND_SP:
            cfa = sp + offset;
            break;
        case KIND_FP:
            cfa = fp + offset;
            break;
        case KIND_DRAP:
            if (fp < sp || !lr_stack_holds(range, fp) || !lr_stack_holds(range, fp - offset))
                return count;
            cfa = word(fp - offset);
            break;
        case KIND_OUTERMOST:
            *end = LR_UNWIND_OUTERMOST;
            return count;
        case KIND_FULL:
            return lr_unwind_full(regs, range, pcs, max, end);
        case KIND_FOREIGN:
            *end = LR_UNWIND_FOREIGN;
            return count;
        default:
            return count;
        }
        if (__builtin_expect(cfa - 8 < sp || cfa > range->high || cfa % 8 != 0 || cfa < 8, 0))
            if (cfa % 8 != 0 || cfa <= sp || !lr_stack_reach(range, cfa))
                return count;
        pc = word(cfa - 8);
        if (slot) {
            uintptr_t at = RULE_KIND(rule) == KIND_DRAP ? fp : cfa - slot * 8;
            if (__builtin_expect(at < sp, 0))
                return count;
            fp = word(at);
        }
        sp = cfa;
        if (__builtin_expect(pc == 0, 0)) {
            *end = LR_UNWIND_OUTERMOST;
            return count;
        }
    }
    *end = LR_UNWIND_DEPTH;
    return count;
}

static size_t walk(const struct lr_regs *regs, uintptr_t *pcs, size_t max, enum lr_unwind_end *end)
{
    struct lr_stack_range range = {lr_self.stack_low, lr_self.stack_high, LR_STACK_BUDGET};
    *end = LR_UNWIND_LOST;
    if (max == 0)
        return 0;
    if (__builtin_expect(regs->sp < range.low || regs->sp >= range.high || regs->sp % 8 != 0, 0))
        if (!lr_stack_begin(&range, regs->sp))
            return pcs[0] = regs->pc, 1;
    size_t count = fast_walk(regs, &range, pcs, max, end);
    if (__builtin_expect(range.high != lr_self.stack_high || range.low != lr_self.stack_low, 0)) {
        lr_self.stack_low = range.low;
        lr_self.stack_high = range.high;
    }
    return count;
}

static bool init(void)
{
    return true;
}

const struct lr_unwinder lr_unwinder_ehframe = {"ehframe", init, walk};
