/* contract_malloc.c -- the malloc family's contract, question by question, as POSIX, C11 and the
 * manual pages malloc(3), posix_memalign(3) and malloc_usable_size(3) write it.
 *
 *     contract_malloc [no-pvalloc]
 *
 * no-pvalloc: the allocator has none (glibc's would answer, and its blocks mustn't reach another's
 * free).
 *
 * build: -fno-builtin -Wno-unknown-warning-option -Wno-alloc-size-larger-than -Wno-use-after-free -Wno-deprecated-declarations
 */
#include "contract.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static bool with_pvalloc = true;

/* --- every function alike ------------------------------------------------------------------- */

#define BY(name, call)                                                                             \
    static void *by_##name(size_t size, size_t alignment)                                          \
    {                                                                                              \
        return call;                                                                               \
    }
BY(malloc, malloc(size))
BY(calloc, calloc(1, size))
BY(calloc_bytes, calloc(size, 1))
BY(realloc, realloc(NULL, size))
BY(reallocarray, reallocarray(NULL, size, 1))
BY(memalign, memalign(alignment, size))
BY(aligned, aligned_alloc(alignment, size))
BY(valloc, valloc(size))
BY(pvalloc, pvalloc(size))

/* It returns its error; here it is made to look like the others. */
static void *by_posix(size_t size, size_t alignment)
{
    void *block = NULL;
    int status = posix_memalign(&block, alignment, size);
    if (status != 0)
        errno = status;
    return status == 0 ? block : NULL;
}

enum { PLAIN = 16, PAGE = 4096 };

static const struct kind {
    const char *name;
    void *(*call)(size_t size, size_t alignment);
    bool aligned; /* takes an alignment */
    size_t least; /* what it aligns to without being asked */
} kinds[] = {
    {"malloc", by_malloc, false, PLAIN},
    {"calloc(1, n)", by_calloc, false, PLAIN},
    {"calloc(n, 1)", by_calloc_bytes, false, PLAIN},
    {"realloc(NULL, n)", by_realloc, false, PLAIN},
    {"reallocarray(NULL, n, 1)", by_reallocarray, false, PLAIN},
    {"memalign", by_memalign, true, PLAIN},
    {"aligned_alloc", by_aligned, true, PLAIN},
    {"posix_memalign", by_posix, true, PLAIN},
    {"valloc", by_valloc, false, PAGE},
    {"pvalloc", by_pvalloc, false, PAGE},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static bool is_there(const struct kind *kind)
{
    return kind->call != by_pvalloc || with_pvalloc;
}

static bool is_zero(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != 0)
            return false;
    return true;
}

static bool holds(const unsigned char *block, size_t size, int byte)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (unsigned char)byte)
            return false;
    return true;
}

static void check_success(const struct kind *kind, size_t size, size_t alignment)
{
    char what[100];
    snprintf(what, sizeof what, "%s of %zu aligned to %zu", kind->name, size, alignment);
    unsigned char *block = CALL(kind->call(size, alignment));
    check(contract_errno == ERRNO_BEFORE, "%s: errno is left alone", what);
    check(block != NULL, "%s: a block", what);
    if (!block)
        return;
    /* malloc(3): "suitably aligned for any type that fits into the requested size or less" */
    size_t wanted = kind->aligned && alignment > kind->least ? alignment : kind->least;
    if (wanted == PLAIN && size < PLAIN)
        wanted = sizeof(void *);
    check((uintptr_t)block % wanted == 0, "%s: aligned", what);
    if (strncmp(kind->name, "calloc", 6) == 0)
        check(is_zero(block, size), "%s: zeroed", what);
    size_t usable = CALL(malloc_usable_size(block));
    check(usable >= size && contract_errno == ERRNO_BEFORE, "%s: usable", what);
    memset(block, 0xa5, size);
    check(holds(block, size, 0xa5), "%s: can be written", what);
    CALL_VOID(free(block));
    check(contract_errno == ERRNO_BEFORE, "%s: free leaves errno alone", what);
}

/* Around the limits of small bins, of a page, and of what is mapped by itself (128 KiB). */
static const size_t sizes[] = {0,
                               1,
                               7,
                               8,
                               9,
                               15,
                               16,
                               17,
                               24,
                               25,
                               100,
                               511,
                               512,
                               1000,
                               1024,
                               1032,
                               1033,
                               4095,
                               4096,
                               4097,
                               65535,
                               65536,
                               131071,
                               131072,
                               131073,
                               135152,
                               200000,
                               1 << 20,
                               (1 << 20) + 1,
                               5 << 20,
                               33 << 20};
