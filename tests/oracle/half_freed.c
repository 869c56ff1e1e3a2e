/* half_freed.c -- oracle: an allocator that can't give back what was freed, for every second block
 * is still there.  Prints live<TAB>blocks<TAB>bytes of those, and of all while none was freed; says
 * ready, and waits to be killed.
 * build: -lpthread
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 65536, BYTES = 1000 };

static void *blocks[BLOCKS];

static void keep(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BYTES);
        if (!blocks[i])
            abort();
        memset(blocks[i], 1, BYTES);
    }
}

/* A program with threads has the tracer's one, too. */
static void *sleep_on(void *unused)
{
    pause();
    return unused;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, sleep_on, NULL) != 0)
        return 2;
    keep();
    for (int i = 0; i < BLOCKS; i += 2)
        free(blocks[i]);
    printf("live\t%d\t%d\nall\t%d\t%d\nready\n", BLOCKS / 2, BLOCKS / 2 * BYTES, BLOCKS,
           BLOCKS * BYTES);
    fflush(stdout);
    pause();
    return 0;
}
