/* unwind_program.c -- runs call frame programs (DW_CFA_*): from an FDE and a pc to a row.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.
 */
#include "unwind_dwarf.h"

/* DW_CFA_*.  The first three carry an operand in their low six bits. */
enum {
    CFA_ADVANCE = 0x40,
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_NOP = 0x00,
    CFA_SET_LOC,
    CFA_ADVANCE1,
    CFA_ADVANCE2,
    CFA_ADVANCE4,
    CFA_OFFSET_EXTENDED,
    CFA_RESTORE_EXTENDED,
    CFA_UNDEFINED,
    CFA_SAME_VALUE,
    CFA_REGISTER,
    CFA_REMEMBER,
    CFA_RESTORE_STATE,
    CFA_DEF_CFA,
    CFA_DEF_CFA_REGISTER,
    CFA_DEF_CFA_OFFSET,
    CFA_DEF_CFA_EXPRESSION,
    CFA_EXPRESSION,
    CFA_OFFSET_EXTENDED_SF,
    CFA_DEF_CFA_SF,
    CFA_DEF_CFA_OFFSET_SF,
    CFA_VAL_OFFSET,
    CFA_VAL_OFFSET_SF,
    CFA_VAL_EXPRESSION,
    CFA_ADVANCE8 = 0x1d,
    CFA_GNU_ARGS_SIZE = 0x2e,
    CFA_GNU_NEGATIVE_OFFSET = 0x2f,
};

enum { REMEMBER_DEPTH = 8 };

struct program {
    const struct lr_fde *fde;
    struct lr_reader code;
    uintptr_t location, pc;
    bool is_done; /* the next row lies behind pc */
    struct lr_cfi_row *row;
    const struct lr_cfi_row *initial; /* NULL while the CIE's own program runs */
    struct lr_cfi_row saved[REMEMBER_DEPTH];
    unsigned saved_count;
};

static void advance(struct program *p, uint64_t delta)
{
    uintptr_t next = p->location + delta * p->fde->code_align;
    if (next > p->pc || next < p->location)
        p->is_done = true;
    else
        p->location = next;
}

/* Registers that we don't follow (vector ones) are parsed and dropped. */
static void set(struct program *p, uint64_t number, enum lr_cfi_where where, int64_t value)
{
    if (number >= LR_REG_COUNT)
        return;
    p->row->where[number] = (uint8_t)where;
    p->row->value[number] = value;
}

static void restore(struct program *p, uint64_t number)
{
    if (number < LR_REG_COUNT && p->initial)
        set(p, number, p->initial->where[number], p->initial->value[number]);
}

/* An offset alone, after an expression or nothing, is malformed: `number` is LR_CFA_BLOCK then. */
static void set_cfa(struct program *p, uint64_t number, int64_t offset)
{
    if (number >= LR_REG_COUNT)
        p->code.bad = true;
    p->row->cfa_register = (uint8_t)number;
    p->row->cfa_value = offset;
}

static int64_t block(struct program *p)
{
    int64_t start = (int64_t)(uintptr_t)p->code.at;
    uint64_t length = lr_read_uleb(&p->code);
    if (length > (uint64_t)(p->code.end - p->code.at))
        p->code.bad = true;
    else
        p->code.at += length;
    return start;
}

static void remember(struct program *p)
{
    if (p->saved_count < REMEMBER_DEPTH)
        p->saved[p->saved_count++] = *p->row;
    else
        p->code.bad = true;
}

static void restore_state(struct program *p)
{
    if (p->saved_count > 0)
        *p->row = p->saved[--p->saved_count];
    else
        p->code.bad = true;
}

static int64_t scaled(struct program *p, bool is_signed)
{
    int64_t factor = is_signed ? lr_read_sleb(&p->code) : (int64_t)lr_read_uleb(&p->code);
    return (int64_t)((uint64_t)factor * (uint64_t)p->fde->data_align);
}

static bool step_location(struct program *p, uint8_t op)
{
    struct lr_reader *code = &p->code;
    uintptr_t to;
    switch (op) {
    case CFA_ADVANCE1:
        advance(p, lr_read_fixed(code, 1));
        return true;
    case CFA_ADVANCE2:
        advance(p, lr_read_fixed(code, 2));
        return true;
    case CFA_ADVANCE4:
        advance(p, lr_read_fixed(code, 4));
        return true;
    case CFA_ADVANCE8:
        advance(p, lr_read_fixed(code, 8));
        return true;
    case CFA_SET_LOC:
        to = lr_read_encoded(code, p->fde->encoding, 0);
        if (to > p->pc)
            p->is_done = true;
        p->location = to;
        return true;
    default:
        return false;
    }
}

