/* dlsym_x86_64.S -- the exported dlsym: our answer, or a jump to the real one.
 *
 * Stage: intercept.  Context: any thread, before constructors ran.
 * It has to be a jump: dlsym looks at its return address to know what RTLD_NEXT is relative to.
 */
#include "asm_notes.h"

#if defined(__x86_64__)

    .text
    .globl dlsym
    .type dlsym, @function
    .p2align 4
dlsym:
    .cfi_startproc
    _CET_ENDBR
    pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call lr_dlsym_filter
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    testq %rax, %rax
    jnz 1f
    movq lr_dlsym_real(%rip), %rax
    testq %rax, %rax
    jz 2f
    jmp *%rax
1:  cmpq $-1, %rax              /* LR_DLSYM_NOTHING */
    je 2f
    ret
2:  xorl %eax, %eax
    ret
    .cfi_endproc
    .size dlsym, . - dlsym

#endif
