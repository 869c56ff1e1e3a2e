/* target.c -- target.h.
 *
 * Stage: INTERCEPT.  Context: any thread, in the caller of the wrapper.
 */
#include "target.h"

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "guard.h"
#include "intern.h"
#include "next.h"

/* Call sites that were decided.  check ties the two words of an entry, the target and the epoch
 * together, so a torn or stale entry is a miss. */
enum { SITES = 1024 };
static struct site {
    uint64_t check;
    void *function;
} sites[SITES];
static uint64_t epoch;

void lr_target_forget(void)
{
    __atomic_fetch_add(&epoch, 1, __ATOMIC_RELAXED);
}

static uint64_t key_of(const struct lr_target *target, uintptr_t caller)
{
    uint64_t now = __atomic_load_n(&epoch, __ATOMIC_RELAXED);
    return lr_hash_mix(lr_hash_mix(caller, (uintptr_t)target), now);
}

enum { NEEDED_MAX = 64 };

/* A look through all modules, in three passes: the caller's own, those it needs, any. */
struct search {
    const char *name;
    uintptr_t caller;
    enum { OWN_MODULE, NEEDED, ANY } pass;
    size_t needed_count;
    const char *needed[NEEDED_MAX]; /* in the caller's module, which can't go while it calls */
    void *function;
};

struct module {
    uintptr_t bias;
    const ElfW(Dyn) *dynamic;
    const char *strings;
    bool has_caller;
};

static void read_segments(const struct dl_phdr_info *info, uintptr_t caller,
                          struct module *module)
{
    *module = (struct module){.bias = info->dlpi_addr};
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC)
            module->dynamic = (const void *)start;
        else if (segment->p_type == PT_LOAD && caller - start < segment->p_memsz)
            module->has_caller = true;
    }
    for (const ElfW(Dyn) *entry = module->dynamic; entry && entry->d_tag; entry++)
        if (entry->d_tag == DT_STRTAB)
            module->strings = (const char *)(entry->d_un.d_ptr < module->bias
                                                 ? entry->d_un.d_ptr + module->bias
                                                 : entry->d_un.d_ptr);
}

static void note_needed(const struct module *module, struct search *search)
{
    for (const ElfW(Dyn) *entry = module->dynamic; entry->d_tag; entry++)
        if (entry->d_tag == DT_NEEDED && search->needed_count < NEEDED_MAX)
            search->needed[search->needed_count++] = module->strings + entry->d_un.d_val;
}

static bool is_needed(const struct module *module, const struct search *search)
{
    for (const ElfW(Dyn) *entry = module->dynamic; entry->d_tag; entry++) {
        if (entry->d_tag != DT_SONAME)
            continue;
        for (size_t i = 0; i < search->needed_count; i++)
            if (strcmp(search->needed[i], module->strings + entry->d_un.d_val) == 0)
                return true;
    }
    return false;
}

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    struct module module;
    read_segments(info, search->caller, &module);
    if (!module.dynamic || !module.strings || lr_is_own_address((uintptr_t)module.dynamic))
        return 0;
    if (search->pass == OWN_MODULE && !module.has_caller)
        return 0;
    if (search->pass == OWN_MODULE)
        note_needed(&module, search);
    if (search->pass == NEEDED && !is_needed(&module, search))
        return 0;
    search->function = lr_symbol_in(module.bias, module.dynamic, search->name);
    return search->function != NULL;
}

/* A wrapper of ours as the caller: the library jumped from the function that we called to another
 * of its own, which is ours as well. */
static __attribute__((noinline, cold)) void *ask_linker(const char *name, uintptr_t caller)
{
    typedef int iterate_function(int (*)(struct dl_phdr_info *, size_t, void *), void *);
    iterate_function *iterate = (iterate_function *)lr_next_symbol("dl_iterate_phdr");
    struct search search = {.name = name};
    search.caller = lr_is_own_address(caller) ? lr_self.target : caller;
    for (search.pass = OWN_MODULE; iterate && search.pass <= ANY && !search.function;
         search.pass++)
        iterate(look, &search);
    return search.function;
}

bool lr_target_exists(const char *name)
{
    return lr_next_symbol(name) || ask_linker(name, 0);
}

static void *find_for_caller(const struct lr_target *target, uintptr_t caller)
{
    if (__builtin_expect(lr_is_own_address(caller), 0))
        return ask_linker(target->name, caller); /* depends on more than the call site */
    uint64_t key = key_of(target, caller);
    struct site *site = &sites[key % SITES];
    void *function = __atomic_load_n(&site->function, __ATOMIC_RELAXED);
    uint64_t check = __atomic_load_n(&site->check, __ATOMIC_RELAXED);
    if (__builtin_expect(function && check == lr_hash_mix(key, (uintptr_t)function), 1))
        return function;
    function = ask_linker(target->name, caller);
    if (function) {
        __atomic_store_n(&site->function, function, __ATOMIC_RELAXED);
        __atomic_store_n(&site->check, lr_hash_mix(key, (uintptr_t)function), __ATOMIC_RELAXED);
    }
    return function;
}

void *lr_target_find(struct lr_target *target, uintptr_t caller)
{
    if (__builtin_expect(!__atomic_load_n(&target->is_known, __ATOMIC_ACQUIRE), 0)) {
        __atomic_store_n(&target->at_start, lr_next_symbol(target->name), __ATOMIC_RELAXED);
        __atomic_store_n(&target->is_known, 1, __ATOMIC_RELEASE);
    }
    void *at_start = __atomic_load_n(&target->at_start, __ATOMIC_RELAXED);
    return at_start ? at_start : find_for_caller(target, caller);
}
