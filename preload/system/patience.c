/* patience.c -- patience.h. */
#include "patience.h"

#include "prim.h"

enum {
    YIELDS = 64,
    PAUSES = 64,          /* in a spin: 0.2 to 3 us */
    SPINS_IN_A_MS = 1000, /* where there is no clock */
};

static void pause_once(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#else
#error "no pause for this architecture yet"
#endif
}

/* A clock that never moved is none; the coarse one moves at least every 10 ms. */
static bool spin(struct lr_patience *patience, unsigned milliseconds)
{
    uint64_t now = lr_prim_mono_ns();
    if (patience->spins++ == 0)
        patience->begun_ns = now;
    bool over = now != patience->begun_ns
                    ? now - patience->begun_ns >= (uint64_t)milliseconds * 1000000
                    : patience->spins > (uint64_t)milliseconds * SPINS_IN_A_MS;
    for (unsigned i = 0; i < PAUSES && !over; i++)
        pause_once();
    return !over;
}

bool lr_patience_wait(struct lr_patience *patience, unsigned milliseconds)
{
    unsigned tries = patience->tries++;
    if (tries < LR_PATIENCE_FIRST)
        return true;
    if (lr_prim_is_silent())
        return spin(patience, milliseconds);
    if (tries < LR_PATIENCE_FIRST + YIELDS)
        lr_prim_yield();
    else if (tries < LR_PATIENCE_FIRST + YIELDS + milliseconds)
        lr_prim_sleep_ms(1);
    else
        return false;
    return true;
}
