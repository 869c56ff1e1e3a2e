/* modules_maps.c -- modules_maps.h: a table of ELF files mapped from their first byte.
 *
 * Stage: STACK, cold side.  Context: any thread, inside malloc: static memory, a try-lock.
 * Entries are only ever appended; one whose module is gone has end == 0.  Readers take no lock.
 */
#include "modules_maps.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>

#include "prim.h"

enum { MODULES_MAX = 1024, PATHS_SIZE = 128 * 1024, LINE_MAX_BYTES = 8192 };

/* How long an unknown address stays unknown: short while modules are being loaded, twice as long
 * after each reading that found none, so that generated code costs next to nothing. */
#define WAIT_LEAST_NS UINT64_C(4000000)
#define WAIT_MOST_NS UINT64_C(1000000000)

static struct entry {
    uintptr_t start; /* written once, before `used` counts it */
    uintptr_t end;   /* 0: gone; written last when it comes back */
    const char *path;
    uint32_t seen; /* reading that last saw it */
} entries[MODULES_MAX];
static uint32_t used;

static char paths[PATHS_SIZE];
static size_t paths_used;
static uint32_t busy; /* the try-lock: guards everything below, and all writing */
static uint32_t reading;
static uint64_t read_at; /* 0: not yet */
static uint64_t wait_ns = WAIT_LEAST_NS;
static bool found_new;
static char buffer[LINE_MAX_BYTES];

struct line {
    uintptr_t start, end, offset;
    bool readable, executable;
    const char *path; /* "" for anonymous memory */
};

static uintptr_t hex(const char **text)
{
    uintptr_t value = 0;
    for (;; (*text)++) {
        char c = **text;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return value;
    }
}

/* start-end perms offset dev inode path */
static bool parse(const char *text, struct line *line)
{
    line->start = hex(&text);
    if (*text++ != '-')
        return false;
    line->end = hex(&text);
    if (strnlen(text, 6) < 6)
        return false;
    line->readable = text[1] == 'r';
    line->executable = text[3] == 'x';
    text += 6;
    line->offset = hex(&text);
    for (unsigned fields = 0; fields < 3; fields++) {
        while (*text && *text != ' ')
            text++;
        while (*text == ' ')
            text++;
    }
    line->path = text;
    return true;
}

typedef bool line_fn(void *context, const struct line *line); /* false: stop */

/* Lines longer than the buffer (paths of 8 KiB) end the reading.  True: it got to the end. */
static bool each_line(char *space, size_t size, line_fn *each, void *context)
{
    int fd = lr_prim_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    size_t have = 0;
    long got = fd;
    bool go_on = fd >= 0;
    while (go_on && have < size && (got = lr_prim_read(fd, space + have, size - have)) > 0) {
        have += (size_t)got;
        char *from = space, *newline;
        while (go_on && (newline = memchr(from, '\n', have - (size_t)(from - space)))) {
            struct line line;
            *newline = '\0';
            go_on = !parse(from, &line) || each(context, &line);
            from = newline + 1;
        }
        have -= (size_t)(from - space);
        memmove(space, from, have);
    }
    if (fd >= 0)
        lr_prim_close(fd);
    return fd >= 0 && go_on && got == 0;
}

static const char *keep_path(const char *path)
{
    size_t size = strlen(path) + 1;
    for (uint32_t i = 0; i < used; i++)
        if (strcmp(entries[i].path, path) == 0)
            return entries[i].path;
    if (size > sizeof paths - paths_used)
        return "";
    char *kept = memcpy(paths + paths_used, path, size);
    paths_used += size;
    return kept;
}

static void store(uintptr_t start, uintptr_t end, const char *path)
{
    uint32_t i = 0;
    while (i < used && (entries[i].start != start || strcmp(entries[i].path, path) != 0))
        i++;
    if (i == MODULES_MAX)
        return;
    if (i == used) {
        entries[i].start = start;
        entries[i].path = keep_path(path);
    }
    found_new |= i == used || entries[i].end == 0;
    entries[i].seen = reading;
    __atomic_store_n(&entries[i].end, end, __ATOMIC_RELEASE);
    if (i == used)
        __atomic_store_n(&used, i + 1, __ATOMIC_RELEASE);
}

struct group {
    uintptr_t start, end;
    bool has_code;
    char path[1024];
};