static bool step_cfa(struct program *p, uint8_t op)
{
    struct lr_reader *code = &p->code;
    uint64_t number;
    switch (op) {
    case CFA_DEF_CFA:
        number = lr_read_uleb(code);
        set_cfa(p, number, (int64_t)lr_read_uleb(code));
        return true;
    case CFA_DEF_CFA_SF:
        number = lr_read_uleb(code);
        set_cfa(p, number, scaled(p, true));
        return true;
    case CFA_DEF_CFA_REGISTER:
        set_cfa(p, lr_read_uleb(code), p->row->cfa_value);
        return true;
    case CFA_DEF_CFA_OFFSET:
        set_cfa(p, p->row->cfa_register, (int64_t)lr_read_uleb(code));
        return true;
    case CFA_DEF_CFA_OFFSET_SF:
        set_cfa(p, p->row->cfa_register, scaled(p, true));
        return true;
    case CFA_DEF_CFA_EXPRESSION:
        p->row->cfa_register = LR_CFA_BLOCK;
        p->row->cfa_value = block(p);
        return true;
    default:
        return false;
    }
}

static bool step_register(struct program *p, uint8_t op)
{
    struct lr_reader *code = &p->code;
    if (op < CFA_OFFSET_EXTENDED || op > CFA_VAL_EXPRESSION)
        if (op != CFA_GNU_NEGATIVE_OFFSET)
            return false;
    uint64_t number = lr_read_uleb(code);
    switch (op) {
    case CFA_OFFSET_EXTENDED:
        set(p, number, LR_CFI_OFFSET, scaled(p, false));
        return true;
    case CFA_OFFSET_EXTENDED_SF:
        set(p, number, LR_CFI_OFFSET, scaled(p, true));
        return true;
    case CFA_GNU_NEGATIVE_OFFSET:
        set(p, number, LR_CFI_OFFSET, -scaled(p, false));
        return true;
    case CFA_VAL_OFFSET:
        set(p, number, LR_CFI_VAL_OFFSET, scaled(p, false));
        return true;
    case CFA_VAL_OFFSET_SF:
        set(p, number, LR_CFI_VAL_OFFSET, scaled(p, true));
        return true;
    case CFA_RESTORE_EXTENDED:
        restore(p, number);
        return true;
    case CFA_UNDEFINED:
        set(p, number, LR_CFI_UNDEFINED, 0);
        return true;
    case CFA_SAME_VALUE:
        set(p, number, LR_CFI_SAME, 0);
        return true;
    case CFA_REGISTER:
        set(p, number, LR_CFI_REGISTER, (int64_t)lr_read_uleb(code));
        return true;
    case CFA_EXPRESSION:
        set(p, number, LR_CFI_EXPRESSION, block(p));
        return true;
    case CFA_VAL_EXPRESSION:
        set(p, number, LR_CFI_VAL_EXPRESSION, block(p));
        return true;
    default:
        return false;
    }
}

static void step(struct program *p)
{
    uint8_t op = (uint8_t)lr_read_fixed(&p->code, 1), low = op & 0x3f;
    switch (op & 0xc0) {
    case CFA_ADVANCE:
        advance(p, low);
        return;
    case CFA_OFFSET:
        set(p, low, LR_CFI_OFFSET, scaled(p, false));
        return;
    case CFA_RESTORE:
        restore(p, low);
        return;
    }
    if (op == CFA_NOP || lr_arch_is_plain_cfa(op) || step_location(p, op) || step_cfa(p, op))
        return;
    if (op == CFA_REMEMBER)
        remember(p);
    else if (op == CFA_RESTORE_STATE)
        restore_state(p);
    else if (op == CFA_GNU_ARGS_SIZE)
        lr_read_uleb(&p->code);
    else if (!step_register(p, op))
        p->code.bad = true;
}

static bool run(struct program *p, const uint8_t *from, const uint8_t *to)
{
    p->code = (struct lr_reader){.at = from, .end = to};
    while (p->code.at < p->code.end && !p->code.bad && !p->is_done)
        step(p);
    return !p->code.bad;
}

bool lr_cfi_row(const struct lr_fde *fde, uintptr_t pc, struct lr_cfi_row *row)
{
    struct lr_cfi_row initial;
    struct program p;
    p.fde = fde;
    p.location = fde->start;
    p.pc = pc;
    p.is_done = false;
    p.row = row;
    p.initial = NULL;
    p.saved_count = 0;
    *row = (struct lr_cfi_row){.cfa_register = LR_CFA_BLOCK};
    if (!run(&p, fde->initial, fde->initial_end))
        return false;
    initial = *row;
    p.initial = &initial;
    return run(&p, fde->program, fde->program_end) &&
           (row->cfa_register != LR_CFA_BLOCK || row->cfa_value != 0);
}
