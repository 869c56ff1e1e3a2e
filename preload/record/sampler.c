/* sampler.c -- sampler.h: drawing gaps and weighing what was hit.
 *
 * Stage: RECORD.  Context: any thread, inside malloc, signal-safe.  libm isn't linked, so the two
 * functions that are needed of it are here.
 */
#include "sampler.h"

#include "file.h"
#include "prim.h"
#include "trace.h"

struct lr_sampling lr_sampling;
static uint64_t random_state, interval_set;

#define ONE (UINT64_C(1) << LR_SAMPLE_ONE_SHIFT)
enum { ALWAYS = 8 }; /* expected samples in one block from which on it is always recorded */

/* splitmix64 over a shared counter (Steele, Lea, Flood 2014): threads need no state. */
static uint64_t next_random(void)
{
    uint64_t z = __atomic_add_fetch(&random_state, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double lr_sampler_random(void)
{
    return (double)(next_random() >> 11) * 0x1p-53;
}

/* log of m in [sqrt(1/2), sqrt(2)) by 2 atanh((m - 1) / (m + 1)); the first term left out is
 * below 1e-15. */
static double log_near_one(double m)
{
    double t = (m - 1) / (m + 1), t2 = t * t, sum = 0;
    for (int k = 19; k >= 1; k -= 2)
        sum = sum * t2 + 1.0 / k;
    return 2 * t * sum;
}

static const double LN2 = 0.693147180559945309417;

double lr_minus_log(double u)
{
    union {
        double value;
        uint64_t bits;
    } m = {u};
    int exponent = (int)(m.bits >> 52) - 1023;
    m.bits = (m.bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
    if (m.value > 1.41421356237309505) {
        m.value /= 2;
        exponent++;
    }
    return -(exponent * LN2 + log_near_one(m.value));
}

/* x = n ln 2 + r with |r| <= ln 2 / 2; 1 - exp(-r) by its series. */
double lr_one_minus_exp(double x)
{
    int n = (int)(x / LN2 + 0.5);
    double r = x - n * LN2, sum = 0;
    for (int k = 16; k >= 1; k--)
        sum = (1 - sum) * r / k;
    return n == 0 ? sum : 1 - (1 - sum) / (double)(UINT64_C(1) << n);
}

static uint64_t rate_of(uint64_t interval)
{
    return interval ? ONE / interval : 0;
}

double lr_sampler_probability(uint64_t size, uint64_t interval)
{
    double x = (double)(size | !size) * (double)rate_of(interval) / (double)ONE;
    return x >= ALWAYS ? 1 : lr_one_minus_exp(x);
}

void lr_sampler_set(uint64_t interval)
{
    if (interval) {
        __atomic_store_n(&lr_sampling.ever, 1, __ATOMIC_RELAXED);
        lr_trace_clear_compat(LR_COMPAT_EXACT);
    }
    __atomic_store_n(&interval_set, interval, __ATOMIC_RELAXED);
    __atomic_store_n(&lr_sampling.rate, rate_of(interval), __ATOMIC_RELAXED);
}

uint64_t lr_sampler_interval(void)
{
    return __atomic_load_n(&interval_set, __ATOMIC_RELAXED);
}

static void note_largest(uint64_t interval)
{
    uint64_t *largest = &lr_file.header->max_interval;
    uint64_t old = __atomic_load_n(largest, __ATOMIC_RELAXED);
    while (interval > old && !__atomic_compare_exchange_n(largest, &old, interval, false,
                                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* The largest interval is in the file before the first block is skipped for it. */
void lr_sampler_change(uint64_t interval, enum lr_interval_why why, uint32_t cost)
{
    struct lr_header *header = lr_file.header;
    struct lr_section *changes = lr_file.section[LR_SEC_INTERVALS];
    if (changes->used < changes->capacity) {
        lr_file.intervals[changes->used] = (struct lr_interval){.time_ms = lr_trace_ms(),
                                                                .why = why,
                                                                .from = header->interval,
                                                                .to = interval,
                                                                .cost = cost};
        __atomic_store_n(&changes->used, changes->used + 1, __ATOMIC_RELEASE);
    }
    note_largest(interval);
    __atomic_store_n(&header->interval, interval, __ATOMIC_RELEASE);
    lr_sampler_set(interval);
    lr_trace_event(LR_EVENT_INTERVAL, why, interval);
}

uint64_t lr_sampler_step(uint64_t interval)
{
    if (!interval)
        return LR_INTERVAL_FIRST;
    return interval < LR_INTERVAL_MAX / LR_INTERVAL_STEP ? interval * LR_INTERVAL_STEP
                                                         : LR_INTERVAL_MAX;
}

static uint32_t crowded;

void lr_sampler_crowd(void)
{
    uint32_t no = 0;
    if (!__atomic_load_n(&lr_sampling.may_crowd, __ATOMIC_RELAXED) ||
        !__atomic_compare_exchange_n(&crowded, &no, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    uint64_t interval = lr_sampler_step(lr_sampler_interval());
    note_largest(interval);
    lr_sampler_set(interval);
}

bool lr_sampler_was_crowded(void)
{
    return __atomic_exchange_n(&crowded, 0, __ATOMIC_ACQ_REL);
}

void lr_sampler_seed(uint64_t seed)
{
    if (!seed)
        seed = lr_prim_unix_ns() ^ (uintptr_t)&seed << 16 ^ (uint64_t)lr_prim_pid() << 40;
    random_state = seed;
}

/* At least one unit, so that 0 goes on to mean that no gap was drawn yet. */
static int64_t draw_gap(void)
{
    double u = ((double)(next_random() >> 11) + 1) * 0x1p-53;
    return (int64_t)(lr_minus_log(u) * (double)ONE) + 1;
}

/* The gap begins anew behind the block: what happens to one block tells nothing of the next. */
float lr_sampler_hit(uint64_t size, uint64_t share)
{
    int64_t before = lr_self.countdown + (int64_t)share;
    lr_self.countdown = before;
    if (share >= ALWAYS * ONE)
        return 1;
    if (before == 0) { /* a thread's first block */
        lr_self.countdown = draw_gap() - (int64_t)share;
        if (lr_self.countdown > 0)
            return 0;
    }
    lr_self.countdown = draw_gap();
    return (float)(1 / lr_one_minus_exp((double)share / (double)ONE));
}
