/* modules.c -- modules.h: from an address to its module, and to the module's entry in the trace.
 *
 * Stage: STACK and RECORD.  Context: see modules.h.
 *
 * A small lock-free table remembers every module that an answer was given about, with the values
 * that told it apart; lr_modules_changed compares them without touching the module's memory,
 * which another thread may be unmapping.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#include "modules_maps.h"
#include "next.h"
#include "prim.h"
#include "stack_take.h"
#include "trace.h"
#include "unwind.h"

/* _dl_find_object's result (glibc 2.35); declared here to build with older headers too. */
struct found_object {
    unsigned long long flags;
    void *start, *end;
    struct link_map *map;
    void *eh_frame;
    unsigned long long reserved[7];
};
typedef int find_object_fn(void *address, struct found_object *result);

/* What tells one load of a module from another. */
struct identity {
    uintptr_t start, end;
    const void *object; /* link map, or the path's copy */
    uintptr_t eh_frame; /* 0 where the C library doesn't say */
};

static find_object_fn *find_object_function(void)
{
    static find_object_fn *function;
    static bool is_known;
    if (!__atomic_load_n(&is_known, __ATOMIC_ACQUIRE)) {
        find_object_fn *found = (find_object_fn *)lr_next_symbol("_dl_find_object");
        __atomic_store_n(&function, found, __ATOMIC_RELAXED);
        __atomic_store_n(&is_known, true, __ATOMIC_RELEASE);
    }
    return __atomic_load_n(&function, __ATOMIC_RELAXED);
}

static bool identify(uintptr_t pc, struct identity *identity)
{
    find_object_fn *find_object = find_object_function();
    struct found_object found;
    struct lr_mapped_module mapped;
    if (find_object) {
        if (find_object((void *)pc, &found) != 0)
            return false;
        *identity = (struct identity){(uintptr_t)found.start, (uintptr_t)found.end, found.map,
                                      (uintptr_t)found.eh_frame};
        return true;
    }
    if (!lr_maps_find(pc, &mapped))
        return false;
    *identity = (struct identity){mapped.start, mapped.end, mapped.path, 0};
    return true;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->start == b->start && a->end == b->end && a->object == b->object &&
           a->eh_frame == b->eh_frame;
}

/* The module's own headers, in memory. */

static bool is_inside(const struct lr_module_info *info, uintptr_t address, uint64_t size)
{
    return address >= info->start && address < info->end && size <= info->end - address;
}

static void read_notes(struct lr_module_info *info, uintptr_t at, uint64_t size, uint64_t align)
{
    uint64_t pad = align == 8 ? 7 : 3;
    while (size >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        uint64_t name = sizeof *note, data = (name + note->n_namesz + pad) & ~pad;
        uint64_t next = (data + note->n_descsz + pad) & ~pad;
        if (data > size || note->n_descsz > size - data)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
            memcmp((const void *)(at + name), "GNU", 4) == 0) {
            info->build_id = (const uint8_t *)(at + data);
            info->build_id_size = note->n_descsz;
            return;
        }
        if (next >= size)
            return;
        at += next;
        size -= next;
    }
}

static const ElfW(Phdr) * program_headers(const struct lr_module_info *info, size_t *count)
{
    const ElfW(Ehdr) *header = (const void *)info->start;
    *count = 0;
    if (!is_inside(info, info->start, sizeof *header) ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr)))
        return NULL;
    /* Only what surely lies in the first page's mapping. */
    uint64_t size = (uint64_t)header->e_phnum * sizeof(ElfW(Phdr));
    if (header->e_phoff > lr_prim_page_size() || size > lr_prim_page_size() - header->e_phoff)
        return NULL;
    *count = header->e_phnum;
    return (const void *)(info->start + header->e_phoff);
}

static uintptr_t bias_from(const struct lr_module_info *info, const ElfW(Phdr) * segments,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (segments[i].p_type == PT_LOAD)
            return info->start - (segments[i].p_vaddr - segments[i].p_offset);
    return info->start;
}

