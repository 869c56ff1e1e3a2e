/* dlsym_aarch64.S -- dlsym_x86_64.S for aarch64: our answer, or a branch to the real dlsym.
 *
 * Stage: intercept.  Context: any thread, before constructors ran.
 */
#include "asm_notes.h"

#if defined(__aarch64__)

    .text
    .globl dlsym
    .type dlsym, %function
    .p2align 4
dlsym:
    .cfi_startproc
    hint #34                    /* bti c; not paciasp: x30 must be the caller's at the branch */
    stp x29, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x0, x1, [sp, #16]
    bl lr_dlsym_filter
    mov x16, x0
    ldp x0, x1, [sp, #16]
    ldp x29, x30, [sp], #32
    .cfi_adjust_cfa_offset -32
    .cfi_restore x29
    .cfi_restore x30
    cbnz x16, 1f
    adrp x16, lr_dlsym_real
    ldr x16, [x16, #:lo12:lr_dlsym_real]
    cbz x16, 1f
    br x16                      /* x16 may reach a "bti c" landing pad */
1:  cmn x16, #1                 /* LR_DLSYM_NOTHING */
    csel x0, x16, xzr, ne
    ret
    .cfi_endproc
    .size dlsym, . - dlsym

#endif
