/* leak_sites.c -- fifty places that leak, among ten million allocations.
 *
 * Every place allocates ALLOCATIONS / 50 blocks, 10 calls deep, and forgets some of them: from one
 * block (site_00) to 2 % (site_49).  The others live for a while.  Prints what each place leaked,
 * `site_NN<TAB>count<TAB>bytes`, then `cpu<TAB>ns`.  Leaked blocks are not reachable from anything.
 *
 *     leak_sites [ALLOCATIONS [SEED]]
 *
 * build: -no-pie
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SITES = 50, KEPT = 4096, DEPTH = 8 };

struct tally {
    uint64_t count, bytes;
};

static struct tally leaked[SITES];
static void *kept[KEPT];
static uint64_t state;

#define NOINLINE __attribute__((noinline))
#define STAY() __asm__ volatile("" ::: "memory") /* no tail call */

#define SITE(number)                                                                               \
    static NOINLINE void *site_##number(size_t size)                                               \
    {                                                                                              \
        void *block = malloc(size);                                                                \
        STAY();                                                                                    \
        return block;                                                                              \
    }
#define TEN(tens)                                                                                  \
    SITE(tens##0)                                                                                  \
    SITE(tens##1)                                                                                  \
    SITE(tens##2) SITE(tens##3) SITE(tens##4) SITE(tens##5) SITE(tens##6) SITE(tens##7)            \
        SITE(tens##8) SITE(tens##9)
TEN(0)
TEN(1)
TEN(2)
TEN(3)
TEN(4)

#define NAMES(tens)                                                                                \
    site_##tens##0, site_##tens##1, site_##tens##2, site_##tens##3, site_##tens##4,                \
        site_##tens##5, site_##tens##6, site_##tens##7, site_##tens##8, site_##tens##9
static void *(*const sites[SITES])(size_t) = {NAMES(0), NAMES(1), NAMES(2), NAMES(3), NAMES(4)};

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static NOINLINE void *down(unsigned depth, unsigned site, size_t size)
{
    void *block = depth ? down(depth - 1, site, size) : sites[site](size);
    STAY();
    return block;
}

/* One block in `period` of a place is forgotten: all in all 1, 4, 16 … at the first places, then
 * up to 2 %. */
static uint64_t period_of(unsigned site, uint64_t blocks)
{
    uint64_t wanted = site < 8 ? UINT64_C(1) << (2 * site) : blocks * site / 49 / 50;
    if (wanted > blocks / 50)
        wanted = blocks / 50;
    return wanted ? blocks / wanted : blocks;
}

static void allocate(unsigned site, uint64_t number, uint64_t period)
{
    uint64_t random = next_random();
    size_t size = 16 + (size_t)(random >> 32) % (site % 5 == 4 ? 4096 : 256);
    void *block = down(DEPTH, site, size);
    *(volatile char *)block = 1;
    if (number % period == period / 2) {
        leaked[site].count++;
        leaked[site].bytes += size;
        return;
    }
    void **slot = &kept[random % KEPT];
    free(*slot);
    *slot = block;
}

int main(int argc, char **argv)
{
    uint64_t blocks = (argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000) / SITES, period[SITES];
    state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * UINT64_C(0x9e3779b97f4a7c15);
    if (!blocks || !state)
        return 2;
    for (unsigned site = 0; site < SITES; site++)
        period[site] = period_of(site, blocks);
    for (uint64_t number = 0; number < blocks; number++)
        for (unsigned site = 0; site < SITES; site++)
            allocate(site, number, period[site]);
    for (unsigned i = 0; i < KEPT; i++) {
        free(kept[i]);
        kept[i] = NULL;
    }
    for (unsigned site = 0; site < SITES; site++)
        printf("site_%02u\t%llu\t%llu\n", site, (unsigned long long)leaked[site].count,
               (unsigned long long)leaked[site].bytes);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu\t%llu\n",
           (unsigned long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
               (unsigned long long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u);
    return 0;
}
