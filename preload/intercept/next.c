/* next.c -- next.h: symbol look-up in the dynamic linker's own structures (GNU or SysV hash).
 *
 * Stage: start-up and cold paths.  Context: see next.h.  The list is read without the dynamic
 * linker's lock: modules present at start stay, and later ones are appended behind them.
 */
#include "next.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

extern struct r_debug _r_debug __attribute__((weak));
extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct module {
    uintptr_t bias;
    const ElfW(Sym) *symbols;
    const char *strings;
    const uint32_t *gnu_hash;
    const uint32_t *sysv_hash; /* 32-bit words on every architecture we know */
    const uint16_t *versions;
};

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static uint32_t sysv_hash(const char *name)
{
    uint32_t hash = 0;
    for (; *name; name++) {
        hash = (hash << 4) + (unsigned char)*name;
        uint32_t high = hash & 0xf0000000;
        hash = (hash ^ (high >> 24)) & ~high;
    }
    return hash;
}

/* Most C libraries relocate d_ptr in place; musl and the vDSO don't. */
static const void *address_of(const struct link_map *map, uintptr_t value)
{
    return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

static bool read_module(const struct link_map *map, struct module *module)
{
    *module = (struct module){.bias = map->l_addr};
    if (!map->l_ld)
        return false;
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        const void *address = address_of(map, entry->d_un.d_ptr);
        switch (entry->d_tag) {
        case DT_SYMTAB:
            module->symbols = address;
            break;
        case DT_STRTAB:
            module->strings = address;
            break;
        case DT_GNU_HASH:
            module->gnu_hash = address;
            break;
        case DT_HASH:
            module->sysv_hash = address;
            break;
        case DT_VERSYM:
            module->versions = address;
            break;
        }
    }
    return module->symbols && module->strings && (module->gnu_hash || module->sysv_hash);
}

/* Defined, and the version a fresh link would bind to (the hidden bit marks the others). */
static bool is_match(const struct module *module, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &module->symbols[index];
    if (symbol->st_shndx == SHN_UNDEF || (symbol->st_value == 0 && symbol->st_shndx != SHN_ABS))
        return false;
    if (module->versions && (module->versions[index] & 0x8000))
        return false;
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE && type != STT_OBJECT)
        return false;
    return strcmp(module->strings + symbol->st_name, name) == 0;
}

static uint32_t find_gnu(const struct module *module, const char *name)
{
    const uint32_t *table = module->gnu_hash;
    uint32_t bucket_count = table[0], first = table[1], bloom_size = table[2];
    if (bucket_count == 0)
        return 0;
    const uint32_t *buckets = table + 4 + bloom_size * (sizeof(ElfW(Addr)) / 4);
    const uint32_t *chain = buckets + bucket_count;
    uint32_t hash = gnu_hash(name);
    uint32_t index = buckets[hash % bucket_count];
    if (index < first)
        return 0;
    for (;; index++) {
        uint32_t entry = chain[index - first];
        if ((entry | 1) == (hash | 1) && is_match(module, index, name))
            return index;
        if (entry & 1)
            return 0;
    }
}

static uint32_t find_sysv(const struct module *module, const char *name)
{
    const uint32_t *table = module->sysv_hash;
    uint32_t bucket_count = table[0];
    if (bucket_count == 0)
        return 0;
    const uint32_t *buckets = table + 2, *chain = buckets + bucket_count;
    for (uint32_t i = buckets[sysv_hash(name) % bucket_count]; i; i = chain[i])
        if (is_match(module, i, name))
            return i;
    return 0;
}

static void *find_in(const struct link_map *map, const char *name)
{
    struct module module;
    if (!read_module(map, &module))
        return NULL;
    uint32_t index = module.gnu_hash ? find_gnu(&module, name) : find_sysv(&module, name);
    if (!index)
        return NULL;
    const ElfW(Sym) *symbol = &module.symbols[index];
    void *address = (void *)(module.bias + symbol->st_value);
    if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
        return ((void *(*)(void))address)();
    return address;
}

void *lr_symbol_in(uintptr_t bias, const void *dynamic, const char *name)
{
    const struct link_map map = {.l_addr = bias, .l_ld = (ElfW(Dyn) *)dynamic};
    return find_in(&map, name);
}

bool lr_is_own_address(uintptr_t address)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    extern const char _end[] __attribute__((visibility("hidden")));
    return address >= (uintptr_t)__ehdr_start && address < (uintptr_t)_end;
}

static bool is_self(const struct link_map *map)
{
    return map->l_ld == _DYNAMIC;
}

static const struct link_map *first_module(void)
{
    return &_r_debug ? _r_debug.r_map : NULL;
}

static const struct link_map *own_module(void)
{
    const struct link_map *map = first_module();
    while (map && !is_self(map))
        map = map->l_next;
    return map;
}

/* Behind this one, modules come and go. */
static const struct link_map *last_of_start;

void lr_next_started(void)
{
    const struct link_map *map = first_module();
    while (map && map->l_next)
        map = map->l_next;
    __atomic_store_n(&last_of_start, map, __ATOMIC_RELEASE);
}

static void *find_next(const char *name, const struct link_map **where)
{
    const struct link_map *map = own_module();
    const struct link_map *last = __atomic_load_n(&last_of_start, __ATOMIC_ACQUIRE);
    while (map && map != last) {
        map = map->l_next;
        void *address = map ? find_in(map, name) : NULL;
        if (address) {
            *where = map;
            return address;
        }
    }
    return NULL;
}

void *lr_next_symbol(const char *name)
{
    const struct link_map *where;
    return find_next(name, &where);
}

const char *lr_next_module(const char *name)
{
    const struct link_map *where = NULL;
    return find_next(name, &where) ? where->l_name : NULL;
}

static bool has_file_name(const struct link_map *map, const char *prefix)
{
    const char *file = map->l_name ? strrchr(map->l_name, '/') : NULL;
    file = file ? file + 1 : map->l_name;
    return file && strncmp(file, prefix, strlen(prefix)) == 0;
}

void *lr_module_symbol(const char *module, const char *name)
{
    for (const struct link_map *map = first_module(); map; map = map->l_next) {
        void *address = has_file_name(map, module) ? find_in(map, name) : NULL;
        if (address)
            return address;
    }
    return NULL;
}

void *lr_first_symbol(const char *name)
{
    void *address = NULL;
    const struct link_map *last = __atomic_load_n(&last_of_start, __ATOMIC_ACQUIRE);
    for (const struct link_map *map = first_module(); map && !address; map = map->l_next) {
        address = find_in(map, name);
        if (map == last)
            break;
    }
    return address;
}

const char *lr_ahead_module(const char *name)
{
    for (const struct link_map *map = first_module(); map && !is_self(map); map = map->l_next)
        if (find_in(map, name))
            return map->l_name ? map->l_name : "";
    return NULL;
}
