/* churn.c -- allocator churn as a service makes it: what tracing costs, at its dearest.
 *
 * Each thread keeps 10,000 (LIVE) blocks; a step frees what is in a random slot and puts there a
 * block of one of 64 sizes, from one of 200 call sites, 20 calls deep.  `cross`: half of the slots
 * a thread empties are its neighbour's, so that blocks are freed by other threads.
 *
 *     churn [PAIRS [THREADS [LIVE [cross]]]]     PAIRS: of each thread
 *
 * Prints `pairs<TAB>N<TAB>bytes<TAB>N`, the same every time, and `cpu<TAB>ns`.  Built twice:
 * without frame pointers, as distributions do, and as NAME-fp with them.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SIZES = 64, DEPTH = 20, MAX_THREADS = 64 };

static uint64_t pairs = 3000000, live_count = 10000;
static unsigned thread_count = 1;
static bool crosses;

struct thread {
    pthread_t handle;
    unsigned number;
    uint64_t bytes; /* allocated in all */
    void **live;    /* live_count slots, emptied and filled by exchange */
};
static struct thread threads[MAX_THREADS];

#define NOINLINE __attribute__((noinline))

/* 200 leaves: 8 x 25 functions, each with a call of malloc of its own. */
#define LEAF(name)                                                                                 \
    static NOINLINE void *leaf_##name(size_t size)                                                 \
    {                                                                                              \
        void *block = malloc(size);                                                                \
        __asm__ volatile("" ::: "memory"); /* no tail call */                                      \
        return block;                                                                              \
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

static void *churn(void *argument)
{
    struct thread *self = argument, *other = &threads[(self->number + 1) % thread_count];
    uint64_t state = (self->number + 1) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (uint64_t i = 0; i < pairs; i++) {
        uint64_t random = next_random(&state);
        struct thread *owner = crosses && (random >> 60 & 1) ? other : self;
        void **slot = &owner->live[(random & 0xffffffff) % live_count];
        unsigned leaf = (unsigned)(random >> 20) % LEAVES;
        size_t size = 16 + ((random >> 40) % SIZES) * 16;
        free(crosses ? __atomic_exchange_n(slot, NULL, __ATOMIC_ACQUIRE) : *slot);
        /* one way down for each leaf: 200 stacks in all */
        void *block = step(DEPTH - 2, leaf * 2654435761u, leaf, size);
        *(volatile char *)block = 1;
        self->bytes += size;
        if (crosses)
            free(__atomic_exchange_n(slot, block, __ATOMIC_RELEASE));
        else
            *slot = block;
    }
    return NULL;
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void start(unsigned number)
{
    threads[number].number = number;
    if (pthread_create(&threads[number].handle, NULL, churn, &threads[number]) != 0)
        abort();
}

static void release(struct thread *thread)
{
    for (uint64_t i = 0; i < live_count; i++)
        free(thread->live[i]);
    free(thread->live);
}

int main(int argc, char **argv)
{
    uint64_t bytes = 0;
    if (argc > 1)
        pairs = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        thread_count = (unsigned)atoi(argv[2]);
    if (argc > 3)
        live_count = strtoull(argv[3], NULL, 10);
    crosses = argc > 4 && strcmp(argv[4], "cross") == 0;
    if (thread_count < 1 || thread_count > MAX_THREADS || live_count < 1)
        return 2;
    for (unsigned i = 0; i < thread_count; i++)
        threads[i].live = calloc(live_count, sizeof *threads[i].live);
    for (unsigned i = 0; i < thread_count; i++)
        start(i);
    for (unsigned i = 0; i < thread_count; i++) {
        pthread_join(threads[i].handle, NULL);
        bytes += threads[i].bytes;
    }
    for (unsigned i = 0; i < thread_count; i++)
        release(&threads[i]);
    printf("pairs\t%llu\tbytes\t%llu\n", (unsigned long long)(pairs * thread_count),
           (unsigned long long)bytes);
    printf("cpu\t%llu\n", (unsigned long long)cpu_ns());
    return 0;
}
