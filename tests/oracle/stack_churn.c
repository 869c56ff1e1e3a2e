/* stack_churn.c -- ever new stacks: blocks that come and go by paths that were never taken before,
 * while one site leaks.
 *
 *     stack_churn SECONDS STACKS_PER_SECOND LEAKS
 *
 * Each allocation's path is a number, its bits choose between two functions level by level, 24
 * levels deep: 16 million stacks.  The block is freed at once.  In between, LEAKS blocks of 48
 * bytes are leaked by leak(), evenly spread.  Prints "leaked N blocks B bytes, P paths".
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LEVELS = 24, LEAK_BYTES = 48 };

static void step(unsigned path, unsigned level);

static void left(unsigned path, unsigned level)
{
    step(path, level);
    __asm__ volatile("");
}

static void right(unsigned path, unsigned level)
{
    step(path, level);
    __asm__ volatile("");
}

static void step(unsigned path, unsigned level)
{
    if (level == LEVELS) {
        void *volatile block = malloc(24 + path % 100);
        free(block);
    } else if (path >> level & 1) {
        left(path, level + 1);
    } else {
        right(path, level + 1);
    }
    __asm__ volatile("");
}

static void leak(void)
{
    void *volatile block = malloc(LEAK_BYTES);
    (void)block;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1, rate = argc > 2 ? atof(argv[2]) : 1000;
    unsigned long leaks = argc > 3 ? strtoul(argv[3], NULL, 10) : 100, leaked = 0, paths = 0;
    unsigned long wanted = (unsigned long)(seconds * rate);
    double begin = now();
    while (paths < wanted) {
        step((unsigned)(paths++ * 2654435761u >> 8), 0);
        while (leaked < leaks * paths / wanted) {
            leak();
            leaked++;
        }
        while (paths % 64 == 0 && (double)paths / rate > now() - begin)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    printf("leaked %lu blocks %lu bytes, %lu paths\n", leaked, leaked * LEAK_BYTES, paths);
    return 0;
}
