/* unwind_rules.c -- unwind_rules.h: making rules from call frame information, and the cache.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc; lock-free.
 */
#include "unwind_rules.h"

#include "unwind.h"
#include "unwind_dwarf.h"
#include "unwind_full.h"

uint64_t lr_rule_cache[1u << LR_RULE_CACHE_BITS];
uint64_t lr_unwind_state = UINT64_C(1) << 32;

static const uint64_t NEXT_EPOCH = UINT64_C(1) << 32;

struct lr_generated_code lr_generated_code;

void lr_unwind_note_generated(uintptr_t low, uintptr_t high)
{
    __atomic_store_n(&lr_generated_code.low, low, __ATOMIC_RELAXED);
    __atomic_store_n(&lr_generated_code.high, high, __ATOMIC_RELAXED);
}

void lr_unwind_doubt(void)
{
    __atomic_add_fetch(&lr_unwind_state, 1, __ATOMIC_ACQ_REL);
}

void lr_unwind_doubt_over(void)
{
    __atomic_sub_fetch(&lr_unwind_state, 1, __ATOMIC_ACQ_REL);
}

/* Every 256 epochs the entries' eight bits begin again. */
static void wipe(void)
{
    for (size_t i = 0; i < sizeof lr_rule_cache / sizeof lr_rule_cache[0]; i++)
        if (__atomic_load_n(&lr_rule_cache[i], __ATOMIC_RELAXED))
            __atomic_store_n(&lr_rule_cache[i], 0, __ATOMIC_RELAXED);
}

void lr_unwind_forget(void)
{
    lr_unwind_doubt(); /* nobody looks while it is wiped */
    uint64_t state = __atomic_add_fetch(&lr_unwind_state, NEXT_EPOCH, __ATOMIC_ACQ_REL);
    if ((state >> 32 & 255) == 0) {
        wipe();
        __atomic_add_fetch(&lr_unwind_state, NEXT_EPOCH, __ATOMIC_ACQ_REL);
    }
    lr_unwind_doubt_over();
}

/* PLT entries compute their CFA from sp and pc: at one pc that is a constant above sp. */
static bool constant_above_sp(const struct lr_fde *fde, const uint8_t *block, uintptr_t pc,
                              int64_t *offset)
{
    uint64_t reg[LR_REG_COUNT] = {[LR_REG_PC] = pc}, first, second;
    const uint64_t a = UINT64_C(1) << 32, b = UINT64_C(5) << 32;
    struct lr_expr_input input = {reg, LR_REG_BIT(LR_REG_PC) | LR_REG_BIT(LR_REG_SP), 0, NULL,
                                  NULL};
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
                     enum lr_rule_kind *kind, int64_t *offset)
{
    const uint8_t *block = (const uint8_t *)(uintptr_t)row->cfa_value;
    *offset = row->cfa_value;
    if (row->cfa_register == LR_REG_SP)
        *kind = LR_RULE_SP;
    else if (row->cfa_register == LR_REG_FP)
        *kind = LR_RULE_FP;
    else if (row->cfa_register != LR_CFA_BLOCK)
        return false;
    else if (is_word_below_fp(fde, block, offset))
        *kind = LR_RULE_DRAP;
    else if (constant_above_sp(fde, block, pc, offset))
        *kind = LR_RULE_SP;
    else
        return false;
    return *offset > 0;
}

/* How far below the CFA fp was saved; 0: it is unchanged. */
static bool find_fp(const struct lr_fde *fde, const struct lr_cfi_row *row, enum lr_rule_kind kind,
                    uint64_t *below)
{
    int64_t value = row->value[LR_REG_FP];
    *below = 0;
    switch (row->where[LR_REG_FP]) {
    case LR_CFI_UNDEFINED:
    case LR_CFI_SAME:
        return true;
    case LR_CFI_OFFSET:
        *below = (uint64_t)-value;
        return kind != LR_RULE_DRAP && value < 0;
    case LR_CFI_EXPRESSION:
        *below = 8; /* in truth at fp */
        return kind == LR_RULE_DRAP && is_word_at_fp(fde, (const uint8_t *)(uintptr_t)value);
    default:
        return false;
    }
}

