/* syscall.h -- the system call instruction, and the gate before it; for prim_*.c only.
 *
 * Once the program has asked for a system call filter that kills, nothing of ours makes a system
 * call any more: the gate is closed, and who closes it waits for those inside (prim_gate.c).
 */
#ifndef LEAKRING_SYSCALL_H
#define LEAKRING_SYSCALL_H

#include <errno.h>
#include <stdint.h>

struct lr_gate {
    uint32_t closed; /* so many closed it; 0: open */
    uint32_t inside; /* threads that are making a system call, or are about to look at `closed` */
};
extern struct lr_gate lr_gate;

#if defined(__x86_64__)
static inline long lr_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long lr_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#else
#error "no system call sequence for this architecture"
#endif

/* -EPERM once the gate is closed.  Sequentially consistent with prim_gate.c: either a thread sees
 * that it is closed, or it is seen inside. */
static inline long lr_gated_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result = -EPERM;
    __atomic_add_fetch(&lr_gate.inside, 1, __ATOMIC_SEQ_CST);
    if (__builtin_expect(!__atomic_load_n(&lr_gate.closed, __ATOMIC_SEQ_CST), 1))
        result = lr_syscall(number, a, b, c, d, e, f);
    __atomic_sub_fetch(&lr_gate.inside, 1, __ATOMIC_SEQ_CST);
    return result;
}

#endif
