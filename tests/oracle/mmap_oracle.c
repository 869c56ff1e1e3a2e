/* mmap_oracle.c -- mappings kept, cut, overlaid, grown and moved.
 *
 * Oracle program: prints `function<TAB>bytes` of what is mapped at the end, by the function that
 * mapped it, then `ready`.
 *
 *     mmap_oracle exit|wait
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Not from the header, which would rename it: the 64-bit name is a symbol of its own. */
void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset);

static size_t page;

static void *map(size_t pages)
{
    void *address = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                         -1, 0);
    if (address == MAP_FAILED)
        abort();
    return address;
}

static void must(int status)
{
    if (status != 0)
        abort();
}

static void say(const char *function, size_t pages)
{
    printf("%s\t%llu\n", function, (unsigned long long)(pages * page));
}

/* `map` inlined by hand: the mapping function has to be the one directly above mmap. */
#define MAP(pages)                                                                                \
    mmap(NULL, (pages) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

static void mmap_kept(void)
{
    for (int i = 0; i < 3; i++)
        if (MAP(16) == MAP_FAILED)
            abort();
    say(__func__, 48);
}

static void mmap_kept64(void)
{
    if (mmap64(NULL, 7 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        abort();
    say(__func__, 7);
}

static void mmap_unmapped(void)
{
    char *address = MAP(32);
    must(munmap(address, 32 * page));
    say(__func__, 0);
}

static void mmap_holed(void)
{
    char *address = MAP(10);
    must(munmap(address + 3 * page, 4 * page));
    say(__func__, 6);
}

static void mmap_trimmed(void)
{
    char *address = MAP(20);
    must(munmap(address, 5 * page));
    must(munmap(address + 18 * page, 2 * page));
    say(__func__, 13);
}

/* One munmap over a mapping and its neighbours: reserve room, fill it by pieces, cut through. */
static void mmap_pieces(void)
{
    char *room = map(12);
    for (int i = 0; i < 3; i++)
        if (mmap(room + 4 * i * page, 4 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                 -1, 0) == MAP_FAILED)
            abort();
    must(munmap(room + 2 * page, 8 * page));
    say(__func__, 4);
}

static char *overlaid;
static void mmap_below(void)
{
    overlaid = MAP(16);
    say(__func__, 12);
}
static void mmap_over(void)
{
    if (mmap(overlaid + 8 * page, 4 * page, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        abort();
    say(__func__, 4);
}

static void mremap_grown(void)
{
    char *address = MAP(4);
    if (mremap(address, 4 * page, 64 * page, MREMAP_MAYMOVE) == MAP_FAILED)
        abort();
    say(__func__, 64);
}

static void mremap_shrunk(void)
{
    char *address = MAP(40);
    if (mremap(address, 40 * page, 8 * page, 0) == MAP_FAILED)
        abort();
    say(__func__, 8);
}

static void mremap_moved(void)
{
    char *address = MAP(6);
    char *target = map(6);
    if (mremap(address, 6 * page, 6 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED)
        abort();
    say(__func__, 6);
}

/* Calls that fail change nothing. */
static void mmap_failing(void)
{
    char *address = MAP(2);
    if (munmap(address + 1, page) == 0 || munmap(address, 0) == 0)
        abort();
    if (mremap(address, 2 * page, 1 * page, 0x80) != MAP_FAILED)
        abort();
    say(__func__, 2);
}

static void mmap_file(void)
{
    int fd = memfd_create("mmap_oracle", 0);
    must(ftruncate(fd, (off_t)(9 * page)));
    if (mmap(NULL, 9 * page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        abort();
    close(fd);
    say(__func__, 9);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    page = (size_t)sysconf(_SC_PAGESIZE);
    mmap_kept();
    mmap_kept64();
    mmap_unmapped();
    mmap_holed();
    mmap_trimmed();
    mmap_pieces();
    mmap_below();
    mmap_over();
    mremap_grown();
    mremap_shrunk();
    mremap_moved();
    mmap_failing();
    mmap_file();
    say("map", 0); /* both were overlaid whole */
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
