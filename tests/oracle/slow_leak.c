/* slow_leak.c -- one thread that allocates next to nothing, and keeps it, until it is killed.
 *
 * Oracle program: a block of 1,000 bytes each 50 ms, always from the same place.  Prints "ready"
 * after the first.
 *
 *     slow_leak malloc|mmap|strdup|vfork|unshare|once
 *
 * mmap: it maps them, and never allocates.  strdup: the C library makes the block.  vfork: the first to allocate after a while is the child of
 * a vfork.  unshare: after a while, the child of a vfork asks for a namespace of its own; prints
 * "unshared".  once: one block, then it ends.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BYTES = 1000, TURN_US = 50000, A_WHILE_US = 1500000 };

static char text[BYTES];
static void *volatile kept;

static __attribute__((noinline)) void keep_block(void)
{
    kept = malloc(BYTES);
    memcpy(kept, text, BYTES);
}

static __attribute__((noinline)) void keep_mapping(void)
{
    kept = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(kept, text, BYTES);
}

static __attribute__((noinline)) void keep_text(void)
{
    kept = strdup(text);
    ((char *)kept)[0] = 'k';
}

static void allocate_in_vfork(void)
{
    usleep(A_WHILE_US);
    if (vfork() == 0) {
        kept = malloc(1);
        _exit(0);
    }
}

/* Whether it gets one is all the same. */
static void unshare_in_vfork(void)
{
    usleep(A_WHILE_US);
    keep_block();
    usleep(A_WHILE_US);
    if (vfork() == 0) {
        unshare(CLONE_FS);
        _exit(0);
    }
    puts("unshared");
}

int main(int argc, char **argv)
{
    static char buffer[256];
    const char *mode = argc > 1 ? argv[1] : "";
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer); /* or stdio would allocate */
    memset(text, 'x', BYTES - 1);
    if (strcmp(mode, "vfork") == 0)
        allocate_in_vfork();
    void (*keep)(void) = strcmp(mode, "strdup") == 0 ? keep_text
                         : strcmp(mode, "mmap") == 0 ? keep_mapping
                                                     : keep_block;
    keep();
    puts("ready");
    if (strcmp(mode, "unshare") == 0)
        unshare_in_vfork();
    while (strcmp(mode, "once") != 0) {
        usleep(TURN_US);
        keep();
    }
    return 0;
}
