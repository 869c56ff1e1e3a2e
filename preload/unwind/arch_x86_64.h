/* arch_x86_64.h -- what the unwinder must know of x86_64; see arch.h for what each name means.
 *
 * Stage: STACK.  Context: any.
 */
#ifndef LEAKRING_ARCH_X86_64_H
#define LEAKRING_ARCH_X86_64_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    LR_REG_RBX = 3,
    LR_REG_FP = 6,
    LR_REG_SP = 7,
    LR_REG_PC = 16,
    LR_REG_RA = LR_REG_PC,
    LR_REG_COUNT = 17,
};

#define LR_REGS_PRESERVED                                                                          \
    (1u << LR_REG_RBX | 1u << LR_REG_FP | 1u << LR_REG_SP | 1u << 12 | 1u << 13 | 1u << 14 |       \
     1u << 15 | 1u << LR_REG_PC)

/* The wrapper's frame: the caller's fp, the return address, and above them the caller's stack. */
#define LR_ARCH_CALLER_SP ((uintptr_t)__builtin_frame_address(0) + 16)

enum { LR_ARCH_STACK_EXTRA = 8 << 10 };
enum { LR_ARCH_PC_SHIFT = 0, LR_ARCH_PC_BITS = 47 };
enum { LR_ARCH_JAVA_FRAMES = true }; /* jvm_walk.c knows this machine's frames */

/* A call pushes the return address: it is the word below the CFA.  Operands of a rule: LR_RULE_SP
 * has the offset in bytes, so that the whole rule is that number; the others have fp's slot (it was
 * saved at CFA - 8 * slot; 0: it is unchanged) and offset / 8. */
static inline bool lr_rule_is_plain(uint64_t rule, uint64_t size)
{
    return rule == size;
}

static inline uintptr_t lr_rule_plain_offset(uint64_t rule)
{
    return rule & 0x3fffff;
}

static inline uintptr_t lr_rule_offset(uint64_t rule)
{
    return (rule & 0xffff) * 8;
}

/* push %rbp; mov %rsp, %rbp: LR_RULE_FP, CFA = fp + 16, and fp saved where it points. */
static inline bool lr_rule_is_usual_fp(uint64_t rule)
{
    return rule == (2u << 22 | 2u << 16 | 2u);
}

static inline uintptr_t lr_rule_ra_at(uint64_t rule, uintptr_t cfa)
{
    (void)rule;
    return cfa - 8;
}

static inline bool lr_rule_ra_fits(uint64_t rule, uint64_t size)
{
    (void)rule;
    (void)size; /* at least a word */
    return true;
}

static inline bool lr_rule_saves_fp(uint64_t rule)
{
    return (rule >> 16 & 63) != 0;
}

static inline uintptr_t lr_rule_fp_at(uint64_t rule, uintptr_t cfa)
{
    return cfa - (rule >> 16 & 63) * 8;
}

static inline bool lr_rule_operands(bool plain, uint64_t offset, uint64_t ra_below,
                                    uint64_t fp_below, uint64_t *operands)
{
    *operands = plain ? offset : fp_below / 8 << 16 | offset / 8;
    return ra_below == 8 && offset % 8 == 0 && offset / 8 <= 0xffff && fp_below % 8 == 0 &&
           fp_below / 8 <= 63;
}

/* Return addresses are never signed. */
static inline uintptr_t lr_arch_strip(uintptr_t pc)
{
    return pc;
}

static inline bool lr_arch_is_plain_cfa(uint8_t operation)
{
    (void)operation;
    return false;
}

static inline __attribute__((always_inline)) void lr_arch_capture(uint64_t *reg)
{
    __asm__ volatile("movq %%rbx, 24(%0)\n\t"
                     "movq %%rbp, 48(%0)\n\t"
                     "movq %%rsp, 56(%0)\n\t"
                     "movq %%r12, 96(%0)\n\t"
                     "movq %%r13, 104(%0)\n\t"
                     "movq %%r14, 112(%0)\n\t"
                     "movq %%r15, 120(%0)\n\t"
                     "leaq 0f(%%rip), %%rax\n\t"
                     "movq %%rax, 128(%0)\n"
                     "0:"
                     :
                     : "r"(reg)
                     : "rax", "memory");
}

static inline uintptr_t lr_arch_thread_pointer(void)
{
    uintptr_t value;
    __asm__("movq %%fs:0, %0" : "=r"(value));
    return value;
}

/* mov $15, %rax; syscall */
static inline bool lr_arch_is_sigreturn(const void *code)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): it was found mapped */
    return memcmp(code, "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05", 9) == 0;
}

static inline bool lr_arch_follows_call(const uint8_t *code)
{
    if (code[-5] == 0xe8) /* call relative */
        return true;
    for (int length = 2; length <= 7; length++) /* call through a register or memory */
        if (code[-length] == 0xff && (code[-length + 1] & 0x38) == 0x10)
            return true;
    return false;
}
enum { LR_CALL_BYTES = 7 };

static inline uintptr_t lr_arch_call_target(const uint8_t *code)
{
    int32_t distance;
    memcpy(&distance, code - 4, sizeof distance);
    return code[-5] == 0xe8 ? (uintptr_t)code + (uintptr_t)(intptr_t)distance : 0;
}

/* In the machine context inside the ucontext_t. */
static inline int lr_arch_sigframe_offset(unsigned number)
{
    static const uint8_t offsets[LR_REG_COUNT] = {
        [0] = 144, [1] = 136, [2] = 152, [3] = 128, [4] = 112,  [5] = 104,
        [6] = 120, [7] = 160, [8] = 40,  [9] = 48,  [10] = 56,  [11] = 64,
        [12] = 72, [13] = 80, [14] = 88, [15] = 96, [16] = 168,
    };
    return offsets[number];
}

#endif