static uint64_t rule_of_row(const struct lr_fde *fde, const struct lr_cfi_row *row, uintptr_t pc)
{
    enum lr_rule_kind kind;
    int64_t offset;
    uint64_t fp_below, operands;
    if (row->where[LR_REG_RA] == LR_CFI_UNDEFINED)
        return LR_RULE(LR_RULE_OUTERMOST, 0);
    if (fde->is_signal || row->where[LR_REG_RA] != LR_CFI_OFFSET || row->value[LR_REG_RA] >= 0 ||
        row->where[LR_REG_SP] != LR_CFI_SAME || !cfa_kind(fde, row, pc, &kind, &offset) ||
        !find_fp(fde, row, kind, &fp_below))
        return LR_RULE(LR_RULE_FULL, 0);
    if (kind == LR_RULE_SP && fp_below)
        kind = LR_RULE_SP_FP;
    if (!lr_rule_operands(kind == LR_RULE_SP, (uint64_t)offset, (uint64_t)-row->value[LR_REG_RA],
                          fp_below, &operands))
        return LR_RULE(LR_RULE_FULL, 0);
    return LR_RULE(kind, operands);
}

/* A return address points behind the call, perhaps into the next function. */
static uint64_t compute(uintptr_t pc)
{
    struct lr_module_info module;
    struct lr_fde fde;
    struct lr_cfi_row row;
    if (!lr_module_find(pc - 1, &module))
        return LR_RULE(LR_RULE_FOREIGN, 0);
    if (lr_fde_find(&module, pc - 1, &fde))
        return lr_cfi_row(&fde, pc - 1, &row) ? rule_of_row(&fde, &row, pc - 1)
                                              : LR_RULE(LR_RULE_NONE, 0);
    if (lr_unwind_starts_stack(&module, pc))
        return LR_RULE(LR_RULE_OUTERMOST, 0);
    return lr_unwind_is_sigreturn(pc) ? LR_RULE(LR_RULE_FULL, 0) : LR_RULE_TRY_FP;
}

#define OTHER_PLACE(place) ((place) ^ 0x8000u)

/* Stores an entry; what was in its place moves to that one's other place. */
static void keep(uint64_t place, uint64_t entry)
{
    uint64_t displaced = __atomic_load_n(&lr_rule_cache[place], __ATOMIC_RELAXED);
    if (displaced)
        __atomic_store_n(&lr_rule_cache[OTHER_PLACE(place)], displaced, __ATOMIC_RELAXED);
    __atomic_store_n(&lr_rule_cache[place], entry, __ATOMIC_RELAXED);
}

/* `key` was read before the module is looked up: a rule of an unloaded module gets an old epoch. */
__attribute__((noinline, cold)) uint64_t lr_rule_make(uintptr_t pc, uint64_t key)
{
    uint64_t code = (uint64_t)pc >> LR_ARCH_PC_SHIFT, place = code & 0xffff;
    uint64_t head = code << (64 - LR_ARCH_PC_BITS) ^ key;
    if (lr_unwind_is_generated(pc - 1))
        return LR_RULE(LR_RULE_FOREIGN, 0);
    if (lr_rule_is_wild(pc))
        return compute(pc);
    uint64_t rule = __atomic_load_n(&lr_rule_cache[OTHER_PLACE(place)], __ATOMIC_RELAXED) ^ head;
    if (rule < LR_RULE_LIMIT)
        return rule;
    rule = compute(pc);
    if (LR_RULE_KIND(rule) != LR_RULE_FOREIGN && (key >> 25 & 255) != 0)
        keep(place, head ^ rule);
    return rule;
}
