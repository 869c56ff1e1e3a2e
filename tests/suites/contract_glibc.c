/* contract_glibc.c -- what only glibc's malloc has: mallopt(3), mallinfo(3), malloc_trim(3),
 * malloc_info(3), and its answers to alignments that aren't powers of two.
 *
 * They look past us at the allocator that we stand in front of: what we pass on must be what the
 * program asked for, no more and no less.
 *
 * build: -fno-builtin -Wno-deprecated-declarations
 */
#include "contract.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool holds(const unsigned char *block, size_t size, int byte)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (unsigned char)byte)
            return false;
    return true;
}

#if __GLIBC_PREREQ(2, 33)
#define INFO mallinfo2
#else
#define INFO mallinfo
#endif

static void statistics(void)
{
    size_t used = INFO().uordblks;
    void *small = malloc(50000);
    check(INFO().uordblks >= used + 50000, "mallinfo: what is allocated counts");
    size_t mapped = INFO().hblks, bytes = INFO().hblkhd;
    check(CALL(mallopt(M_MMAP_THRESHOLD, 64 << 10)) == 1, "mallopt(M_MMAP_THRESHOLD): 1");
    void *large = malloc(100 << 10);
    check(INFO().hblks == mapped + 1 && INFO().hblkhd >= bytes + (100 << 10),
          "and a block above it is a mapping");
    check(malloc_usable_size(large) >= 100 << 10, "whose size is told");
    free(large);
    check(INFO().hblks == mapped && INFO().hblkhd == bytes, "which is gone when it is freed");
    check(mallopt(M_MMAP_MAX, 0) == 1, "mallopt(M_MMAP_MAX): 1");
    large = malloc(100 << 10);
    check(INFO().hblks == mapped, "and then nothing is mapped");
    free(large);
    check(mallopt(M_MMAP_MAX, 65536) == 1, "and back");
    free(small);
    answer("mallopt of a parameter that isn't: %d", mallopt(-4711, 1));
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    check(malloc_info(0, out) == 0, "malloc_info: 0");
    fclose(out);
    check(strstr(text, "<malloc version=") && strstr(text, "</malloc>"), "malloc_info: a document");
    free(text);
    check(CALL(malloc_info(1, stdout)) != 0, "malloc_info of another version: refused");
}

static void trimmed(void)
{
    mallopt(M_TRIM_THRESHOLD, 1 << 30); /* not by itself */
    static void *blocks[4000];
    for (size_t i = 0; i < 4000; i++)
        blocks[i] = memset(malloc(2000), 1, 2000);
    for (size_t i = 0; i < 4000; i++)
        free(blocks[i]);
    size_t kept = INFO().fordblks, heap = INFO().arena;
    check(kept >= 4000 * 2000, "freed blocks wait in the heap");
    check(CALL(malloc_trim(0)) == 1, "malloc_trim gives them back");
    check(INFO().arena < heap, "and the heap is smaller");
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
}

static void perturbed(void)
{
    check(mallopt(M_PERTURB, 0x5a) == 1, "mallopt(M_PERTURB): 1");
    unsigned char *block = malloc(3000);
    check(holds(block, 3000, 0x5a ^ 0xff), "malloc gives the complement of that byte");
    free(block);
    block = calloc(1, 3000);
    check(holds(block, 3000, 0), "calloc gives zeros all the same");
    free(block);
    mallopt(M_PERTURB, 0);
}

static void odd_alignments(void)
{
    static const size_t odd[] = {0, 1, 3, 24, 100, 3000};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        void *block = CALL(memalign(odd[i], 100));
        answer("memalign to %zu: %s, errno %d", odd[i], block ? "block" : "null", contract_errno);
        check(!block || (uintptr_t)block % 16 == 0, "memalign to %zu: aligned as malloc", odd[i]);
        free(block);
        block = CALL(aligned_alloc(odd[i], 100));
        answer("aligned_alloc to %zu: %s, errno %d", odd[i], block ? "block" : "null",
               contract_errno);
        free(block);
    }
    volatile size_t far = SIZE_MAX / 2 + 2, large = (size_t)1 << 62; /* no compiler's business */
    void *block = CALL(memalign(far, 100));
    answer("memalign to more than half of everything: %s, errno %d", block ? "block" : "null",
           contract_errno);
    block = CALL(memalign(large, 100));
    check(block == NULL && contract_errno == ENOMEM, "memalign to 2^62: ENOMEM");
}

int main(void)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16); /* its buffer comes before the counting */
    answer("glibc's own");
    statistics();
    trimmed();
    perturbed();
    odd_alignments();
    puts("end");
    return 0;
}
