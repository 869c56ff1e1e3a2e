/* intercept_syscall_aarch64.S -- intercept_syscall_x86_64.S for aarch64, where all arguments are in
 * registers.
 *
 * Stage: INTERCEPT.  Context: any thread, before constructors ran.
 */
#include "asm_notes.h"

#if defined(__aarch64__)

#define SYS_PRCTL 167
#define SYS_SECCOMP 277

    .text
    .globl syscall
    .type syscall, %function
    .p2align 4
syscall:
    .cfi_startproc
    hint #34                    /* bti c */
    adrp x16, lr_syscall_real
    ldr x16, [x16, #:lo12:lr_syscall_real]
    cbz x16, 2f
1:  cmp x0, #SYS_SECCOMP
    b.eq 3f
    cmp x0, #SYS_PRCTL
    b.eq 4f
    br x16                      /* x16 may reach a "bti c" landing pad */
3:  b lr_syscall_seccomp
4:  b lr_syscall_prctl

2:  stp x29, x30, [sp, #-80]!
    .cfi_adjust_cfa_offset 80
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x0, x1, [sp, #16]
    stp x2, x3, [sp, #32]
    stp x4, x5, [sp, #48]
    str x6, [sp, #64]
    bl lr_syscall_find
    mov x16, x0
    ldr x6, [sp, #64]
    ldp x4, x5, [sp, #48]
    ldp x2, x3, [sp, #32]
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #80
    .cfi_adjust_cfa_offset -80
    .cfi_restore x29
    .cfi_restore x30
    cbnz x16, 1b
    mov x0, #-1                 /* there is none */
    ret
    .cfi_endproc
    .size syscall, . - syscall

#endif
