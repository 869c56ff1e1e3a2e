/* unwind_dwarf.h -- call frame information: finding it, running it, evaluating its expressions.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc.  Internal to unwind_*.c.
 * Everything read is bounded by the module or block that holds it; malformed data is "no data".
 */
#ifndef LEAKRING_UNWIND_DWARF_H
#define LEAKRING_UNWIND_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"
#include "modules.h"

/* A bounded reader: past the end, `bad` is set and every read answers 0. */
struct lr_reader {
    const uint8_t *at, *end;
    bool bad;
};
uint64_t lr_read_fixed(struct lr_reader *reader, unsigned size); /* little endian */
int64_t lr_read_signed(struct lr_reader *reader, unsigned size);
uint64_t lr_read_uleb(struct lr_reader *reader);
int64_t lr_read_sleb(struct lr_reader *reader);
/* A DW_EH_PE_* pointer; `data_base` serves the data-relative ones. */
uintptr_t lr_read_encoded(struct lr_reader *reader, uint8_t encoding, uintptr_t data_base);

struct lr_fde {
    uintptr_t start, end;                 /* the code it describes */
    const uint8_t *program, *program_end; /* of the FDE */
    const uint8_t *initial, *initial_end; /* of its CIE */
    const uint8_t *limit;                 /* no expression reaches past this */
    uint64_t code_align;
    int64_t data_align;
    uint8_t encoding; /* of code addresses */
    bool is_signal;   /* 'S': the frame of a signal handler's return */
};

/* The FDE that covers `pc`; false when the module has none there. */
bool lr_fde_find(const struct lr_module_info *module, uintptr_t pc, struct lr_fde *fde);

enum lr_cfi_where {
    LR_CFI_SAME,
    LR_CFI_UNDEFINED,
    LR_CFI_OFFSET,         /* saved at CFA + value */
    LR_CFI_VAL_OFFSET,     /* is CFA + value */
    LR_CFI_REGISTER,       /* in register `value` */
    LR_CFI_EXPRESSION,     /* saved at what the block at `value` computes */
    LR_CFI_VAL_EXPRESSION, /* is what that block computes */
};

/* How to get a caller's registers at one pc.  Blocks start at their ULEB length. */
struct lr_cfi_row {
    int64_t cfa_value;    /* offset, or address of a block */
    uint8_t cfa_register; /* LR_CFA_BLOCK: an expression */
    uint8_t where[LR_REG_COUNT];
    int64_t value[LR_REG_COUNT];
};
#define LR_CFA_BLOCK 255u
#define LR_REG_BIT(number) (UINT64_C(1) << (number))

/* Runs the program up to `pc`. */
bool lr_cfi_row(const struct lr_fde *fde, uintptr_t pc, struct lr_cfi_row *row);

/* Reads a word of the stack; false when it isn't there. */
typedef bool lr_expr_read(void *context, uintptr_t address, uint64_t *word);

struct lr_expr_input {
    const uint64_t *reg; /* LR_REG_COUNT values */
    uint64_t known;      /* mask of those that may be used */
    uint64_t used;       /* mask of those that were (out) */
    lr_expr_read *read;  /* NULL: no memory may be read */
    void *context;
};

/* Evaluates the block (ULEB length, operations) at `block`, with *initial pushed first when not
 * NULL. */
bool lr_expr_evaluate(const uint8_t *block, const uint8_t *limit, struct lr_expr_input *input,
                      const uint64_t *initial, uint64_t *result);

#endif
