/* allocator.c -- allocator.h.
 *
 * Stage: helper and serving threads.  A function counts only if the module that our malloc calls
 * defines it: the C library's would tell of an allocator that nobody uses.
 */
#include "allocator.h"

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
typedef int property_function(const char *, size_t *);
typedef void process_info_function(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *,
                                   size_t *, size_t *);

static void *own_function(const char *name)
{
    const char *module = lr_next_module("malloc"), *its = lr_next_module(name);
    return module && its && strcmp(module, its) == 0 ? lr_next_symbol(name) : NULL;
}

static uint64_t less(uint64_t from, uint64_t what)
{
    if (from == LR_NO_VALUE || what == LR_NO_VALUE)
        return LR_NO_VALUE;
    return from > what ? from - what : 0;
}

static uint64_t jemalloc_size(mallctl_function *mallctl, const char *name)
{
    size_t value, size = sizeof value;
    return mallctl(name, &value, &size, NULL, 0) == 0 && size == sizeof value ? value : LR_NO_VALUE;
}

/* The epoch is what makes it count anew; one that was built without statistics has none. */
static bool ask_jemalloc(void *function, struct lr_allocator_account *account)
{
    mallctl_function *mallctl = (mallctl_function *)function;
    uint64_t epoch = 1;
    if (mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) != 0)
        return false;
    account->allocated = jemalloc_size(mallctl, "stats.allocated");
    account->active = jemalloc_size(mallctl, "stats.active");
    account->resident = jemalloc_size(mallctl, "stats.resident");
    account->mapped = jemalloc_size(mallctl, "stats.mapped");
    account->retained = jemalloc_size(mallctl, "stats.retained");
    return account->allocated != LR_NO_VALUE;
}

static uint64_t tcmalloc_size(property_function *property, const char *name)
{
    size_t value;
    return property(name, &value) ? value : LR_NO_VALUE;
}

/* Its heap is all that it ever had of the system; what it gave back of that it calls unmapped. */
static bool ask_tcmalloc(void *function, struct lr_allocator_account *account)
{
    property_function *property = (property_function *)function;
    account->allocated = tcmalloc_size(property, "generic.current_allocated_bytes");
    account->mapped = tcmalloc_size(property, "generic.heap_size");
    account->retained = tcmalloc_size(property, "tcmalloc.pageheap_unmapped_bytes");
    account->resident = less(account->mapped, account->retained);
    account->active =
        less(account->resident, tcmalloc_size(property, "tcmalloc.pageheap_free_bytes"));
    return account->allocated != LR_NO_VALUE;
}

/* It counts what it committed, and nothing else at no cost. */
static bool ask_mimalloc(void *function, struct lr_allocator_account *account)
{
    size_t elapsed, user, system, rss, peak_rss, commit = 0, peak_commit, faults;
    ((process_info_function *)function)(&elapsed, &user, &system, &rss, &peak_rss, &commit,
                                        &peak_commit, &faults);
    account->mapped = commit;
    return commit > 0;
}

static const struct allocator {
    const char *function;
    bool (*ask)(void *function, struct lr_allocator_account *account);
} allocators[] = {
    {"mallctl", ask_jemalloc},
    {"MallocExtension_GetNumericProperty", ask_tcmalloc},
    {"mi_process_info", ask_mimalloc},
};
enum { ALLOCATORS = sizeof allocators / sizeof *allocators };

bool lr_allocator_account(struct lr_allocator_account *account)
{
    *account = (struct lr_allocator_account){LR_NO_VALUE, LR_NO_VALUE, LR_NO_VALUE, LR_NO_VALUE,
                                             LR_NO_VALUE};
    for (unsigned i = 0; i < ALLOCATORS; i++) {
        void *function = own_function(allocators[i].function);
        if (function)
            return allocators[i].ask(function, account);
    }
    return false;
}

void lr_allocator_figures(uint64_t *used, uint64_t *kept)
{
    struct lr_allocator_account account;
    *used = *kept = LR_NO_VALUE;
    if (lr_allocator_account(&account) && account.allocated != LR_NO_VALUE) {
        *used = account.allocated;
        *kept = less(account.resident, account.allocated);
        return;
    }
    mallinfo_function *mallinfo = (mallinfo_function *)own_function("mallinfo2");
    if (!mallinfo)
        return;
    struct figures figures = mallinfo();
    *used = figures.uordblks + figures.hblkhd;
    *kept = figures.fordblks;
}
