/* unwind_full.c -- unwind_full.h: evaluates the call frame row of every frame, uncached.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.
 */
#include "unwind_full.h"

#include "prim.h"
#include "unwind_dwarf.h"

enum { OWN_FRAMES = 24, SIGNAL_FRAMES = 8 };

struct walk {
    uint64_t reg[LR_REG_COUNT];
    uint64_t known; /* mask of valid ones */
    bool is_exact;  /* reg[LR_REG_PC] is where the frame stands, no return address */
    unsigned signals;
    struct lr_stack_range *range;
};

enum step {
    STEP_OK,
    STEP_OUTERMOST,
    STEP_FOREIGN,
    STEP_LOST,
};

static bool read_word(void *context, uintptr_t address, uint64_t *word)
{
    if (!lr_stack_holds(context, address))
        return false;
    *word = lr_stack_word(context, address);
    return true;
}

static bool evaluate(struct walk *walk, const struct lr_fde *fde, int64_t block,
                     const uint64_t *initial, uint64_t *result)
{
    struct lr_expr_input input = {walk->reg, walk->known, 0, read_word, walk->range};
    return lr_expr_evaluate((const uint8_t *)(uintptr_t)block, fde->limit, &input, initial, result);
}

static bool find_cfa(struct walk *walk, const struct lr_fde *fde, const struct lr_cfi_row *row,
                     uint64_t *cfa)
{
    if (row->cfa_register == LR_CFA_BLOCK)
        return evaluate(walk, fde, row->cfa_value, NULL, cfa);
    if (!(walk->known >> row->cfa_register & 1))
        return false;
    *cfa = walk->reg[row->cfa_register] + (uint64_t)row->cfa_value;
    return true;
}

/* One register of the caller; false when it can't be had. */
static bool recover(struct walk *walk, const struct lr_fde *fde, const struct lr_cfi_row *row,
                    unsigned number, uint64_t cfa, uint64_t *value)
{
    uint64_t address;
    int64_t operand = row->value[number];
    switch (row->where[number]) {
    case LR_CFI_SAME:
        *value = walk->reg[number];
        return walk->known >> number & 1;
    case LR_CFI_OFFSET:
        return read_word(walk->range, cfa + (uint64_t)operand, value);
    case LR_CFI_VAL_OFFSET:
        *value = cfa + (uint64_t)operand;
        return true;
    case LR_CFI_REGISTER:
        if (operand < 0 || operand >= LR_REG_COUNT || !(walk->known >> operand & 1))
            return false;
        *value = walk->reg[operand];
        return true;
    case LR_CFI_EXPRESSION:
        return evaluate(walk, fde, operand, &cfa, &address) &&
               read_word(walk->range, address, value);
    case LR_CFI_VAL_EXPRESSION:
        return evaluate(walk, fde, operand, &cfa, value);
    default:
        return false;
    }
}

/* Replaces the registers by the caller's.  A signal frame may lead to another stack. */
static enum step enter_caller(struct walk *walk, const uint64_t *reg, uint64_t known,
                              bool is_signal)
{
    uint64_t sp = reg[LR_REG_SP];
    if (is_signal) {
        if (++walk->signals > SIGNAL_FRAMES || !lr_stack_begin(walk->range, sp))
            return STEP_LOST;
    } else if (sp != walk->reg[LR_REG_SP] ||
               !walk->is_exact) { /* an interrupted leaf may have none */
        if (sp <= walk->reg[LR_REG_SP] || !lr_stack_holds(walk->range, sp - 8))
            return STEP_LOST;
    }
    for (unsigned i = 0; i < LR_REG_COUNT; i++)
        walk->reg[i] = reg[i];
    walk->known = known;
    walk->is_exact = is_signal;
    return reg[LR_REG_PC] ? STEP_OK : STEP_OUTERMOST;
}

/* A frame that called must have saved where it returns to; one that a signal interrupted may have
 * it in a register still, on machines that have such a register. */
static bool may_return(const struct walk *walk, const struct lr_cfi_row *row)
{
    return row->where[LR_REG_RA] != LR_CFI_SAME ||
           (walk->is_exact && (unsigned)LR_REG_RA != (unsigned)LR_REG_PC);
}

static enum step step_row(struct walk *walk, const struct lr_fde *fde, const struct lr_cfi_row *row)
{
    uint64_t cfa, reg[LR_REG_COUNT];
    uint64_t known = 0;
    if (row->where[LR_REG_RA] == LR_CFI_UNDEFINED)
        return STEP_OUTERMOST;
    if (!find_cfa(walk, fde, row, &cfa))
        return STEP_LOST;
    for (unsigned i = 0; i < LR_REG_COUNT; i++) {
        reg[i] = 0;
        /* What a call may clobber is only known across signal frames, which save it. */
        if (row->where[i] == LR_CFI_SAME && !(LR_REGS_PRESERVED >> i & 1))
            continue;
        if (recover(walk, fde, row, i, cfa, &reg[i]))
            known |= LR_REG_BIT(i);
    }
    if (row->where[LR_REG_SP] == LR_CFI_SAME) {
        reg[LR_REG_SP] = cfa;
        known |= LR_REG_BIT(LR_REG_SP);
    }
    if (!(known >> LR_REG_RA & 1) || !(known >> LR_REG_SP & 1) || !may_return(walk, row))
        return STEP_LOST;
    reg[LR_REG_PC] = lr_arch_strip(reg[LR_REG_RA]);
    known |= LR_REG_BIT(LR_REG_PC);
    return enter_caller(walk, reg, known, fde->is_signal);
}

