/* governor.h -- keeps recording within its budget of CPU time, and the live table below its limit.
 *
 * Stage: RECORD, in the background.  Context: the helper thread; without one a process is exact.
 *
 * CPU.  Recording may cost budget= percent of what the program itself uses, on average.  What it
 * needs less is saved up, at most LR_GOVERNOR_BURST of CPU time, and spent by a start-up or a
 * spike; so the cost of a run is at most budget * CPU + the burst (and what returning to exact is
 * granted, below).  When nothing is left, blocks are sampled: 1 in 64 KiB, then in steps of four
 * up to 1 in 16 MiB, as long as recording costs too much and less of it would help.  A step back is
 * taken when it would have kept within six tenths of the budget for some seconds; who has to go up
 * again soon after waits twice as long the next time.
 * Only blocks are sampled, never pairs or mappings.
 *
 * Table.  When three fifths of the live table are in use, its records are thinned to half and
 * new blocks sampled accordingly (thin.h), so that nothing is lost.
 */
#ifndef LEAKRING_GOVERNOR_H
#define LEAKRING_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

/* Is there going to be a helper thread?  Called before it exists: it may take long to begin. */
void lr_governor_expect(bool helper);
/* Starts metering, unless the settings forbid to govern. */
void lr_governor_start(void);
/* To be called every 20 ms or so; most calls return at once. */
void lr_governor_tick(uint32_t now_ms);
/* What recording has cost since start, microseconds; LR_NO_VALUE when it isn't measured. */
uint64_t lr_governor_cost_us(void);
/* The helper thread ends: nobody is metered any more. */
void lr_governor_stop(void);

/* --- the decision about CPU time, apart from where its figures come from ---------------------- */

#define LR_GOVERNOR_BURST 10e9 /* ns of CPU time */
enum { LR_GOVERNOR_LEVELS = 5 };

struct lr_governor {
    double budget;      /* of CPU time, 0.03 for 3 % */
    double credit;      /* ns saved up */
    double exact_ns;    /* an event cost while everything was recorded; 0: not known */
    unsigned level;     /* 0: exact */
    unsigned calm;      /* seconds that a lower level would have kept within the budget */
    unsigned patience;  /* seconds that must be */
    unsigned since;     /* seconds since the last step down */
    double cost;        /* of the last second, in CPU time of the program */
};

/* What happened in about a second. */
struct lr_governor_input {
    double seconds;
    double cpu_ns;   /* of the whole process */
    double events;   /* recorded blocks and releases that were looked for */
    double event_ns; /* each */
    double missed;   /* of them, releases of blocks without a record: no interval spares these */
    double skipped;  /* blocks that weren't recorded */
};

void lr_governor_init(struct lr_governor *governor, double budget);
/* True: governor->level has changed. */
bool lr_governor_decide(struct lr_governor *governor, const struct lr_governor_input *input);
/* ns that recording cost. */
double lr_governor_input_cost(const struct lr_governor_input *input);
/* Bytes between samples at a level; 0: exact. */
uint64_t lr_governor_interval(unsigned level);

#endif
