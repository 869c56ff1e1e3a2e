/* sampler.h -- which blocks are recorded, and how many each of them stands for.
 *
 * Stage: intercept -> RECORD, before anything else is done for a block.  Context: any thread,
 * inside malloc, signal-safe.
 *
 * A Poisson process over the bytes that are allocated (docs/STATISTICS.md): a block of s bytes is
 * recorded with probability p = 1 - exp(-s / interval) and then stands for 1 / p blocks.  Each
 * thread counts down an exponentially distributed gap.  The countdown has no unit of bytes, but
 * of expected samples: a block takes s * rate off it.  So a changed rate is in force at once, in
 * every thread, and no gap has to be drawn anew (Poisson's process under a change of time).
 */
#ifndef LEAKRING_SAMPLER_H
#define LEAKRING_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"
#include "leakring/format.h"

enum {
    LR_SAMPLE_ONE_SHIFT = 40, /* a countdown of 1 << 40 is one expected sample */
    LR_INTERVAL_FIRST = 64 << 10, /* where sampling begins that nobody asked for */
    LR_INTERVAL_STEP = 4,         /* and its steps, up and down */
    LR_INTERVAL_MIN = 4 << 10,
    LR_INTERVAL_MAX = 1 << 30,
};

/* What every malloc and free reads; hardly ever written. */
struct lr_sampling {
    uint64_t rate;         /* countdown units a byte; 0: everything is recorded */
    uintptr_t filter;      /* address_filter.h: bitmap in use, 0: none */
    uintptr_t filter_next; /* bitmap that is being filled, 0: none */
    uint32_t ever;         /* some block was not recorded, or may not have been */
    uint32_t may_crowd;    /* the governor watches the live table: lr_sampler_crowd helps */
} __attribute__((aligned(64)));
extern struct lr_sampling lr_sampling;

/* Bytes between samples from now on; 0: record everything.  Any thread. */
void lr_sampler_set(uint64_t interval);
/* The same, told in the file: `cost` is recording's, in 1/100 % of the process's CPU time.  One
 * thread at a time: start-up, then the helper. */
void lr_sampler_change(uint64_t interval, enum lr_interval_why why, uint32_t cost);
/* The live table is filling up faster than the helper thread can look: a larger interval at once,
 * which the helper tells in the file.  Any thread, inside malloc. */
void lr_sampler_crowd(void);
bool lr_sampler_was_crowded(void); /* since the last time; the helper thread */
/* The next larger interval. */
uint64_t lr_sampler_step(uint64_t interval);
/* The interval in force, as it was set. */
uint64_t lr_sampler_interval(void);
/* Random numbers begin here; 0 takes the seed from clock and addresses.  Start-up. */
void lr_sampler_seed(uint64_t seed);

/* The countdown ran out: see lr_sampler_weigh. */
float lr_sampler_hit(uint64_t size, uint64_t share);

/* Uniform in [0, 1): 53 bits.  About 5 ns; one shared cache line, so for sampled events only. */
double lr_sampler_random(void);
/* Probability of a block of `size` bytes at an interval (> 0). */
double lr_sampler_probability(uint64_t size, uint64_t interval);
/* -log(u) for u in (0, 1], and 1 - exp(-x) for x in [0, 40]; relative error below 1e-13. */
double lr_minus_log(double u);
double lr_one_minus_exp(double x);

/* The weight of a new block's record; 0: it isn't recorded.
 * Cost: one load and a branch while exact; about 2 ns while sampling. */
static inline __attribute__((always_inline)) float lr_sampler_weigh(size_t size)
{
    uint64_t rate = __atomic_load_n(&lr_sampling.rate, __ATOMIC_RELAXED);
    if (__builtin_expect(rate == 0, 1))
        return 1;
    if (lr_self.pair_stack || size >> 32) /* a pair's memory is always exact */
        return 1;
    uint64_t share = (size | !size) * rate; /* no block is too small to be seen */
    lr_self.countdown -= (int64_t)share;
    if (__builtin_expect(lr_self.countdown > 0, 1))
        return 0;
    return lr_sampler_hit(size, share);
}

#endif