/* Where the module ends by its own headers (bss included), when they lie in its first mapping: what
 * follows it in memory may be anybody's, generated code above all.  0: no ELF file. */
static uintptr_t elf_end(const struct group *group)
{
    const ElfW(Ehdr) *header = (const void *)group->start;
    uint64_t size = group->end - group->start, first = 0, last = 0;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return 0;
    const ElfW(Phdr) *segments = (const void *)(group->start + header->e_phoff);
    if (header->e_phoff > size || header->e_phnum * sizeof(ElfW(Phdr)) > size - header->e_phoff)
        return group->end;
    for (int i = header->e_phnum - 1; i >= 0; i--) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        first = segments[i].p_vaddr - segments[i].p_offset;
        if (segments[i].p_vaddr + segments[i].p_memsz > last)
            last = segments[i].p_vaddr + segments[i].p_memsz;
    }
    return last > first ? group->start + (last - first) : group->end;
}

/* Data files are mapped too, and may have been cut since: only what holds code is touched. */
static void finish(struct group *group)
{
    uintptr_t end = group->start && group->has_code ? elf_end(group) : 0;
    if (end)
        store(group->start, end, group->path);
    group->start = 0;
}

/* A module is mapped piece by piece, the piece with its headers first. */
static bool collect(void *context, const struct line *line)
{
    struct group *group = context;
    bool is_file = line->path[0] == '/' || strcmp(line->path, "[vdso]") == 0;
    if (!is_file)
        return true;
    if (group->start && line->offset != 0 && strcmp(line->path, group->path) == 0) {
        group->has_code |= line->executable;
        return true;
    }
    finish(group);
    if (line->readable && line->offset == 0 && strlen(line->path) < sizeof group->path) {
        group->start = line->start;
        group->end = line->end;
        group->has_code = line->executable;
        strcpy(group->path, line->path);
    }
    return true;
}

bool lr_maps_refresh(void)
{
    static struct group group;
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return false;
    reading++;
    group.start = 0;
    found_new = false;
    bool whole = each_line(buffer, sizeof buffer, collect, &group);
    finish(&group);
    for (uint32_t i = 0; i < used && whole; i++)
        if (entries[i].seen != reading)
            __atomic_store_n(&entries[i].end, 0, __ATOMIC_RELEASE);
    uint64_t wait = found_new ? WAIT_LEAST_NS : wait_ns * 2;
    __atomic_store_n(&wait_ns, wait < WAIT_MOST_NS ? wait : WAIT_MOST_NS, __ATOMIC_RELAXED);
    __atomic_store_n(&read_at, lr_prim_mono_ns(), __ATOMIC_RELAXED);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return whole;
}

static bool look_up(uintptr_t pc, struct lr_mapped_module *module)
{
    uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t end = __atomic_load_n(&entries[i].end, __ATOMIC_ACQUIRE);
        if (pc < entries[i].start || pc >= end)
            continue;
        *module = (struct lr_mapped_module){entries[i].start, end, entries[i].path};
        return true;
    }
    return false;
}

bool lr_maps_refresh_if_old(void)
{
    uint64_t last = __atomic_load_n(&read_at, __ATOMIC_RELAXED);
    uint64_t wait = __atomic_load_n(&wait_ns, __ATOMIC_RELAXED);
    if (last && lr_prim_mono_ns() - last < wait)
        return false;
    return lr_maps_refresh();
}

bool lr_maps_find(uintptr_t pc, struct lr_mapped_module *module)
{
    return look_up(pc, module) || (lr_maps_refresh_if_old() && look_up(pc, module));
}

struct wanted {
    uintptr_t start;
    char *path;
    size_t size;
    bool found;
};

static bool match(void *context, const struct line *line)
{
    struct wanted *wanted = context;
    if (line->start != wanted->start)
        return line->start < wanted->start;
    size_t length = strlen(line->path);
    if (line->path[0] == '/' && length < wanted->size) {
        memcpy(wanted->path, line->path, length + 1);
        wanted->found = true;
    }
    return false;
}

bool lr_maps_path(uintptr_t start, char *path, size_t size)
{
    struct wanted wanted = {start, path, size, false};
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return false;
    each_line(buffer, sizeof buffer, match, &wanted);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    return wanted.found;
}
