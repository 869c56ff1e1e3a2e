/* unwind_rules.h -- how to get from a frame to its caller: one cached rule per return address.
 *
 * Stage: STACK.  Context: any thread, inside malloc; lock-free.  Internal to unwind_*.c.
 *
 * Nearly every frame needs only sp and fp to find its caller, by a rule that fits in 25 bits.
 * The cache holds one 64-bit word per entry, so it can't be torn:
 *
 *     63             33 32    25 24  22 21          0
 *     return address     epoch    kind   operands
 *
 * An entry's place is the low 16 bits of its return address, the rest of the address is in the
 * entry (see lr_rule_peek).  What is displaced by another moves to a second place, so that two
 * addresses that meet don't drive each other out.
 */
#ifndef LEAKRING_UNWIND_RULES_H
#define LEAKRING_UNWIND_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "arch.h"
#include "unwind.h"

enum lr_rule_kind {
    LR_RULE_SP,        /* CFA = sp + offset; fp unchanged */
    LR_RULE_SP_FP,     /* CFA = sp + offset; fp was saved */
    LR_RULE_FP,        /* CFA = fp + offset; fp perhaps saved */
    LR_RULE_DRAP,      /* CFA = word at fp - offset, fp at fp: a realigned stack */
    LR_RULE_OUTERMOST, /* the thread's first frame */
    LR_RULE_FULL,      /* needs more than sp and fp: lr_unwind_full */
    LR_RULE_NONE,      /* no unwind data; LR_RULE_TRY_FP: perhaps a frame pointer */
    LR_RULE_FOREIGN,   /* in no module; never cached, since one may be mapped there any time */
};

/* The operands are the machine's (arch.h). */
#define LR_RULE(kind, operands) ((uint64_t)(kind) << 22 | (uint64_t)(operands))
#define LR_RULE_KIND(rule) ((enum lr_rule_kind)((rule) >> 22 & 7))
/* In a module, but no unwind data covers it: assembly, or compiled without.  It may keep its frame
 * pointer as frames usually are. */
#define LR_RULE_TRY_FP LR_RULE(LR_RULE_NONE, 1)
#define LR_RULE_LIMIT (UINT64_C(1) << 25)

#define LR_RULE_CACHE_BITS 16u
extern uint64_t lr_rule_cache[1u << LR_RULE_CACHE_BITS];

/* What entries made in this epoch have in common: its low 8 bits, of which 0 is in no entry.  An
 * empty entry would belong to code at the very end of the address space, where none is. */
static inline uint64_t lr_rule_key(void)
{
    struct lr_code_epoch now = lr_unwind_epoch();
    uint64_t epoch = __builtin_expect(now.is_certain, 1) ? now.number & 255 : 0;
    return UINT64_MAX << 33 | epoch << 25;
}

/* Beyond what a code address can be: garbage, which has no place in the cache. */
static inline bool lr_rule_is_wild(uintptr_t pc)
{
    return pc >> (LR_ARCH_PC_BITS + LR_ARCH_PC_SHIFT) != 0;
}

/* The rule for a return address that isn't wild, or, at LR_RULE_LIMIT or above, none.  Addresses
 * that share a place have equal low bits: they cancel out, and the others must be equal. */
static inline uint64_t lr_rule_peek(uintptr_t pc, uint64_t key)
{
    uint64_t code = (uint64_t)pc >> LR_ARCH_PC_SHIFT;
    uint64_t entry = __atomic_load_n(&lr_rule_cache[code & 0xffff], __ATOMIC_RELAXED);
    return entry ^ code << (64 - LR_ARCH_PC_BITS) ^ key;
}

/* The rule for any return address, made if need be (about 1 us). */
uint64_t lr_rule_make(uintptr_t pc, uint64_t key);

static inline uint64_t lr_rule_for(uintptr_t pc, uint64_t key)
{
    uint64_t rule = lr_rule_peek(pc, key);
    if (__builtin_expect(rule >= LR_RULE_LIMIT || lr_rule_is_wild(pc), 0))
        return lr_rule_make(pc, key);
    return rule;
}

#endif