static const size_t alignments[] = {8, 16, 32, 64, 128, 256, 1024, 4096, 8192, 65536, 1 << 20};

static void every_size(void)
{
    for (size_t k = 0; k < KINDS; k++)
        for (size_t s = 0; is_there(&kinds[k]) && s < sizeof sizes / sizeof *sizes; s++)
            for (size_t a = 0; a < sizeof alignments / sizeof *alignments; a++)
                if (kinds[k].aligned || a == 0)
                    check_success(&kinds[k], sizes[s], alignments[a]);
}

/* Two blocks that live at the same time are two, also without bytes. */
static void nothing_twice(void)
{
    for (size_t k = 0; k < KINDS; k++) {
        if (!is_there(&kinds[k]))
            continue;
        void *one = kinds[k].call(0, 64), *two = kinds[k].call(0, 64);
        check(one != NULL && two != NULL && one != two, "%s of nothing, twice: two blocks",
              kinds[k].name);
        free(one);
        free(two);
    }
    void *block = CALL(calloc(0, 0));
    check(block != NULL && contract_errno == ERRNO_BEFORE, "calloc(0, 0): a block");
    free(block);
    block = CALL(calloc(0, SIZE_MAX));
    check(block != NULL && contract_errno == ERRNO_BEFORE, "calloc(0, SIZE_MAX): a block");
    free(block);
    block = CALL(reallocarray(NULL, SIZE_MAX, 0));
    check(block != NULL && contract_errno == ERRNO_BEFORE,
          "reallocarray(NULL, SIZE_MAX, 0): a block");
    free(block);
}

/* --- what can't be had ----------------------------------------------------------------------- */

static void too_much(void)
{
    static const size_t huge[] = {PTRDIFF_MAX,     (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 65536,
                                  SIZE_MAX - 4096, SIZE_MAX - 16,           SIZE_MAX - 1,
                                  SIZE_MAX};
    for (size_t k = 0; k < KINDS; k++)
        for (size_t s = 0; is_there(&kinds[k]) && s < sizeof huge / sizeof *huge; s++) {
            void *block = CALL(kinds[k].call(huge[s], 64));
            check(block == NULL, "%s of %zu: none", kinds[k].name, huge[s]);
            check(contract_errno == ENOMEM, "%s of %zu: ENOMEM", kinds[k].name, huge[s]);
            free(block);
        }
}

static void products(void)
{
    static const struct {
        size_t count, size;
    } pairs[] = {{SIZE_MAX, 2},
                 {2, SIZE_MAX},
                 {SIZE_MAX / 2 + 1, 2},
                 {(size_t)1 << 32, (size_t)1 << 32},
                 {((size_t)1 << 32) + 1, (size_t)1 << 32}, /* 2^32 remains */
                 {SIZE_MAX, SIZE_MAX},                     /* 1 remains */
                 {SIZE_MAX / 16 + 2, 16}};                 /* 16 remains */
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        size_t count = pairs[i].count, size = pairs[i].size;
        void *block = CALL(calloc(count, size));
        check(block == NULL && contract_errno == ENOMEM, "calloc(%zu, %zu): ENOMEM", count, size);
        free(block);
        block = CALL(reallocarray(NULL, count, size));
        check(block == NULL && contract_errno == ENOMEM, "reallocarray(NULL, %zu, %zu): ENOMEM",
              count, size);
        free(block);
        unsigned char *old = malloc(64);
        memset(old, 0x3c, 64);
        block = CALL(reallocarray(old, count, size));
        check(block == NULL && contract_errno == ENOMEM && holds(old, 64, 0x3c),
              "reallocarray(block, %zu, %zu): ENOMEM, the block stays", count, size);
        free(old);
    }
}

static void wrong_alignments(void)
{
    static const size_t wrong[] = {0, 1, 2, 3, 4, 5, 7, 9, 12, 24, 48, 100, 4097, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        void *block = &block;
        int status = CALL(posix_memalign(&block, wrong[i], 100));
        check(status == EINVAL, "posix_memalign aligned to %zu: returns EINVAL", wrong[i]);
        check(block == &block, "posix_memalign aligned to %zu: the pointer is left alone",
              wrong[i]);
        check(contract_errno == ERRNO_BEFORE, "posix_memalign aligned to %zu: so is errno",
              wrong[i]);
    }
    void *block = &block;
    int status = CALL(posix_memalign(&block, 64, PTRDIFF_MAX));
    check(status == ENOMEM && block == &block, "posix_memalign of PTRDIFF_MAX: returns ENOMEM, "
                                               "the pointer is left alone");
    answer("errno after that: %d", contract_errno);
}

