/* safe_allocator.c -- an allocator to load behind the tracer that signal handlers may call at any
 * moment, and leave by a jump: blocks of one size, each with a flag.
 *
 * With it, programs whose handlers allocate are right by themselves, so that what goes wrong with
 * them is the tracer's doing.
 *
 * build: -shared -fPIC -Wl,-z,now
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK = 2048, BLOCKS = 1 << 18, PAGE = 4096 };

static unsigned char taken[BLOCKS];
static unsigned char (*blocks)[BLOCK];
static uint32_t hand;

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
size_t malloc_usable_size(void *block);

static unsigned char (*base(void))[BLOCK]
{
    void *there = __atomic_load_n(&blocks, __ATOMIC_ACQUIRE), *none = NULL;
    if (there)
        return there;
    there = mmap(NULL, (size_t)BLOCKS * BLOCK, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    __atomic_compare_exchange_n(&blocks, (void **)&none, there, 0, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    return blocks;
}

static int is_small(const void *block)
{
    return (uintptr_t)block - (uintptr_t)base() < (size_t)BLOCKS * BLOCK;
}

/* Larger ones are mapped behind a page with their size, and stay. */
static void *map(size_t size)
{
    char *block =
        mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        return NULL;
    *(size_t *)(void *)block = size;
    return block + PAGE;
}

static size_t size_of(const void *block)
{
    return is_small(block) ? BLOCK : *(const size_t *)(const void *)((const char *)block - PAGE);
}

void *malloc(size_t size)
{
    unsigned char(*all)[BLOCK] = base();
    for (unsigned tries = 0; size <= BLOCK && tries < BLOCKS; tries++) {
        uint32_t at = __atomic_fetch_add(&hand, 1, __ATOMIC_RELAXED) % BLOCKS;
        if (!__atomic_exchange_n(&taken[at], 1, __ATOMIC_ACQUIRE))
            return all[at];
    }
    void *block = map(size);
    if (!block)
        errno = ENOMEM;
    return block;
}

void free(void *block)
{
    uintptr_t at = (uintptr_t)block - (uintptr_t)base();
    if (block && is_small(block))
        __atomic_store_n(&taken[at / BLOCK], 0, __ATOMIC_RELEASE);
}

size_t malloc_usable_size(void *block)
{
    return block ? size_of(block) : 0;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : malloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size)
{
    size_t before = old ? size_of(old) : 0;
    if (old && size <= before)
        return old;
    void *block = malloc(size);
    if (!block)
        return NULL;
    memcpy(block, old ? old : block, before);
    free(old);
    return block;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return alignment <= BLOCK && size <= BLOCK ? malloc(size) : map(size);
}

void *memalign(size_t alignment, size_t size)
{
    return aligned_alloc(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = aligned_alloc(alignment, size);
    return *block ? 0 : ENOMEM;
}
