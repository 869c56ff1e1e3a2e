/* leak50.c -- fifty places that leak a known number of blocks and bytes.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, one line a
 * site, then `ready`.  Every allocating function of the family is used, a third of the blocks is
 * freed again, some by another thread.
 *
 *     leak50 exit|wait [THREADS]     wait: stays alive after `ready`, to be killed
 */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SITES = 50, MAX_BLOCKS = 64, MAX_THREADS = 8 };

struct block {
    void *address;
    size_t size;
};

struct tally {
    uint64_t count, bytes;
};

static struct block kept[MAX_THREADS][SITES][MAX_BLOCKS];
static struct tally live[SITES];
static pthread_barrier_t all_allocated;
static int thread_count = 1;

static unsigned blocks_of(unsigned site)
{
    return 3 + site * 7 % 41;
}

static size_t size_of(unsigned site, unsigned block)
{
    return 16 + (size_t)site * 37 + block * 5 + (site % 13 == 0 ? 200000 : 0);
}

static char *text_of(char *buffer, size_t size)
{
    memset(buffer, 'x', size - 1);
    buffer[size - 1] = 0;
    return buffer;
}

static char scratch[300000];

/* Each use of this macro is a call of its own in the function that names the site. */
#define SITE_BODY(site, block, size, result)                                                      \
    switch ((site) % 10) {                                                                        \
    case 0:                                                                                       \
        result = malloc(size);                                                                    \
        break;                                                                                    \
    case 1:                                                                                       \
        result = calloc(size, 1);                                                                 \
        break;                                                                                    \
    case 2:                                                                                       \
        result = realloc(NULL, size);                                                             \
        break;                                                                                    \
    case 3: /* grows, usually moves */                                                            \
        result = realloc(malloc(8), size);                                                        \
        break;                                                                                    \
    case 4:                                                                                       \
        if (posix_memalign(&result, 64, size) != 0)                                               \
            result = NULL;                                                                        \
        break;                                                                                    \
    case 5:                                                                                       \
        result = aligned_alloc(32, size);                                                         \
        break;                                                                                    \
    case 6:                                                                                       \
        result = memalign(256, size);                                                             \
        break;                                                                                    \
    case 7: /* shrinks in place */                                                                \
        result = reallocarray(malloc(3 * (size)), 1, size);                                       \
        break;                                                                                    \
    case 8:                                                                                       \
        result = valloc(size);                                                                    \
        break;                                                                                    \
    case 9: /* through the C library */                                                           \
        result = strdup(scratch + sizeof scratch - (size));                                       \
        break;                                                                                    \
    }

#define SITE(number)                                                                              \
    static void *site_##number(unsigned block)                                                    \
    {                                                                                             \
        void *block_address = NULL;                                                             \
        size_t size = size_of(1##number - 100, block);                                            \
        SITE_BODY(1##number - 100, block, size, block_address)                                  \
        return block_address;                                                                   \
    }
#define TEN(tens)                                                                                 \
    SITE(tens##0) SITE(tens##1) SITE(tens##2) SITE(tens##3) SITE(tens##4)                         \
    SITE(tens##5) SITE(tens##6) SITE(tens##7) SITE(tens##8) SITE(tens##9)
TEN(0)
TEN(1)
TEN(2)
TEN(3)
TEN(4)

#define NAMES(tens)                                                                               \
    site_##tens##0, site_##tens##1, site_##tens##2, site_##tens##3, site_##tens##4,               \
    site_##tens##5, site_##tens##6, site_##tens##7, site_##tens##8, site_##tens##9
static void *(*const sites[SITES])(unsigned) = {NAMES(0), NAMES(1), NAMES(2), NAMES(3), NAMES(4)};

static void allocate_all(unsigned thread)
{
    for (unsigned site = 0; site < SITES; site++)
        for (unsigned block = 0; block < blocks_of(site); block++) {
            struct block *slot = &kept[thread][site][block];
            slot->size = size_of(site, block);
            slot->address = sites[site](block);
            if (!slot->address)
                abort();
            memset(slot->address, 0x5a, slot->size);
        }
}

/* Every third block of `thread` goes; the rest is counted as live. */
static void free_some(unsigned thread)
{
    for (unsigned site = 0; site < SITES; site++)
        for (unsigned block = 0; block < blocks_of(site); block++) {
            struct block *slot = &kept[thread][site][block];
            if (block % 3 == 2) {
                free(slot->address);
                slot->address = NULL;
            } else {
                __atomic_fetch_add(&live[site].count, 1, __ATOMIC_RELAXED);
                __atomic_fetch_add(&live[site].bytes, slot->size, __ATOMIC_RELAXED);
            }
        }
}

/* Allocates its own, frees its neighbour's. */
static void *work(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument;
    allocate_all(thread);
    pthread_barrier_wait(&all_allocated);
    free_some((thread + 1) % (unsigned)thread_count);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        thread_count = atoi(argv[2]);
    if (argc < 2 || thread_count < 1 || thread_count > MAX_THREADS) {
        fprintf(stderr, "usage: leak50 exit|wait [1..%d]\n", MAX_THREADS);
        return 2;
    }
    text_of(scratch, sizeof scratch);
    pthread_barrier_init(&all_allocated, NULL, (unsigned)thread_count);
    pthread_t threads[MAX_THREADS];
    for (int i = 1; i < thread_count; i++)
        pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i);
    work(NULL);
    for (int i = 1; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    for (unsigned site = 0; site < SITES; site++)
        printf("site_%02u\t%llu\t%llu\n", site, (unsigned long long)live[site].count,
               (unsigned long long)live[site].bytes);
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
