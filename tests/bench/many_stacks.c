/* many_stacks.c -- as many stacks with a live block each as a trace has room for, and more: what the
 * tracer then takes of memory.
 *
 * PATHS blocks of 24 bytes, each allocated by a path of its own (its number's bits choose between
 * two functions, 18 levels deep) and kept.  After WAIT seconds, in which the tracer's helper counts
 * and writes, prints `blocks<TAB>N`, and `memory<TAB>` RSS and PSS of the process in KiB.
 *
 *     many_stacks [PATHS [WAIT]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS = 18, SIZE = 24, MOST = 1 << LEVELS };

static void *kept[MOST];

static void *step(unsigned path, unsigned level);

static __attribute__((noinline)) void *left(unsigned path, unsigned level)
{
    void *block = step(path, level);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return block;
}

static __attribute__((noinline)) void *right(unsigned path, unsigned level)
{
    void *block = step(path, level);
    __asm__ volatile("" ::: "memory");
    return block;
}

static void *step(unsigned path, unsigned level)
{
    if (level == LEVELS)
        return malloc(SIZE);
    return (path >> level & 1 ? left : right)(path, level + 1);
}

/* The number behind `name` in smaps_rollup. */
static long figure(const char *name)
{
    char line[256];
    long value = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            value = atol(line + strlen(name));
    if (file)
        fclose(file);
    return value;
}

int main(int argc, char **argv)
{
    unsigned paths = argc > 1 ? (unsigned)atoi(argv[1]) : 150000;
    unsigned wait = argc > 2 ? (unsigned)atoi(argv[2]) : 3;
    if (paths > MOST)
        return 2;
    for (unsigned path = 0; path < paths; path++)
        kept[path] = step(path, 0);
    for (; wait; wait--) {
        sleep(1);
        free(malloc(1));
    }
    printf("blocks\t%u\n", paths);
    printf("memory\t%ld\t%ld\n", figure("Rss:"), figure("Pss:"));
    return kept[0] == NULL;
}
