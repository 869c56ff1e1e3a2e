/* keeps.c -- holds a known number of blocks until it is killed.
 *
 * Oracle program: 1,000 blocks of 3,000 bytes from one place, 10 mappings of 64 KiB from another.
 * Prints "ready" when it has them.  It has a thread, so the tracer's own one runs too.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCKS = 1000, BYTES = 3000, MAPPINGS = 10, MAPPED = 64 << 10 };

static void *volatile kept[BLOCKS + MAPPINGS];

static void keep_blocks(void)
{
    for (int i = 0; i < BLOCKS; i++)
        kept[i] = malloc(BYTES);
}

static void keep_mappings(void)
{
    for (int i = 0; i < MAPPINGS; i++)
        kept[BLOCKS + i] = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                -1, 0);
}

static void *wait_for_end(void *unused)
{
    pause();
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_end, NULL) != 0)
        return 1;
    keep_blocks();
    keep_mappings();
    puts("ready");
    fflush(stdout);
    pthread_join(thread, NULL);
    return 0;
}
