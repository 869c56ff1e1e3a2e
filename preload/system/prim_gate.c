/* prim_gate.c -- prim.h for Linux: silence, and the clocks, which must keep it too.
 *
 * Stage: below everything.  Context: anywhere, see prim.h.
 */
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>

#include "prim.h"
#include "syscall.h"

enum { SPINS = 100, WAITS = 1000 /* ms */ };

struct lr_gate lr_gate;
static uint64_t hushed_ns; /* by the monotonic clock */

bool lr_prim_is_silent(void)
{
    return __builtin_expect(__atomic_load_n(&lr_gate.closed, __ATOMIC_RELAXED) != 0, 0);
}

/* No filter is there yet, so that waiting is allowed. */
void lr_prim_hush(void)
{
    struct timespec pause = {0, 1000000};
    __atomic_store_n(&hushed_ns, lr_prim_mono_ns(), __ATOMIC_RELAXED);
    __atomic_add_fetch(&lr_gate.closed, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < SPINS + WAITS; i++)
        if (__atomic_load_n(&lr_gate.inside, __ATOMIC_SEQ_CST) == 0)
            break;
        else if (i < SPINS)
            lr_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        else
            lr_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0, 0);
}

bool lr_prim_speak(void)
{
    return __atomic_sub_fetch(&lr_gate.closed, 1, __ATOMIC_SEQ_CST) == 0;
}

void lr_prim_leave_thread(void)
{
    for (;;)
        lr_syscall(SYS_exit, 0, 0, 0, 0, 0, 0);
}

/* clock_gettime comes from the vDSO through libc; it neither allocates nor touches errno on
 * valid clocks.  On some machines the exact clocks are system calls. */
static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool has_vdso(void)
{
    return getauxval(AT_SYSINFO_EHDR) != 0;
}

uint64_t lr_prim_unix_ns(void)
{
    if (!lr_prim_is_silent())
        return clock_ns(CLOCK_REALTIME);
    return has_vdso() ? clock_ns(CLOCK_REALTIME_COARSE) : 0;
}

uint64_t lr_prim_mono_ns(void)
{
    if (lr_prim_is_silent() && !has_vdso())
        return __atomic_load_n(&hushed_ns, __ATOMIC_RELAXED);
    return clock_ns(CLOCK_MONOTONIC_COARSE);
}

uint64_t lr_prim_mono_exact_ns(void)
{
    return lr_prim_is_silent() ? lr_prim_mono_ns() : clock_ns(CLOCK_MONOTONIC);
}

uint64_t lr_prim_cpu_ns(void)
{
    return lr_prim_is_silent() ? 0 : clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t lr_prim_thread_cpu_ns(void)
{
    return lr_prim_is_silent() ? 0 : clock_ns(CLOCK_THREAD_CPUTIME_ID);
}
