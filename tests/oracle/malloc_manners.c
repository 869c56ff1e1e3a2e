/* malloc_manners.c -- what the malloc family answers in its corners, and what it does to errno.
 *
 * Prints one line a question; a traced run must print what an untraced one does.
 */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static volatile size_t huge = SIZE_MAX / 2, zero;

static void say(const char *what, int is_null)
{
    printf("%s: %s, errno %d\n", what, is_null ? "null" : "block", errno);
    errno = 0;
}

static void ask_allocation(void)
{
    say("malloc(0)", malloc(zero) == NULL);
    say("malloc(huge)", malloc(huge) == NULL);
    say("calloc(overflow)", calloc(huge, 4) == NULL);
    say("calloc(0, 0)", calloc(zero, zero) == NULL);
    say("reallocarray(overflow)", reallocarray(NULL, huge, 4) == NULL);
    void *volatile block = malloc(10); /* a failed realloc leaves it alone */
    say("realloc(huge)", realloc(block, huge) == NULL);
    say("realloc(block, 0)", realloc(block, zero) == NULL);
    say("aligned_alloc(huge)", aligned_alloc(64, huge) == NULL);
    void *aligned = (void *)1;
    int status = posix_memalign(&aligned, 3, 8);
    printf("posix_memalign(3): %d, %s\n", status, aligned == (void *)1 ? "untouched" : "changed");
    status = posix_memalign(&aligned, 4096, 8);
    printf("posix_memalign(4096): %d, aligned %d\n", status, (uintptr_t)aligned % 4096 == 0);
    say("memalign(65536)", (uintptr_t)memalign(65536, 10) % 65536 != 0);
    say("valloc", (uintptr_t)valloc(10) % 4096 != 0);
    say("pvalloc", malloc_usable_size(pvalloc(10)) < 4096);
}

static void ask_errno(void)
{
    void *block = malloc(100), *big = malloc(10 << 20);
    errno = 77;
    free(NULL);
    say("free(NULL)", 0);
    errno = 77;
    free(block);
    say("free", 0);
    errno = 77;
    free(big);
    say("free(mapped)", 0);
    errno = 77;
    block = malloc(10);
    say("malloc", block == NULL);
    errno = 77;
    block = realloc(block, 1000);
    say("realloc", block == NULL);
    printf("usable: %d\n", malloc_usable_size(block) >= 1000);
    printf("usable of nothing: %zu\n", malloc_usable_size(NULL));
}

static void ask_contents(void)
{
    int wrong = 0;
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        unsigned char *block = calloc(size, 1);
        for (size_t i = 0; i < size; i++)
            wrong += block[i] != 0;
        memset(block, 0xab, size);
        block = realloc(block, size * 2);
        for (size_t i = 0; i < size; i++)
            wrong += block[i] != 0xab;
        free(block);
    }
    printf("wrong bytes: %d\n", wrong);
}

static void ask_mapping(void)
{
    void *address = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("mmap(0)", address == MAP_FAILED);
    address = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0);
    say("mmap(bad fd)", address == MAP_FAILED);
    say("munmap(unaligned)", munmap((void *)1, 4096) != 0);
    say("mremap(unmapped)", mremap((void *)4096, 4096, 8192, 0) == MAP_FAILED);
}

int main(void)
{
    errno = 0;
    ask_allocation();
    ask_errno();
    ask_contents();
    ask_mapping();
    return 0;
}
