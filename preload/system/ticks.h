/* ticks.h -- a clock that costs a few nanoseconds and no system call; its unit is the machine's.
 *
 * Stage: RECORD (meter.h).  Context: any.  Differences count, and only on one processor's scale;
 * the governor learns from the system's clock how long a tick is.
 */
#ifndef LEAKRING_TICKS_H
#define LEAKRING_TICKS_H

#include <stdint.h>

static inline uint64_t lr_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
#error "no clock for this architecture yet"
#endif
}

#endif