/* --- realloc ---------------------------------------------------------------------------------- */

/* From each size to each other one: what both have is kept. */
static void resized(void)
{
    static const size_t steps[] = {1,    16,    24,     25,     1000,    1032,
                                   4096, 65536, 131072, 135152, 1 << 20, 9 << 20};
    enum { STEPS = sizeof steps / sizeof *steps };
    for (size_t from = 0; from < STEPS; from++)
        for (size_t to = 0; to < STEPS; to++) {
            size_t kept = steps[from] < steps[to] ? steps[from] : steps[to];
            unsigned char *block = malloc(steps[from]);
            memset(block, (int)(from + 1), steps[from]);
            block = CALL(to % 2 ? realloc(block, steps[to]) : reallocarray(block, steps[to], 1));
            check(block != NULL && contract_errno == ERRNO_BEFORE, "from %zu to %zu: a block",
                  steps[from], steps[to]);
            check(holds(block, kept, (int)(from + 1)), "from %zu to %zu: contents", steps[from],
                  steps[to]);
            check(malloc_usable_size(block) >= steps[to], "from %zu to %zu: usable", steps[from],
                  steps[to]);
            memset(block, 0xff, steps[to]);
            free(block);
        }
}

static void resized_others(void)
{
    for (size_t k = 0; k < KINDS; k++)
        for (size_t size = 100; is_there(&kinds[k]) && size < 2000000; size *= 140) {
            unsigned char *block = kinds[k].call(size, 256);
            if (!block)
                continue;
            memset(block, 0x77, size);
            block = realloc(block, size * 3);
            check(block && holds(block, size, 0x77), "%s of %zu, then realloc to more",
                  kinds[k].name, size);
            block = realloc(block, size / 3);
            check(block && holds(block, size / 3, 0x77), "%s of %zu, then to less", kinds[k].name,
                  size);
            free(block);
        }
}

/* realloc(block, 0) frees it, or leaves a block without bytes: either way nothing is left. */
static void resized_to_nothing(void)
{
    static const size_t from[] = {0, 10, 5000, 1 << 20};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        void *block = CALL(realloc(malloc(from[i]), 0));
        answer("realloc(block of %zu, 0): %s, errno %d", from[i], block ? "block" : "null",
               contract_errno);
        free(block);
        block = CALL(reallocarray(malloc(from[i]), 0, 8));
        answer("reallocarray(block of %zu, 0, 8): %s, errno %d", from[i], block ? "block" : "null",
               contract_errno);
        free(block);
    }
}

static void failed_realloc(void)
{
    static const size_t of[] = {1, 100, 4096, 200000, 3 << 20};
    static const size_t to[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 16, SIZE_MAX};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        for (size_t j = 0; j < sizeof to / sizeof *to; j++) {
            unsigned char *block = malloc(of[i]);
            size_t usable = malloc_usable_size(block);
            memset(block, 0x42, of[i]);
            void *moved = CALL(realloc(block, to[j]));
            check(moved == NULL && contract_errno == ENOMEM, "realloc of %zu to %zu: ENOMEM", of[i],
                  to[j]);
            check(holds(block, of[i], 0x42) && malloc_usable_size(block) == usable,
                  "realloc of %zu to %zu: the block stays", of[i], to[j]);
            block = realloc(block, of[i] + 50);
            check(block && holds(block, of[i], 0x42),
                  "realloc of %zu to %zu: and can still be resized", of[i], to[j]);
            free(block);
        }
}

/* --- free ------------------------------------------------------------------------------------- */

static void freed(void)
{
    CALL_VOID(free(NULL));
    check(contract_errno == ERRNO_BEFORE, "free(NULL): errno is left alone");
    check(CALL(malloc_usable_size(NULL)) == 0 && contract_errno == ERRNO_BEFORE,
          "malloc_usable_size(NULL): 0");
    /* Thousands at once: caches overflow, neighbours join, the end of the heap goes back. */
    static void *blocks[20000];
    enum { COUNT = sizeof blocks / sizeof *blocks };
    int changed = 0;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++)
            blocks[i] = malloc(i * 37 % 3000);
        for (size_t i = 0; i < COUNT; i++) {
            CALL_VOID(free(blocks[i * 7919 % COUNT]));
            changed += contract_errno != ERRNO_BEFORE;
        }
    }
    check(changed == 0, "free of %d blocks: errno is left alone", 3 * COUNT);
}

