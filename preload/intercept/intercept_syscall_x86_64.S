/* intercept_syscall_x86_64.S -- the exported syscall: a jump to the real one, but for the two calls
 * that may install a system call filter (intercept_sandbox.c).
 *
 * Stage: INTERCEPT.  Context: any thread, before constructors ran.
 * It has to be a jump: the last of seven arguments is on the stack.
 */
#include "asm_notes.h"

#if defined(__x86_64__)

#define SYS_PRCTL 157
#define SYS_SECCOMP 317

    .text
    .globl syscall
    .type syscall, @function
    .p2align 4
syscall:
    .cfi_startproc
    _CET_ENDBR
    movq lr_syscall_real(%rip), %rax
    testq %rax, %rax
    jz 2f
1:  cmpq $SYS_SECCOMP, %rdi
    je lr_syscall_seccomp
    cmpq $SYS_PRCTL, %rdi
    je lr_syscall_prctl
    jmp *%rax

2:  pushq %rdi
    .cfi_adjust_cfa_offset 8
    pushq %rsi
    .cfi_adjust_cfa_offset 8
    pushq %rdx
    .cfi_adjust_cfa_offset 8
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    pushq %r8
    .cfi_adjust_cfa_offset 8
    pushq %r9
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    call lr_syscall_find
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r9
    .cfi_adjust_cfa_offset -8
    popq %r8
    .cfi_adjust_cfa_offset -8
    popq %rcx
    .cfi_adjust_cfa_offset -8
    popq %rdx
    .cfi_adjust_cfa_offset -8
    popq %rsi
    .cfi_adjust_cfa_offset -8
    popq %rdi
    .cfi_adjust_cfa_offset -8
    testq %rax, %rax
    jnz 1b
    decq %rax                   /* there is none: -1 */
    ret
    .cfi_endproc
    .size syscall, . - syscall

#endif