bool lr_unwind_is_sigreturn(uintptr_t pc)
{
    return lr_prim_is_mapped((const void *)pc) == 1 &&
           lr_prim_is_mapped((const void *)(pc + 8)) == 1 && lr_arch_is_sigreturn((const void *)pc);
}

bool lr_unwind_starts_stack(const struct lr_module_info *module, uintptr_t pc)
{
    struct lr_fde fde;
    return lr_fde_find(module, pc, &fde) && fde.start == pc;
}

static enum step step_sigreturn(struct walk *walk)
{
    uint64_t reg[LR_REG_COUNT];
    for (unsigned i = 0; i < LR_REG_COUNT; i++)
        if (!read_word(walk->range, walk->reg[LR_REG_SP] + (uint64_t)lr_arch_sigframe_offset(i),
                       &reg[i]))
            return STEP_LOST;
    return enter_caller(walk, reg, LR_REG_BIT(LR_REG_COUNT) - 1, true);
}

static enum step step(struct walk *walk)
{
    uintptr_t pc = walk->reg[LR_REG_PC], key = walk->is_exact ? pc : pc - 1;
    struct lr_module_info module;
    struct lr_fde fde;
    struct lr_cfi_row row;
    if (!lr_module_find(key, &module))
        return STEP_FOREIGN;
    if (lr_fde_find(&module, key, &fde))
        return lr_cfi_row(&fde, key, &row) ? step_row(walk, &fde, &row) : STEP_LOST;
    if (lr_unwind_starts_stack(&module, pc))
        return STEP_OUTERMOST;
    return lr_unwind_is_sigreturn(pc) ? step_sigreturn(walk) : STEP_LOST;
}

/* From our own frames up to the caller's, so that all its registers are known. */
static bool start_here(struct walk *walk, const struct lr_regs *regs)
{
    for (unsigned i = 0; i < OWN_FRAMES; i++) {
        if (walk->reg[LR_REG_PC] == regs->pc && walk->reg[LR_REG_SP] == regs->sp)
            return true;
        if (walk->reg[LR_REG_SP] > regs->sp || step(walk) != STEP_OK)
            return false;
    }
    return false;
}

static void start_bare(struct walk *walk, const struct lr_regs *regs)
{
    walk->reg[LR_REG_PC] = regs->pc;
    walk->reg[LR_REG_SP] = regs->sp;
    walk->reg[LR_REG_FP] = regs->fp;
    walk->known = LR_REG_BIT(LR_REG_PC) | LR_REG_BIT(LR_REG_SP) | LR_REG_BIT(LR_REG_FP);
    walk->is_exact = false;
}

static enum lr_unwind_end end_of(enum step step)
{
    return step == STEP_OUTERMOST ? LR_UNWIND_OUTERMOST
           : step == STEP_FOREIGN ? LR_UNWIND_FOREIGN
                                  : LR_UNWIND_LOST;
}

/* Where the walk stands, for those who can go on in generated code. */
static void tell_place(const struct walk *walk, struct lr_trail *trail)
{
    bool has_fp = walk->known >> LR_REG_FP & 1;
    trail->at = (struct lr_regs){walk->reg[LR_REG_PC], walk->reg[LR_REG_SP],
                                 has_fp ? walk->reg[LR_REG_FP] : 0};
    trail->is_exact = walk->is_exact;
}

__attribute__((noinline, cold)) size_t lr_unwind_full(const struct lr_regs *regs,
                                                      struct lr_stack_range *range, uintptr_t *pcs,
                                                      size_t max, struct lr_trail *trail)
{
    struct walk walk = {.known = LR_REGS_PRESERVED, .is_exact = true, .range = range};
    lr_arch_capture(walk.reg);
    if (!lr_stack_begin(range, walk.reg[LR_REG_SP]) || !start_here(&walk, regs))
        start_bare(&walk, regs);
    if (!lr_stack_begin(range, walk.reg[LR_REG_SP])) {
        trail->end = LR_UNWIND_LOST;
        return 0;
    }
    size_t count = 0;
    for (;;) {
        if (count == max) {
            trail->end = LR_UNWIND_DEPTH;
            return count;
        }
        pcs[count++] = walk.reg[LR_REG_PC];
        enum step result = step(&walk);
        if (result != STEP_OK) {
            trail->end = end_of(result);
            tell_place(&walk, trail);
            return count;
        }
    }
}