static void read_headers(struct lr_module_info *info, bool has_bias)
{
    size_t count;
    const ElfW(Phdr) *segments = program_headers(info, &count);
    if (!has_bias)
        info->bias = bias_from(info, segments, count);
    for (size_t i = 0; i < count; i++) {
        uintptr_t at = info->bias + segments[i].p_vaddr;
        uint64_t size = segments[i].p_memsz;
        if (!is_inside(info, at, size))
            continue;
        if (segments[i].p_type == PT_NOTE && !info->build_id)
            read_notes(info, at, size, segments[i].p_align);
        else if (segments[i].p_type == PT_GNU_EH_FRAME && !info->eh_frame_hdr)
            info->eh_frame_hdr = at;
    }
}

/* Without /proc the name by which the program was executed, if it is one that tells where it is.
 * Every caller stores the same bytes, so the race to do it is harmless. */
static const char *main_path(void)
{
    static char path[LR_STRING_MAX];
    static bool is_known;
    if (!__atomic_load_n(&is_known, __ATOMIC_ACQUIRE)) {
        const char *executed = (const char *)getauxval(AT_EXECFN);
        if (lr_prim_readlink("/proc/self/exe", path, sizeof path - 1) < 0)
            return executed && *executed == '/' ? executed : "";
        __atomic_store_n(&is_known, true, __ATOMIC_RELEASE);
    }
    return path;
}

static bool is_vdso(uintptr_t start)
{
    return start == getauxval(AT_SYSINFO_EHDR);
}

static bool is_main(uintptr_t start, uintptr_t end)
{
    uintptr_t headers = getauxval(AT_PHDR);
    return headers >= start && headers < end;
}

static void describe(const struct identity *identity, struct lr_module_info *info)
{
    bool has_map = find_object_function() != NULL;
    const struct link_map *map = has_map ? identity->object : NULL;
    *info = (struct lr_module_info){.start = identity->start, .end = identity->end};
    info->bias = map ? map->l_addr : 0;
    info->eh_frame_hdr = identity->eh_frame;
    info->path = map ? map->l_name : identity->object;
    info->is_vdso = is_vdso(info->start);
    info->is_main = is_main(info->start, info->end);
    if (info->is_main)
        info->path = main_path();
    if (!info->path)
        info->path = "";
    read_headers(info, map != NULL);
}

/* The table of modules that were asked about.  A slot's key is its module's start; BUSY while its
 * owner fills it, GONE when it may be used again. */

#define SLOTS 1024u
#define KEY_BUSY 1u
#define KEY_GONE 2u
#define INDEX_REFUSED UINT32_MAX

static struct slot {
    uintptr_t key;
    struct identity identity;
    uintptr_t bias; /* these two are used under the intern lock */
    uint32_t index; /* in the trace; 0: not asked for yet */
} slots[SLOTS];

