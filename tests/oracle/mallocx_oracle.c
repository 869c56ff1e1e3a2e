/* mallocx_oracle.c -- jemalloc's own functions, mixed with malloc and free.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, then `ready`.
 * The names are weak, as in programs that look whether jemalloc is there: without it, and without
 * a tracer that stands in for it, it says so and exits with 77.
 *
 *     mallocx_oracle exit|wait
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma weak mallocx
#pragma weak rallocx
#pragma weak xallocx
#pragma weak dallocx
#pragma weak sdallocx
void *mallocx(size_t size, int flags);
void *rallocx(void *old, size_t size, int flags);
size_t xallocx(void *block, size_t size, size_t extra, int flags);
void dallocx(void *block, int flags);
void sdallocx(void *block, size_t size, int flags);

enum { ALIGN_256 = 8, ZERO = 0x40, BLOCKS = 60 };

static unsigned wrong;
static void *blocks[BLOCKS];

static void say(const char *function, unsigned long count, unsigned long bytes)
{
    printf("%s\t%lu\t%lu\n", function, count, bytes);
}

static void is(int right)
{
    wrong += !right;
}

static int is_filled(const unsigned char *block, int with, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != with)
            return 0;
    return 1;
}

/* A third each is freed by free, dallocx and sdallocx, but for the last nine. */
static void aligned_site(void)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t size = 100 + i * 50;
        blocks[i] = mallocx(size, ALIGN_256 | ZERO);
        is((uintptr_t)blocks[i] % 256 == 0 && is_filled(blocks[i], 0, size));
        memset(blocks[i], 0x5a, size);
    }
    unsigned long live = 0, bytes = 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (i >= BLOCKS - 9)
            live++, bytes += 100 + i * 50;
        else if (i % 3 == 0)
            free(blocks[i]);
        else if (i % 3 == 1)
            dallocx(blocks[i], ALIGN_256);
        else
            sdallocx(blocks[i], 100 + i * 50, ALIGN_256);
    }
    say("aligned_site", live, bytes);
}

/* malloc's blocks that go by jemalloc's functions. */
static void plain_site(void)
{
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = malloc(3000 + i);
    for (unsigned i = 0; i < BLOCKS - 7; i++) {
        if (i % 2)
            dallocx(blocks[i], 0);
        else
            sdallocx(blocks[i], 3000 + i, 0);
    }
    unsigned long bytes = 0;
    for (unsigned i = BLOCKS - 7; i < BLOCKS; i++)
        bytes += 3000 + i;
    say("plain_site", 7, bytes);
}

static void resized_site(void)
{
    for (unsigned i = 0; i < 5; i++) {
        void *block = malloc(40);
        memset(block, 0x33, 40);
        block = rallocx(block, 5000, i % 2 ? ALIGN_256 : 0);
        is(is_filled(block, 0x33, 40) && (i % 2 == 0 || (uintptr_t)block % 256 == 0));
        block = rallocx(block, 20 + i, 0);
        is(is_filled(block, 0x33, 20));
        blocks[i] = block;
    }
    say("resized_site", 5, 5 * 20 + 10);
}

/* In place or not at all: the answer tells which size the block has. */
static void extended_site(void)
{
    unsigned long bytes = 0;
    for (unsigned i = 0; i < 20; i++) {
        size_t size = 10000, wanted = i % 2 ? 200000 : 12000;
        void *block = mallocx(size, 0);
        size_t got = xallocx(block, wanted, 0, 0);
        is(got >= size);
        bytes += got >= wanted ? wanted : size;
        memset(block, 1, got >= wanted ? wanted : size);
        blocks[i] = block;
    }
    say("extended_site", 20, bytes);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (!mallocx || !rallocx || !xallocx || !dallocx || !sdallocx) {
        printf("no jemalloc\n");
        return 77;
    }
    aligned_site();
    plain_site();
    resized_site();
    extended_site();
    printf("wrong: %u\nready\n", wrong);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return wrong != 0;
}
