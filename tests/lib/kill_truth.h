/* kill_truth.h -- what a program that is about to die by SIGKILL has acquired, in memory that
 * outlives it.
 *
 * Stage: tests.  Shared by tests/oracle/kill_target.c, which writes it while it works, and
 * tests/fault/kill_judge.c, which compares it with the trace.  The target says what it is going to
 * do before it does it, and that it is done afterwards; between the two the trace may say either.
 */
#ifndef LEAKRING_KILL_TRUTH_H
#define LEAKRING_KILL_TRUTH_H

#include <stdint.h>

enum {
    KILL_BLOCKS = 6000,
    KILL_MAPS = 64,
    KILL_STREAMS = 128,
    KILL_MAX_THREADS = 16,
};

enum kill_state {
    KILL_EMPTY,
    KILL_ACQUIRING, /* of `size`, where isn't known yet */
    KILL_LIVE,
    KILL_RELEASING,
    KILL_RESIZING, /* of `size` at `address`, to `next_size` somewhere */
};

/* Taken by whoever changes `state` from EMPTY or LIVE to one of the others. */
struct kill_entry {
    uint64_t address, size, next_size;
    uint64_t born_ns; /* CLOCK_MONOTONIC, read after the acquisition */
    uint32_t state;
    uint32_t reserved;
};

struct kill_truth {
    uint32_t ready; /* every thread is at work */
    uint32_t threads;
    uint64_t operations;
    struct kill_entry blocks[KILL_BLOCKS], maps[KILL_MAPS], streams[KILL_STREAMS];
};

/* Sizes that the C library has no use for: nothing but our blocks and mappings has them. */
#define KILL_BLOCK_SIZE(n) (101u + (n) % 60 * 64) /* 101 to 3877 */
#define KILL_IS_BLOCK_SIZE(size) ((size) >= 101 && (size) <= 3877 && (size) % 64 == 37)
#define KILL_MAP_SIZE(n) ((3001u + (n) % 50) * 4096)
#define KILL_IS_MAP_SIZE(size) ((size) >= 3001u * 4096 && (size) <= 3050u * 4096)

#endif
