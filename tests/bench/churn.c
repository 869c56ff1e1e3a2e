/* churn.c -- allocator churn as a service makes it: what tracing costs, at its dearest.
 *
 * 10,000 live blocks; each step frees the oldest of a random slot and allocates one of 64 sizes
 * from one of 200 call sites, 20 calls deep.  Built without frame pointers, as distributions do.
 * Prints `pairs<TAB>cpu_ns<TAB>ns_per_pair`.
 *
 *     churn [PAIRS [THREADS]]
 *
 * build: -fomit-frame-pointer
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LIVE = 10000, SIZES = 64, DEPTH = 20 };

static uint64_t pairs = 3000000;

#define NOINLINE __attribute__((noinline))

/* 200 leaves: 8 x 25 functions, each with a call of malloc of its own. */
#define LEAF(name)                                                                                \
    static NOINLINE void *leaf_##name(size_t size)                                                \
    {                                                                                             \
        void *block = malloc(size);                                                               \
        __asm__ volatile("" ::: "memory"); /* no tail call */                                     \
        return block;                                                                             \
    }
#define LEAVES_5(n) LEAF(n##0) LEAF(n##1) LEAF(n##2) LEAF(n##3) LEAF(n##4)
#define LEAVES_25(n) LEAVES_5(n##0) LEAVES_5(n##1) LEAVES_5(n##2) LEAVES_5(n##3) LEAVES_5(n##4)
LEAVES_25(0)
LEAVES_25(1)
LEAVES_25(2)
LEAVES_25(3)
LEAVES_25(4)
LEAVES_25(5)
LEAVES_25(6)
LEAVES_25(7)

#define NAMES_5(n) leaf_##n##0, leaf_##n##1, leaf_##n##2, leaf_##n##3, leaf_##n##4
#define NAMES_25(n) NAMES_5(n##0), NAMES_5(n##1), NAMES_5(n##2), NAMES_5(n##3), NAMES_5(n##4)
static void *(*const leaves[])(size_t) = {
    NAMES_25(0), NAMES_25(1), NAMES_25(2), NAMES_25(3),
    NAMES_25(4), NAMES_25(5), NAMES_25(6), NAMES_25(7),
};
enum { LEAVES = sizeof leaves / sizeof leaves[0] };

/* Two ways down, so that stacks differ above the leaf too. */
static NOINLINE void *left(unsigned depth, unsigned way, unsigned leaf, size_t size);
static NOINLINE void *right(unsigned depth, unsigned way, unsigned leaf, size_t size);

static inline void *step(unsigned depth, unsigned way, unsigned leaf, size_t size)
{
    if (depth == 0)
        return leaves[leaf](size);
    return (way & 1 ? left : right)(depth - 1, way >> 1, leaf, size);
}
static NOINLINE void *left(unsigned depth, unsigned way, unsigned leaf, size_t size)
{
    void *block = step(depth, way, leaf, size);
    __asm__ volatile("" ::: "memory");
    return block;
}
static NOINLINE void *right(unsigned depth, unsigned way, unsigned leaf, size_t size)
{
    void *block = step(depth, way, leaf, size);
    __asm__ volatile("" ::: "memory");
    return block;
}

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void *churn(void *seed)
{
    uint64_t state = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    void **live = calloc(LIVE, sizeof *live);
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t random = next_random(&state);
        void **slot = &live[random % LIVE];
        unsigned leaf = (unsigned)(random >> 20) % LEAVES;
        size_t size = 16 + ((random >> 40) % SIZES) * 16;
        free(*slot);
        /* one way down for each leaf: 200 stacks in all */
        *slot = step(DEPTH - 2, leaf * 2654435761u, leaf, size);
        **(volatile char **)slot = 1;
    }
    for (unsigned i = 0; i < LIVE; i++)
        free(live[i]);
    free(live);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    if (argc > 1)
        pairs = strtoull(argv[1], NULL, 10);
    if (count < 1 || count > 64)
        return 2;
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) != 0)
            abort();
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    uint64_t cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
    printf("%llu\t%llu\t%.1f\n", (unsigned long long)(pairs * count), (unsigned long long)cpu_ns,
           (double)cpu_ns / (double)(pairs * count));
    return 0;
}
