/* guest_locked.c -- an allocator to load behind the tracer that maps each block while it holds its
 * one lock, as allocators do that get their memory in pieces.
 *
 * build: -shared -fPIC
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAD = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *memalign(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);

void *malloc(size_t size)
{
    char *at;

    pthread_mutex_lock(&lock);
    at = mmap(NULL, size + HEAD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_unlock(&lock);
    if (at == MAP_FAILED)
        return NULL;
    memcpy(at, &size, sizeof size);
    return at + HEAD;
}

void free(void *block)
{
    size_t size;

    if (!block)
        return;
    memcpy(&size, (char *)block - HEAD, sizeof size);
    pthread_mutex_lock(&lock);
    munmap((char *)block - HEAD, size + HEAD);
    pthread_mutex_unlock(&lock);
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(count, size, &bytes) ? NULL : malloc(bytes);
}

void *realloc(void *block, size_t size)
{
    void *moved = malloc(size);
    size_t before;

    if (!block || !moved)
        return moved;
    memcpy(&before, (char *)block - HEAD, sizeof before);
    memcpy(moved, block, before < size ? before : size);
    free(block);
    return moved;
}

/* Pages are aligned enough for what is asked for here. */
void *memalign(size_t alignment, size_t size)
{
    return alignment <= HEAD ? malloc(size) : NULL;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}