/* --- threads ---------------------------------------------------------------------------------- */

enum { THREADS = 4, HELD = 300, ROUNDS = 30000 };
struct held {
    unsigned char *block;
    size_t size;
    int byte;
};
static struct held handed[THREADS][HELD]; /* to the neighbour, once a thread has ended */

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void *allocates(void *number)
{
    size_t self = (size_t)(uintptr_t)number, wrong = 0;
    uint32_t random = (uint32_t)self * 2654435761u + 12345;
    struct held *held = handed[self];
    for (int round = 0; round < ROUNDS; round++) {
        struct held *one = &held[next_random(&random) % HELD];
        size_t size = next_random(&random) % (round % 100 == 0 ? 300000 : 2000);
        const struct kind *kind = &kinds[next_random(&random) % KINDS];
        if (!is_there(kind))
            kind = kinds;
        if (one->block && round % 3 == 0) {
            size_t kept = size < one->size ? size : one->size;
            one->block = realloc(one->block, size + 1);
            wrong += !holds(one->block, kept, one->byte);
        } else {
            wrong += one->block && !holds(one->block, one->size, one->byte);
            free(one->block);
            one->block = kind->call(size, 16u << next_random(&random) % 6);
            if (!one->block) /* C11 lets aligned_alloc refuse a size that isn't a multiple */
                one->block = malloc(size);
        }
        one->size = size;
        one->byte = (int)(random & 0xff);
        memset(one->block, one->byte, size);
    }
    return (void *)(uintptr_t)wrong;
}

/* What others left is whole, and is freed by us. */
static void threaded(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, allocates, (void *)(uintptr_t)i) != 0)
            abort();
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        check(wrong == NULL, "thread %zu: every block kept its contents", i);
    }
    size_t wrong = 0;
    for (size_t i = 0; i < THREADS * HELD; i++) {
        struct held *one = &handed[i / HELD][i % HELD];
        wrong += one->block && !holds(one->block, one->size, one->byte);
        free(one->block);
    }
    check(wrong == 0, "what they left kept its contents");
}

/* --- memory that is really used up ------------------------------------------------------------ */

static size_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%lu", &pages) != 1)
        abort();
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void limited(void)
{
    enum { MIB = 1 << 20 };
    struct rlimit before, limit;
    getrlimit(RLIMIT_AS, &before);
    unsigned char *block = malloc(MIB);
    memset(block, 0x5e, MIB);
    limit = before;
    limit.rlim_cur = address_space() + 128 * (size_t)MIB;
    if (setrlimit(RLIMIT_AS, &limit) != 0)
        abort();
    for (size_t k = 0; k < KINDS; k++) {
        if (!is_there(&kinds[k]))
            continue;
        void *none = CALL(kinds[k].call(1024 * (size_t)MIB, 64));
        check(none == NULL && contract_errno == ENOMEM, "%s beyond RLIMIT_AS: ENOMEM",
              kinds[k].name);
        void *some = CALL(kinds[k].call(MIB, 64));
        check(some != NULL, "%s within it: a block", kinds[k].name);
        free(some);
    }
    void *moved = CALL(realloc(block, 1024 * (size_t)MIB));
    check(moved == NULL && contract_errno == ENOMEM && holds(block, MIB, 0x5e),
          "realloc beyond RLIMIT_AS: ENOMEM, the block stays");
    setrlimit(RLIMIT_AS, &before);
    moved = CALL(realloc(block, 200 * (size_t)MIB));
    check(moved != NULL && contract_errno == ERRNO_BEFORE && holds(moved, MIB, 0x5e),
          "and when the limit is gone, it grows");
    free(moved);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        with_pvalloc &= strcmp(argv[i], "no-pvalloc") != 0;
    every_size();
    nothing_twice();
    too_much();
    products();
    wrong_alignments();
    resized();
    resized_others();
    resized_to_nothing();
    failed_realloc();
    freed();
    threaded();
    limited();
    puts("end");
    return 0;
}
