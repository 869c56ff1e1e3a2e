/* prim_memory.c -- prim.h for Linux: memory of our own, all of it remembered, so that a report
 * can say what the tracer itself takes.
 *
 * Stage: below everything.  Context: anywhere, see prim.h.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "prim.h"
#include "syscall.h"

#define CALL(number, ...) lr_gated_call(SYS_##number, __VA_ARGS__)

enum { MAPS = 128, PAGE = 4096, CHUNK = 1024 };

static struct {
    uintptr_t at; /* 0: free */
    size_t size;
} maps[MAPS];

/* What finds no place here is there, but isn't in the figure. */
static void remember(uintptr_t at, size_t size)
{
    for (unsigned i = 0; i < MAPS; i++) {
        uintptr_t free = 0;
        if (__atomic_load_n(&maps[i].at, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(&maps[i].at, &free, at, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            __atomic_store_n(&maps[i].size, size, __ATOMIC_RELAXED);
            return;
        }
    }
}

static void forget(uintptr_t at)
{
    for (unsigned i = 0; i < MAPS; i++)
        if (__atomic_load_n(&maps[i].at, __ATOMIC_RELAXED) == at) {
            __atomic_store_n(&maps[i].size, 0, __ATOMIC_RELAXED);
            __atomic_store_n(&maps[i].at, 0, __ATOMIC_RELEASE);
            return;
        }
}

static void *map(size_t size, int flags, int fd)
{
    long result = CALL(mmap, 0, (long)size, PROT_READ | PROT_WRITE, flags, fd, 0);
    return result < 0 && result > -4096 ? NULL : (void *)result;
}

void *lr_prim_map(size_t size)
{
    void *at = map(size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (at)
        remember((uintptr_t)at, size);
    return at;
}

void *lr_prim_map_shared(size_t size)
{
    void *at = map(size, MAP_SHARED | MAP_ANONYMOUS, -1);
    if (at)
        remember((uintptr_t)at, size);
    return at;
}

void *lr_prim_map_file(int fd, size_t size)
{
    return map(size, MAP_SHARED, fd);
}

void lr_prim_unmap(void *address, size_t size)
{
    forget((uintptr_t)address);
    CALL(munmap, (long)address, (long)size, 0, 0, 0, 0);
}

int lr_prim_resident(const void *address, size_t size, unsigned char *pages)
{
    return (int)CALL(mincore, (long)address, (long)size, (long)pages, 0, 0, 0);
}

static uint64_t resident_in(uintptr_t at, size_t size)
{
    unsigned char pages[CHUNK];
    uint64_t count = 0;
    uintptr_t end = (at + size + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    for (at &= ~(uintptr_t)(PAGE - 1); at < end; at += CHUNK * PAGE) {
        size_t part = end - at < CHUNK * PAGE ? end - at : CHUNK * PAGE;
        if (lr_prim_resident((void *)at, part, pages) < 0)
            continue; /* unmapped just now */
        for (size_t i = 0; i < part / PAGE; i++)
            count += pages[i] & 1;
    }
    return count * PAGE;
}

extern char __bss_start[] __attribute__((visibility("hidden")));
extern char _end[] __attribute__((visibility("hidden")));

uint64_t lr_prim_own_memory(void)
{
    uint64_t sum = resident_in((uintptr_t)__bss_start, (size_t)(_end - __bss_start));
    for (unsigned i = 0; i < MAPS; i++) {
        uintptr_t at = __atomic_load_n(&maps[i].at, __ATOMIC_ACQUIRE);
        if (at)
            sum += resident_in(at, __atomic_load_n(&maps[i].size, __ATOMIC_RELAXED));
    }
    return sum;
}

bool lr_prim_own_part(unsigned i, uintptr_t *at, size_t *size, uint64_t *resident)
{
    if (i > MAPS)
        return false;
    *at = i < MAPS ? __atomic_load_n(&maps[i].at, __ATOMIC_ACQUIRE) : (uintptr_t)__bss_start;
    *size = i < MAPS ? __atomic_load_n(&maps[i].size, __ATOMIC_RELAXED)
                     : (size_t)(_end - __bss_start);
    *resident = *at ? resident_in(*at, *size) : 0;
    return true;
}
