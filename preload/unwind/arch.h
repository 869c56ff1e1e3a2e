/* arch.h -- what the unwinder must know of the machine: arch_CPU.h for each, all with these names.
 *
 * Stage: STACK.  Context: any.  A port is another such file; nothing else in the unwinder depends
 * on the machine.  Register numbers are DWARF's.
 *
 * LR_REG_FP, _SP, _PC, _COUNT   registers; _PC may be a made-up number behind the others
 * LR_REG_RA                     the column of the return address
 * LR_REGS_PRESERVED             mask: what a call must preserve, so what a caller may depend on
 * LR_ARCH_CALLER_SP             in a function with a frame pointer: its CFA
 * LR_ARCH_STACK_EXTRA           what a thread's stack may have less than it was asked for, below
 *                               its thread pointer: the C library's own data, and rounding
 * LR_ARCH_PC_SHIFT, _BITS       code addresses are multiples of 1 << SHIFT; shifted, they have BITS
 *
 * lr_rule_*                     the operands of a rule (unwind_rules.h): the offset of the CFA,
 * where the return address and fp were saved; is_plain: LR_RULE_SP with just this offset
 * lr_rule_is_usual_fp           LR_RULE_FP with CFA = fp + 16, and fp was saved where it points
 * lr_rule_ra_fits               does the return address lie in a frame of this size?
 * lr_rule_operands              packs them; false when they don't fit.  *_below: distance below the
 *                               CFA; fp_below 0: unchanged
 * lr_arch_strip                 a return address without its signature
 * lr_arch_is_plain_cfa          a call frame operation of the machine's own that changes no rule
 * lr_arch_capture               the preserved registers as they are here; PC lies in this function
 * lr_arch_thread_pointer        lies above every frame of a thread whose stack the C library made
 * lr_arch_is_sigreturn          the code that a signal handler returns to, for C libraries that
 *                               give it no unwind data; 9 bytes are readable
 * lr_arch_sigframe_offset       where the kernel saved a register, from sp at that code
 * lr_arch_follows_call          does a call end here?  LR_CALL_BYTES before are readable
 * lr_arch_call_target           where it went; 0 when the call doesn't say so itself
 */
#ifndef LEAKRING_ARCH_H
#define LEAKRING_ARCH_H

#if defined(__x86_64__)
#include "arch_x86_64.h"
#elif defined(__aarch64__)
#include "arch_aarch64.h"
#else
#error "the unwinder doesn't know this machine: write arch_CPU.h"
#endif

#endif
