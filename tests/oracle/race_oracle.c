/* race_oracle.c -- threads that hand blocks to each other, resize and free them, for a while.
 *
 * Oracle program: blocks live for microseconds or for seconds, so they are resized and freed while
 * they are young, while they move into the file, and when they are in it; freed addresses are
 * reused by other threads at once.  At the end each thread keeps the blocks in its hands.  Prints
 * `function<TAB>count<TAB>bytes` of what is live, then `ready`.
 *
 *     race_oracle exit|wait [THREADS [MILLISECONDS]]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 512, MAX_THREADS = 16 };

/* A slot holds one block or nothing; taken and filled by exchange. */
static void *slots[SLOTS];
static volatile int stopped;

struct block {
    uint32_t size;
    uint32_t resized;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static struct block *born_site(uint32_t size)
{
    struct block *block = malloc(size);
    *block = (struct block){size, 0};
    return block;
}

static struct block *resized_site(struct block *block, uint32_t size)
{
    block = realloc(block, size);
    *block = (struct block){size, 1};
    return block;
}

static void *work(void *seed)
{
    uint64_t state = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    while (!stopped) {
        uint64_t random = next_random(&state);
        uint32_t size = (uint32_t)sizeof(struct block) + (random >> 16) % 300;
        void **slot = &slots[random % SLOTS];
        struct block *block = __atomic_exchange_n(slot, NULL, __ATOMIC_ACQ_REL);
        if (!block)
            block = born_site(size);
        else if (random >> 60 < 6)
            block = resized_site(block, size);
        else if (random >> 60 < 12) {
            free(block);
            continue;
        }
        free(__atomic_exchange_n(slot, block, __ATOMIC_ACQ_REL));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 4;
    long milliseconds = argc > 3 ? atol(argv[3]) : 1500;
    pthread_t thread[MAX_THREADS];
    uint64_t count[2] = {0, 0}, bytes[2] = {0, 0};
    if (argc < 2 || threads < 1 || threads > MAX_THREADS)
        return 2;
    for (int i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)(i + 1));
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
    stopped = 1;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < SLOTS; i++) {
        struct block *block = slots[i];
        if (block) {
            count[block->resized]++;
            bytes[block->resized] += block->size;
        }
    }
    printf("born_site\t%llu\t%llu\n", (unsigned long long)count[0], (unsigned long long)bytes[0]);
    printf("resized_site\t%llu\t%llu\n", (unsigned long long)count[1],
           (unsigned long long)bytes[1]);
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
