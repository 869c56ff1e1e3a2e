/* healthy.c -- a service that leaks nothing, though what it holds goes up and down: what a night of
 * soaking must not call a leak, and should be able to call healthy.
 *
 * Oracle: healthy SECONDS SEED PLACES [LEAK]: places of 10 kB to 10 MB on average, by the seed, of
 * six kinds: blocks that are replaced at random (sessions); a cache that fills in the first tenth and
 * is replaced from then on; one that fills and is emptied, twelve times and more; what requests need
 * for a moment; what is there from the start; sessions in a load that goes up and down.  Each block
 * is replaced some twenty times in all.  LEAK: so many bytes are forgotten besides, evenly, in `leak`.
 * Prints READY and END, and dies by SIGKILL: what it holds is not tidied up.
 * build: -lm
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 128, BLOCKS = 100, KINDS = 6, TICK_US = 4000, LIVES = 20, FORGOTTEN = 1000 };

#define PLACE(n)                                                                                   \
    static void *place_##n(size_t size)                                                            \
    {                                                                                              \
        void *volatile block = malloc(size);                                                       \
        return block;                                                                              \
    }
#define EIGHT(n) PLACE(n##0) PLACE(n##1) PLACE(n##2) PLACE(n##3) PLACE(n##4) PLACE(n##5) PLACE(n##6) PLACE(n##7)
EIGHT(0) EIGHT(1) EIGHT(2) EIGHT(3) EIGHT(4) EIGHT(5) EIGHT(6) EIGHT(7)
EIGHT(10) EIGHT(11) EIGHT(12) EIGHT(13) EIGHT(14) EIGHT(15) EIGHT(16) EIGHT(17)
#define NAMES(n)                                                                                   \
    place_##n##0, place_##n##1, place_##n##2, place_##n##3, place_##n##4, place_##n##5,            \
        place_##n##6, place_##n##7
static void *(*const places[MOST])(size_t) = {
    NAMES(0),  NAMES(1),  NAMES(2),  NAMES(3),  NAMES(4),  NAMES(5),  NAMES(6),  NAMES(7),
    NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14), NAMES(15), NAMES(16), NAMES(17)};

struct place {
    void *blocks[BLOCKS];
    double mean, owed; /* of a block, bytes; replacements that are due */
    unsigned held;
};
static struct place all[MOST];
static uint64_t state;

static double chance(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void put(unsigned number, unsigned at)
{
    struct place *place = &all[number];

    free(place->blocks[at]);
    place->blocks[at] = places[number]((size_t)(place->mean * (0.5 + chance())) + 1);
}

static void drop(struct place *place, unsigned at)
{
    free(place->blocks[at]);
    place->blocks[at] = NULL;
}

/* How much of the place is in use at that share of the run. */
static double wanted(unsigned kind, double share, unsigned number)
{
    switch (kind) {
    case 1:
        return share < 0.1 ? share * 10 : 1;
    case 2:
        return fmod(share * (12 + number % 5) + number * 0.13, 1);
    case 3:
        return 0;
    case 5:
        return 0.7 + 0.2 * sin(6.28 * (3 + number % 7) * share + number);
    default:
        return 1;
    }
}

static void work(unsigned number, double share, double lives)
{
    struct place *place = &all[number];
    unsigned kind = number % KINDS, target = (unsigned)(wanted(kind, share, number) * BLOCKS);

    while (place->held < target)
        put(number, place->held++);
    while (place->held > target)
        drop(place, --place->held);
    if (kind == 2 || kind == 4)
        return;
    for (place->owed += lives * BLOCKS; place->owed >= 1; place->owed--) {
        unsigned at = (unsigned)(chance() * BLOCKS);

        if (kind == 3 || at < place->held)
            put(number, at);
        if (kind == 3)
            drop(place, at);
    }
}

static void leak(void)
{
    void *volatile forgotten = malloc(FORGOTTEN);

    (void)forgotten;
}

/* A program with threads has the tracer's one, too. */
static void *sleep_on(void *unused)
{
    pause();
    return unused;
}

int main(int argc, char **argv)
{
    double seconds = argc > 3 ? atof(argv[1]) : 0, begin = now(), before = 0, share = 0;
    unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
    long leaked = 0, asked = argc > 4 ? atol(argv[4]) / FORGOTTEN : 0;
    pthread_t thread;

    if (seconds <= 0 || count == 0 || count > MOST || pthread_create(&thread, NULL, sleep_on, NULL))
        return 2;
    state = (uint64_t)atoi(argv[2]) * 1000003;
    for (unsigned i = 0; i < count; i++)
        all[i].mean = exp(log(1e4) + chance() * log(1e3)) / BLOCKS;
    puts("READY");
    fflush(stdout);
    while (share < 1) {
        share = (now() - begin) / seconds;
        for (unsigned i = 0; i < count; i++)
            work(i, share < 1 ? share : 1, (share - before) * LIVES);
        for (; leaked < (long)((double)asked * share); leaked++)
            leak();
        before = share;
        usleep(TICK_US);
    }
    puts("END");
    fflush(stdout);
    kill(getpid(), SIGKILL);
    return 0;
}