static uint32_t slot_hash(uintptr_t start)
{
    return (uint32_t)((start >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 54);
}

static bool claim(struct slot *slot, uintptr_t key, const struct identity *identity)
{
    if (!__atomic_compare_exchange_n(&slot->key, &key, identity->start | KEY_BUSY, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    slot->identity = *identity;
    slot->index = 0;
    __atomic_store_n(&slot->key, identity->start, __ATOMIC_RELEASE);
    return true;
}

/* The module's slot, made if need be; NULL when the table is full or the slot is being made. */
static struct slot *remember(const struct identity *identity)
{
    struct slot *gone = NULL;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &slots[(slot_hash(identity->start) + i) % SLOTS];
        uintptr_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
        if (key == identity->start)
            return slot;
        if (key == (identity->start | KEY_BUSY))
            return NULL;
        if (key == KEY_GONE && !gone)
            gone = slot;
        if (key == 0 && gone)
            break;
        if (key == 0 && claim(slot, 0, identity))
            return slot;
    }
    return gone && claim(gone, KEY_GONE, identity) ? gone : NULL;
}

bool lr_module_find(uintptr_t pc, struct lr_module_info *info)
{
    struct identity identity;
    if (!identify(pc, &identity))
        return false;
    remember(&identity);
    describe(&identity, info);
    return true;
}

/* Entries in the trace; the caller holds the intern lock. */

static void set_unloaded(struct slot *slot)
{
    if (slot->index != 0 && slot->index != INDEX_REFUSED) {
        uint32_t now = lr_trace_ms();
        lr_trace_module(slot->index)->unload_ms = now ? now : 1;
        lr_trace_event(LR_EVENT_UNLOAD, slot->index, 0);
    }
    __atomic_store_n(&slot->key, KEY_GONE, __ATOMIC_RELEASE);
}

static void forget_addresses(void)
{
    lr_unwind_forget();
    lr_stacks_forget();
}

/* Readers elsewhere want a path that doesn't depend on where we stood, on how the library was
 * named, or on whether the program was started through the dynamic linker. */
static const char *full_path(const struct lr_module_info *info, char *space, size_t size)
{
    bool is_plain = info->path[0] == '/' && !strstr(info->path, "/.") && !info->is_main;
    if (is_plain || info->is_vdso || !lr_maps_path(info->start, space, size) ||
        strstr(space, " (deleted)"))
        return info->path;
    return space;
}

static uint32_t intern(const struct lr_module_info *info)
{
    static char space[LR_STRING_MAX]; /* stacks may be small; the intern lock guards it */
    const char *path = full_path(info, space, sizeof space);
    struct lr_module module = {.start = info->start, .end = info->end, .bias = info->bias};
    module.path = lr_intern_string(path, strlen(path));
    module.flags = (info->is_main ? LR_MODULE_MAIN : 0) | (info->is_vdso ? LR_MODULE_VDSO : 0);
    module.load_ms = lr_trace_ms();
    if (info->build_id) {
        uint32_t size = info->build_id_size;
        module.build_id_size = size < LR_BUILD_ID_MAX ? size : LR_BUILD_ID_MAX;
        memcpy(module.build_id, info->build_id, module.build_id_size);
    }
    return lr_intern_module(&module);
}

/* The slot of what is loaded there now; an earlier tenant of the same place is seen off. */
static struct slot *current_slot(const struct identity *identity)
{
    struct slot *slot = remember(identity);
    if (!slot || is_same(&slot->identity, identity))
        return slot;
    set_unloaded(slot);
    forget_addresses();
    return remember(identity);
}

uint32_t lr_module_index(uintptr_t pc, uintptr_t *bias)
{
    struct identity identity;
    struct lr_module_info info;
    *bias = 0;
    if (!identify(pc, &identity))
        return 0;
    struct slot *slot = current_slot(&identity);
    if (slot && slot->index == INDEX_REFUSED)
        return 0;
    if (slot && slot->index) {
        *bias = slot->bias;
        return slot->index;
    }
    describe(&identity, &info);
    uint32_t index = intern(&info);
    *bias = index ? info.bias : 0;
    if (slot) {
        slot->index = index ? index : INDEX_REFUSED;
        slot->bias = info.bias;
    }
    return index;
}

bool lr_modules_changed(void)
{
    struct identity identity;
    bool any = false;
    if (!find_object_function() && !lr_maps_refresh_if_old())
        return false;
    if (!lr_intern_lock())
        return false; /* the next call will see it */
    for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
        uintptr_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
        if (key == 0 || key == KEY_GONE || key & KEY_BUSY)
            continue;
        if (identify(key, &identity) && is_same(&slot->identity, &identity))
            continue;
        set_unloaded(slot);
        any = true;
    }
    lr_intern_unlock();
    if (any)
        forget_addresses();
    return true;
}
