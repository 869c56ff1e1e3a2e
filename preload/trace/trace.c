/* trace.c -- trace.h: clock, counters and the event ring.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc, signal-safe: atomics only.
 */
#include "trace.h"

#include "clock.h"
#include "file.h"
#include "prim.h"
#include "threads.h"

static uint64_t start_ns;
static uint32_t helper_ms; /* the helper thread's last look at the clock; 0: no helper */
static uint32_t stepped_ms; /* lr_clock_step's last; the other never falls behind it */

void lr_clock_start(void)
{
    start_ns = lr_prim_mono_ns();
}

static uint32_t since_start(uint64_t now)
{
    return (uint32_t)((now - start_ns) / 1000000u);
}

uint32_t lr_clock_beat(void)
{
    uint32_t now = since_start(lr_prim_mono_ns());
    __atomic_store_n(&lr_file.header->heartbeat_ms, now, __ATOMIC_RELAXED);
    return now;
}

/* Times of today only: what is "later" by more was, before the clock wrapped. */
static bool is_ahead(uint32_t ms, uint32_t than_ms)
{
    enum { HOUR_MS = 3600 * 1000 };
    return ms - than_ms < HOUR_MS;
}

/* Never backwards: whoever looked at the clock may be late to tell. */
static void advance(uint32_t now, bool begin)
{
    uint32_t seen = __atomic_load_n(&helper_ms, __ATOMIC_RELAXED);
    while ((seen ? !is_ahead(seen, now) : begin) &&
           !__atomic_compare_exchange_n(&helper_ms, &seen, now, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
        ;
}

uint32_t lr_clock_tick(void)
{
    uint32_t now = lr_clock_beat();
    advance(now ? now : 1, true);
    uint32_t stepped = __atomic_load_n(&stepped_ms, __ATOMIC_SEQ_CST);
    if (stepped && is_ahead(stepped, now))
        advance(stepped, false);
    else if (stepped)
        __atomic_compare_exchange_n(&stepped_ms, &stepped, 0, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    return now;
}

uint32_t lr_clock_step(void)
{
    enum { TRIES = 10000 };
    uint32_t before = lr_trace_ms(), now = before;
    for (unsigned i = 0; i < TRIES && !lr_is_later(now, before); i++) {
        if (i > 0 && !lr_prim_sleep_ms(1))
            lr_prim_yield();
        now = since_start(lr_prim_mono_ns());
    }
    if (!lr_is_later(now, before))
        return 0;
    __atomic_store_n(&stepped_ms, now, __ATOMIC_SEQ_CST);
    advance(now, false);
    return now;
}

void lr_clock_stop(void)
{
    __atomic_store_n(&helper_ms, 0, __ATOMIC_RELAXED);
}

uint32_t lr_trace_ms(void)
{
    uint32_t now = __atomic_load_n(&helper_ms, __ATOMIC_RELAXED);
    return now ? now : since_start(lr_prim_mono_ns());
}

bool lr_counter_is_loss(enum lr_counter counter)
{
    static const bool is_loss[] = {
#define loss true
#define info false
#define LR_COUNTER(name, kind, text) kind,
#include "leakring/counters.def"
#undef LR_COUNTER
#undef loss
#undef info
    };
    return is_loss[counter];
}

void lr_count_add(enum lr_counter counter, uint64_t amount)
{
    if (!lr_file.header)
        return;
    uint64_t before =
        __atomic_fetch_add(&lr_file.counters[counter], amount, __ATOMIC_RELAXED);
    if (before == 0 && lr_counter_is_loss(counter))
        lr_trace_event(LR_EVENT_LOSS, counter, 0);
}

void lr_trace_event(enum lr_event_type type, uint32_t a, uint64_t b)
{
    struct lr_section *ring = lr_file.section[LR_SEC_EVENTS];
    if (!ring)
        return;
    uint64_t number = __atomic_fetch_add(&ring->used, 1, __ATOMIC_RELAXED);
    struct lr_event *event = &lr_file.events[number % ring->capacity];
    uint32_t tid = lr_thread_id();
    __atomic_store_n(&event->sequence, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    event->type = type;
    event->time_ms = lr_trace_ms();
    event->a = a;
    event->b = b;
    event->tid = tid & LR_THREAD_NAMELESS ? 0 : tid;
    __atomic_store_n(&event->sequence, (uint32_t)(number + 1), __ATOMIC_RELEASE);
}

void lr_trace_set_compat(uint32_t bits)
{
    if (lr_file.header)
        __atomic_fetch_or(&lr_file.header->compat, bits, __ATOMIC_RELAXED);
}

void lr_trace_clear_compat(uint32_t bits)
{
    if (lr_file.header)
        __atomic_fetch_and(&lr_file.header->compat, ~bits, __ATOMIC_RELAXED);
}
