/* arch_aarch64.h -- what the unwinder must know of aarch64; see arch.h for what each name means.
 *
 * Stage: STACK.  Context: any.
 */
#ifndef LEAKRING_ARCH_AARCH64_H
#define LEAKRING_ARCH_AARCH64_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* x0..x30 are 0..30; x30 holds the return address. */
enum {
    LR_REG_FP = 29,
    LR_REG_RA = 30,
    LR_REG_SP = 31,
    LR_REG_PC = 32,
    LR_REG_COUNT = 33,
};

/* x19..x30, sp, and where we are. */
#define LR_REGS_PRESERVED                                                                          \
    (UINT64_C(0xfff) << 19 | UINT64_C(1) << LR_REG_SP | UINT64_C(1) << LR_REG_PC)

/* A frame's two words of fp and return address lie at its bottom, so only the compiler knows. */
#define LR_ARCH_CALLER_SP ((uintptr_t)__builtin_dwarf_cfa())

/* 48 bits, in words of code. */
enum { LR_ARCH_STACK_EXTRA = 64 << 10 }; /* static TLS lies above the thread pointer */
enum { LR_ARCH_PC_SHIFT = 2, LR_ARCH_PC_BITS = 47 };
enum { LR_ARCH_JAVA_FRAMES = false };

/* A function saves the return address where it likes, and fp, if it does, in the word below.
 * Operands of a rule: 21 to 11: where the return address was saved, in words below the CFA; 10 to
 * 0: offset of the CFA in words. */
static inline uintptr_t lr_rule_offset(uint64_t rule)
{
    return (rule & 0x7ff) * 8;
}

static inline uintptr_t lr_rule_plain_offset(uint64_t rule)
{
    return lr_rule_offset(rule);
}

static inline bool lr_rule_is_plain(uint64_t rule, uint64_t size)
{
    return rule >> 22 == 0 && lr_rule_offset(rule) == size;
}

/* None is so common that it pays. */
static inline bool lr_rule_is_usual_fp(uint64_t rule)
{
    (void)rule;
    return false;
}

static inline uintptr_t lr_rule_ra_at(uint64_t rule, uintptr_t cfa)
{
    return cfa - (rule >> 11 & 0x7ff) * 8;
}

static inline bool lr_rule_ra_fits(uint64_t rule, uint64_t size)
{
    return (rule >> 11 & 0x7ff) * 8 <= size;
}

/* Kinds 1 and 2 of unwind_rules.h; frames on a frame pointer always save the one before. */
static inline bool lr_rule_saves_fp(uint64_t rule)
{
    return rule >> 22 != 0;
}

static inline uintptr_t lr_rule_fp_at(uint64_t rule, uintptr_t cfa)
{
    return lr_rule_ra_at(rule, cfa) - 8;
}

static inline bool lr_rule_operands(bool plain, uint64_t offset, uint64_t ra_below,
                                    uint64_t fp_below, uint64_t *operands)
{
    *operands = ra_below / 8 << 11 | offset / 8;
    return offset % 8 == 0 && offset / 8 <= 0x7ff && ra_below % 8 == 0 && ra_below / 8 <= 0x7ff &&
           fp_below == (plain ? 0 : ra_below + 8);
}

/* xpaclri: works on x30, and is a no-op where addresses aren't signed. */
static inline uintptr_t lr_arch_strip(uintptr_t pc)
{
    register uintptr_t x30 __asm__("x30") = pc;
    __asm__("hint #7" : "+r"(x30));
    return x30;
}

/* DW_CFA_AARCH64_negate_ra_state: signed from here on, or no more.  We always strip. */
static inline bool lr_arch_is_plain_cfa(uint8_t operation)
{
    return operation == 0x2d;
}

static inline __attribute__((always_inline)) void lr_arch_capture(uint64_t *reg)
{
    __asm__ volatile("stp x19, x20, [%0, #152]\n\t"
                     "stp x21, x22, [%0, #168]\n\t"
                     "stp x23, x24, [%0, #184]\n\t"
                     "stp x25, x26, [%0, #200]\n\t"
                     "stp x27, x28, [%0, #216]\n\t"
                     "stp x29, x30, [%0, #232]\n\t"
                     "mov x9, sp\n\t"
                     "adr x10, 0f\n\t"
                     "stp x9, x10, [%0, #248]\n"
                     "0:"
                     :
                     : "r"(reg)
                     : "x9", "x10", "memory");
}

static inline uintptr_t lr_arch_thread_pointer(void)
{
    uintptr_t value;
    __asm__("mrs %0, tpidr_el0" : "=r"(value));
    return value;
}

/* mov x8, #139; svc #0 */
static inline bool lr_arch_is_sigreturn(const void *code)
{
    return memcmp(code, "\x68\x11\x80\xd2\x01\x00\x00\xd4", 8) == 0;
}

/* bl, or blr and its signed forms */
static inline bool lr_arch_follows_call(const uint8_t *code)
{
    uint32_t instruction;
    memcpy(&instruction, code - 4, sizeof instruction);
    return (instruction & 0xfc000000) == 0x94000000 || (instruction & 0xfefff000) == 0xd63f0000;
}
enum { LR_CALL_BYTES = 4 };

static inline uintptr_t lr_arch_call_target(const uint8_t *code)
{
    uint32_t instruction;
    memcpy(&instruction, code - 4, sizeof instruction);
    int64_t words = (int64_t)((uint64_t)instruction << 38) >> 38;
    bool is_bl = (instruction & 0xfc000000) == 0x94000000;
    return is_bl ? (uintptr_t)code - 4 + (uintptr_t)(words * 4) : 0;
}

/* siginfo_t (128), ucontext_t up to its machine context (176), the fault address (8); then x0..x30,
 * sp, pc. */
static inline int lr_arch_sigframe_offset(unsigned number)
{
    return 128 + 176 + 8 + 8 * (int)number;
}

#endif
