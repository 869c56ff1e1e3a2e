/* allocator.c -- allocator.h.
 *
 * Stage: asked for only.  A function counts only if the module that our malloc calls defines it:
 * the C library's would tell of an allocator that nobody uses.
 */
#include "allocator.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "leakring/format.h"
#include "next.h"

/* As in malloc.h since glibc 2.33. */
struct figures {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
typedef struct figures mallinfo_function(void);
typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

static void *own_function(const char *name)
{
    const char *module = lr_next_module("malloc"), *its = lr_next_module(name);
    return module && its && strcmp(module, its) == 0 ? lr_next_symbol(name) : NULL;
}

static bool read_size(mallctl_function *mallctl, const char *name, size_t *value)
{
    size_t size = sizeof *value;
    return mallctl(name, value, &size, NULL, 0) == 0 && size == sizeof *value;
}

static bool ask_jemalloc(uint64_t *used, uint64_t *kept)
{
    mallctl_function *mallctl = (mallctl_function *)own_function("mallctl");
    uint64_t epoch = 1;
    size_t allocated, resident;
    if (!mallctl || mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) != 0 ||
        !read_size(mallctl, "stats.allocated", &allocated) ||
        !read_size(mallctl, "stats.resident", &resident))
        return false;
    *used = allocated;
    *kept = resident > allocated ? resident - allocated : 0;
    return true;
}

void lr_allocator_figures(uint64_t *used, uint64_t *kept)
{
    *used = *kept = LR_NO_VALUE;
    if (ask_jemalloc(used, kept))
        return;
    mallinfo_function *mallinfo = (mallinfo_function *)own_function("mallinfo2");
    if (!mallinfo)
        return;
    struct figures figures = mallinfo();
    *used = figures.uordblks + figures.hblkhd;
    *kept = figures.fordblks;
}
