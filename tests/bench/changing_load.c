/* changing_load.c -- a program whose allocations become a thousand times as many, and few again.
 *
 * Twenty sites keep a thousand blocks each, of 256 to 5,120 bytes; what is live never changes, but
 * each block is replaced every twenty seconds.  Besides, blocks come and go: 1,000 a second while it
 * is calm, as many as the machine can while it isn't.  Prints `site_NN<TAB>count<TAB>bytes`, then
 * `calm`, `storm`, `calm` and `end` as they begin, and `churned<TAB>N`, blocks so far, twice a second.
 *
 *     changing_load CALM STORM CALM      seconds
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SITES = 20, BLOCKS = 1000, CHURNED = 1000, STORM_STEPS = 1000 };

static void *kept[SITES][BLOCKS], *churned[CHURNED];
static uint64_t churned_count;

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static size_t size_of(unsigned site)
{
    return 256 * ((size_t)site + 1);
}

#define SITE(number)                                                                               \
    static __attribute__((noinline)) void *site_##number(size_t size)                              \
    {                                                                                              \
        void *block = malloc(size);                                                                \
        __asm__ volatile("" ::: "memory"); /* no tail call */                                      \
        return block;                                                                              \
    }
#define FIVE(n, a, b, c, d, e) SITE(n##a) SITE(n##b) SITE(n##c) SITE(n##d) SITE(n##e)
FIVE(0, 0, 1, 2, 3, 4) FIVE(0, 5, 6, 7, 8, 9) FIVE(1, 0, 1, 2, 3, 4) FIVE(1, 5, 6, 7, 8, 9)

static void *(*const sites[SITES])(size_t) = {
    site_00, site_01, site_02, site_03, site_04, site_05, site_06, site_07, site_08, site_09,
    site_10, site_11, site_12, site_13, site_14, site_15, site_16, site_17, site_18, site_19};

static void replace(unsigned site, unsigned block)
{
    free(kept[site][block]);
    kept[site][block] = sites[site](size_of(site));
}

static __attribute__((noinline)) void churn(void)
{
    uint64_t random = next_random();
    void **slot = &churned[random % CHURNED];
    free(*slot);
    *slot = malloc(16 + (random >> 20) % 64 * 16);
    __asm__ volatile("" ::: "memory");
    churned_count++;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void tell_count(double at)
{
    static double told;
    if (at < told + 0.5)
        return;
    told = at;
    printf("churned\t%llu\n", (unsigned long long)churned_count);
    fflush(stdout);
}

/* A thousand kept blocks a second are replaced in either phase; a storm churns all the time. */
static void live_for(double seconds, int storm)
{
    puts(storm ? "storm" : "calm");
    fflush(stdout);
    for (double end = now() + seconds; now() < end;) {
        double next = now() + 0.001;
        tell_count(next);
        uint64_t random = next_random();
        replace((unsigned)(random % SITES), (unsigned)(random >> 32) % BLOCKS);
        churn();
        while (storm && now() < next)
            for (unsigned i = 0; i < STORM_STEPS; i++)
                churn();
        if (!storm)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void *run(void *arguments)
{
    char **seconds = arguments;
    for (unsigned phase = 0; phase < 3; phase++)
        live_for(atof(seconds[phase]), phase == 1);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc != 4)
        return 2;
    for (unsigned site = 0; site < SITES; site++) {
        for (unsigned block = 0; block < BLOCKS; block++)
            replace(site, block);
        printf("site_%02u\t%u\t%zu\n", site, BLOCKS, BLOCKS * size_of(site));
    }
    pthread_create(&thread, NULL, run, argv + 1);
    pthread_join(thread, NULL);
    puts("end");
    return 0;
}
