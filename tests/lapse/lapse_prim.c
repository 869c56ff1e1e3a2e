/* lapse_prim.c -- time-lapse: the library, whose clock goes faster, so that what takes hours is
 * recorded in seconds.
 *
 * Stage: tests; linked into test/lapse/libleakring.so, whose calls of the functions below go
 * through here (--wrap).  Only the tracer's time is another: the target's clocks are the machine's.
 * Context: as prim.h's.
 *
 *     LR_LAPSE=N      a second is N seconds in the trace (60)
 */
#include <stdint.h>
#include <stdlib.h>

#include "prim.h"

uint64_t __real_lr_prim_mono_ns(void);
uint64_t __real_lr_prim_unix_ns(void);
uint64_t __real_lr_prim_thread_cpu_ns(void);
bool __real_lr_prim_wait(const uint32_t *word, uint32_t value, unsigned milliseconds);

uint64_t __wrap_lr_prim_mono_ns(void);
uint64_t __wrap_lr_prim_unix_ns(void);
uint64_t __wrap_lr_prim_thread_cpu_ns(void);
bool __wrap_lr_prim_wait(const uint32_t *word, uint32_t value, unsigned milliseconds);

enum { USUAL = 60, CHEAPER = 8, MOST = 100, LONGEST_PERIOD_MS = 250 };

static unsigned scale(void)
{
    static unsigned known; /* 0: not asked yet */
    if (known == 0) {
        const char *text = getenv("LR_LAPSE");
        int asked = text ? atoi(text) : 0;
        known = asked >= 1 && asked <= MOST ? (unsigned)asked : USUAL;
    }
    return known;
}

/* The coarse clock's steps would be a quarter of a second. */
uint64_t __wrap_lr_prim_mono_ns(void)
{
    return lr_prim_mono_exact_ns() * scale();
}

/* As if the first look had been at the true time. */
uint64_t __wrap_lr_prim_unix_ns(void)
{
    static uint64_t begin_ns, unix_ns;
    uint64_t now = lr_prim_mono_exact_ns();
    if (begin_ns == 0) {
        begin_ns = now;
        unix_ns = __real_lr_prim_unix_ns();
    }
    return unix_ns + (now - begin_ns) * scale();
}

/* The helper thread rests between two counts of what is live, in proportion to what one cost: in an
 * hour of a minute it may spend a greater part of it, or a history has steps of minutes. */
uint64_t __wrap_lr_prim_thread_cpu_ns(void)
{
    return __real_lr_prim_thread_cpu_ns() / CHEAPER;
}

/* The helper thread's periods; what waits for something to happen waits as long as it does. */
bool __wrap_lr_prim_wait(const uint32_t *word, uint32_t value, unsigned milliseconds)
{
    unsigned shorter = (milliseconds + scale() - 1) / scale();
    return __real_lr_prim_wait(word, value,
                               milliseconds <= LONGEST_PERIOD_MS ? shorter : milliseconds);
}
