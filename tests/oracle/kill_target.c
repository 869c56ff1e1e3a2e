/* kill_target.c -- threads that acquire, resize and release each other's blocks, mappings and zlib
 * streams, and keep an account of them that outlives the process.
 *
 *     kill_target TRUTH [THREADS [eats]]   TRUTH: a file of sizeof(struct kill_truth), kill_truth.h
 *
 * Never ends by itself; `eats`: after a while it takes all the memory that there is.  What it did so far is right in TRUTH at any instant.
 *
 * build: -Itests/lib -lz
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "kill_truth.h"

static struct kill_truth *truth;
static z_stream streams[KILL_STREAMS];
static uint32_t begun;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The entry is ours from here on, until settle(). */
static bool claim(struct kill_entry *entry, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&entry->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void settle(struct kill_entry *entry, uint32_t state)
{
    __atomic_store_n(&entry->state, state, __ATOMIC_RELEASE);
}

static void born(struct kill_entry *entry, const void *address)
{
    entry->address = (uintptr_t)address;
    entry->born_ns = now_ns();
    settle(entry, KILL_LIVE);
}

/* Sizes of what is being acquired are there before the state says so, whoever reads it: an empty
 * entry's size is chosen when it becomes empty. */
static void empty(struct kill_entry *entry, uint64_t size)
{
    entry->address = 0;
    entry->size = size;
    settle(entry, KILL_EMPTY);
}

static void block_step(struct kill_entry *entry, uint64_t random)
{
    uint32_t size = KILL_BLOCK_SIZE((uint32_t)(random >> 20));
    if (claim(entry, KILL_EMPTY, KILL_ACQUIRING)) {
        born(entry, malloc(entry->size));
    } else if (random >> 62 == 0 && claim(entry, KILL_LIVE, KILL_RESIZING)) {
        entry->next_size = size; /* stays so until the next time: the account is right meanwhile */
        void *block = realloc((void *)(uintptr_t)entry->address, size);
        entry->size = size;
        born(entry, block);
    } else if (claim(entry, KILL_LIVE, KILL_RELEASING)) {
        free((void *)(uintptr_t)entry->address);
        empty(entry, size);
    }
}

static void map_step(struct kill_entry *entry, uint64_t random)
{
    if (claim(entry, KILL_EMPTY, KILL_ACQUIRING)) {
        born(entry, mmap(NULL, entry->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                         -1, 0));
    } else if (claim(entry, KILL_LIVE, KILL_RELEASING)) {
        munmap((void *)(uintptr_t)entry->address, entry->size);
        empty(entry, KILL_MAP_SIZE((uint32_t)(random >> 20)));
    }
}

static void stream_step(struct kill_entry *entry, z_stream *stream)
{
    if (claim(entry, KILL_EMPTY, KILL_ACQUIRING)) {
        memset(stream, 0, sizeof *stream);
        if (inflateInit(stream) != Z_OK)
            abort();
        born(entry, stream);
    } else if (claim(entry, KILL_LIVE, KILL_RELEASING)) {
        inflateEnd(stream);
        empty(entry, 0);
    }
}

static void *work(void *seed)
{
    uint64_t state = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) + now_ns();
    __atomic_fetch_add(&begun, 1, __ATOMIC_ACQ_REL);
    for (;;) {
        uint64_t random = next_random(&state);
        unsigned kind = random & 63, which = (unsigned)(random >> 6) & 0x3fff;
        if (kind == 0)
            map_step(&truth->maps[which % KILL_MAPS], random);
        else if (kind == 1)
            stream_step(&truth->streams[which % KILL_STREAMS], &streams[which % KILL_STREAMS]);
        else /* a few change all the time, most of them seldom */
            block_step(&truth->blocks[which % (kind < 62 ? KILL_BLOCKS / 20 : KILL_BLOCKS)],
                       random);
        __atomic_fetch_add(&truth->operations, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void choose_sizes(void)
{
    for (unsigned i = 0; i < KILL_BLOCKS; i++) {
        truth->blocks[i].size = KILL_BLOCK_SIZE(i);
        truth->blocks[i].next_size = KILL_BLOCK_SIZE(i * 7 + 3);
    }
    for (unsigned i = 0; i < KILL_MAPS; i++)
        truth->maps[i].size = KILL_MAP_SIZE(i);
}

/* In pieces that no block or mapping of the account has the size of. */
static void eat(void)
{
    enum { PIECE = 256 << 10 };
    usleep((useconds_t)(now_ns() / 1000 % 400000));
    for (;;) {
        char *piece = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece != MAP_FAILED)
            memset(piece, 1, PIECE);
    }
}

int main(int argc, char **argv)
{
    unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 4;
    int fd = argc > 1 ? open(argv[1], O_RDWR) : -1;
    if (fd < 0 || threads < 1 || threads > KILL_MAX_THREADS)
        return 2;
    truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (truth == MAP_FAILED)
        return 2;
    choose_sizes();
    truth->threads = threads;
    for (unsigned i = 0; i < threads; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, (void *)(uintptr_t)(i + 1));
    }
    while (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) < threads)
        usleep(100);
    __atomic_store_n(&truth->ready, 1, __ATOMIC_RELEASE);
    if (argc > 3)
        eat();
    for (;;)
        pause();
}
