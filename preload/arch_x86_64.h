/* arch_x86_64.h -- what the unwinder must know of the machine; a port is another such file.
 *
 * Stage: STACK.  Context: any.  Register numbers are DWARF's.
 */
#ifndef LEAKRING_ARCH_X86_64_H
#define LEAKRING_ARCH_X86_64_H

#if !defined(__x86_64__)
#error "the unwinder knows no other architecture yet"
#endif

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    LR_REG_RBX = 3,
    LR_REG_FP = 6,
    LR_REG_SP = 7,
    LR_REG_PC = 16, /* the return-address column */
    LR_REG_COUNT = 17,
};

/* What a call must preserve, so what a caller's frame may depend on. */
#define LR_REGS_PRESERVED                                                                          \
    (1u << LR_REG_RBX | 1u << LR_REG_FP | 1u << LR_REG_SP | 1u << 12 | 1u << 13 | 1u << 14 |       \
     1u << 15 | 1u << LR_REG_PC)

/* The preserved registers as they are here; reg[LR_REG_PC] is an address in this function. */
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

/* Lies above every frame of a thread whose stack the C library allocated. */
static inline uintptr_t lr_arch_thread_pointer(void)
{
    uintptr_t value;
    __asm__("movq %%fs:0, %0" : "=r"(value));
    return value;
}

/* The code a signal handler returns to: mov $15, %rax; syscall.  For C libraries that give it no
 * unwind data; `code` must be readable for 9 bytes. */
static inline bool lr_arch_is_sigreturn(const void *code)
{
    return memcmp(code, "\x48\xc7\xc0\x0f\x00\x00\x00\x0f\x05", 9) == 0;
}

/* Does a call end right before `code`?  Up to 7 bytes before it must be readable. */
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

/* Where the kernel saved a register, as an offset from the stack pointer at that code: the
 * machine context inside the ucontext_t.  0 for registers that frames never depend on. */
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
