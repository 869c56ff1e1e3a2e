/* paced.c -- allocations at a steady rate, as a service under load makes them: how long malloc
 * takes at worst, what is written to disk meanwhile, how large the process is.
 *
 * RATE blocks a second for SECONDS, of 16 to 1039 bytes.  Most live for about 10 ms; with `mixed`
 * one in a hundred lives for about a second and one in a thousand for half a minute.  Prints, each
 * on a line: `blocks<TAB>N`; `latency<TAB>` and the nanoseconds of the 50th, 99th, 99.9th
 * and 99.99th percentile and the longest malloc, the clock's own cost included; `waits<TAB>` how often a
 * malloc or free had to wait for something (a disk, a lock: voluntary context switches); `io<TAB>` bytes
 * that the process made dirty on disk and seconds, in the last three quarters; `memory<TAB>` RSS
 * and PSS in KiB at the end; `cpu<TAB>ns`.
 *
 *     paced [RATE [SECONDS [mixed [real-time]]]]
 *
 * real-time: at a real-time priority, if that is allowed, so that the latencies don't tell how many
 * other programs wait for a processor.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SHORT = 10000, MIDDLE = 10000, LONG = 30000, BATCH = 1000, DEPTH = 12 };

/* Of the binary logarithm, 16 steps each: at most 6 % wide. */
enum { STEPS = 16, BINS = 64 * STEPS };

static uint64_t histogram[BINS];
static void *short_lived[SHORT], *middle_lived[MIDDLE], *long_lived[LONG];
static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
static bool mixed;

#define NOINLINE __attribute__((noinline))

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static unsigned bin_of(uint64_t ns)
{
    if (ns < STEPS)
        return (unsigned)ns;
    unsigned log = 63 - (unsigned)__builtin_clzll(ns);
    return log * STEPS + (unsigned)(ns >> (log - 4) & (STEPS - 1));
}

static uint64_t bin_value(unsigned bin)
{
    return bin < 4 * STEPS ? bin : ((uint64_t)STEPS + bin % STEPS) << (bin / STEPS - 4);
}

static uint64_t percentile(uint64_t count, double share)
{
    uint64_t below = 0, wanted = (uint64_t)((double)(count - 1) * share);
    unsigned bin = 0;
    while (bin < BINS - 1 && (below += histogram[bin]) <= wanted)
        bin++;
    return bin_value(bin);
}

static NOINLINE void *allocate(unsigned depth, size_t size)
{
    void *block;
    if (depth) {
        block = allocate(depth - 1, size);
    } else {
        uint64_t start = now_ns();
        block = malloc(size);
        histogram[bin_of(now_ns() - start)]++;
    }
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return block;
}

static void one(void)
{
    uint64_t random = next_random(), kind = mixed ? (random >> 40) % 1000 : 999;
    void **slot = kind == 0   ? &long_lived[random % LONG]
                  : kind < 11 ? &middle_lived[random % MIDDLE]
                              : &short_lived[random % SHORT];
    free(*slot);
    *slot = allocate(DEPTH, 16 + (random >> 20) % 1024);
    **(volatile char **)slot = 1;
}

/* The number behind `name` in a file of /proc; 0 when there is none. */
static unsigned long long figure(const char *path, const char *name)
{
    char line[256];
    unsigned long long value = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), "%llu", &value);
    if (file)
        fclose(file);
    return value;
}

/* How often this thread has given up its processor because it couldn't go on. */
static long waits(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void sleep_until(uint64_t due)
{
    struct timespec at = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        ;
}

int main(int argc, char **argv)
{
    uint64_t rate = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t seconds = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;
    mixed = argc > 3 && strcmp(argv[3], "mixed") == 0;
    if (!rate || !seconds)
        return 2;
    if (argc > 4 && strcmp(argv[4], "real-time") == 0)
        sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 10});
    uint64_t batches = rate * seconds / BATCH, begun = now_ns();
    uint64_t io_begun = 0;
    unsigned long long written = 0;
    long waited = 0;
    for (uint64_t batch = 0; batch < batches; batch++) {
        if (batch == batches / 4) {
            written = figure("/proc/self/io", "write_bytes: ");
            io_begun = now_ns();
        }
        long before = waits();
        for (unsigned i = 0; i < BATCH; i++)
            one();
        waited += waits() - before;
        sleep_until(begun + (batch + 1) * BATCH * 1000000000u / rate);
    }
    double io_seconds = (double)(now_ns() - io_begun) / 1e9;
    written = figure("/proc/self/io", "write_bytes: ") - written;
    uint64_t count = batches * BATCH;
    printf("blocks\t%llu\n", (unsigned long long)count);
    printf(
        "latency\t%llu\t%llu\t%llu\t%llu\t%llu\n", (unsigned long long)percentile(count, 0.5),
        (unsigned long long)percentile(count, 0.99), (unsigned long long)percentile(count, 0.999),
        (unsigned long long)percentile(count, 0.9999), (unsigned long long)percentile(count, 1.0));
    printf("waits\t%ld\n", waited);
    printf("io\t%llu\t%.2f\n", written, io_seconds);
    printf("memory\t%llu\t%llu\n", figure("/proc/self/smaps_rollup", "Rss: "),
           figure("/proc/self/smaps_rollup", "Pss: "));
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu\t%llu\n",
           (unsigned long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
               (unsigned long long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u);
    return 0;
}
