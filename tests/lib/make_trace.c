/* make_trace.c -- synthesizes trace files for tests.
 *
 * Stage: tests.  The image is laid out by one table of capacities; every record is appended where
 * the format wants it.  Written from docs/FORMAT.md and format.h alone, so that it is a second
 * opinion on what a writer does.
 */
#include "make_trace.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    enum lr_section_id id;
    uint32_t entry_size;
    uint64_t capacity;
} layout[] = {
    {LR_SEC_COUNTERS, sizeof(uint64_t), 512},
    {LR_SEC_META, sizeof(struct lr_meta), 512},
    {LR_SEC_STRINGS, 1, 1 << 16},
    {LR_SEC_MODULES, sizeof(struct lr_module), 51},
    {LR_SEC_METHODS, sizeof(struct lr_method), 1024},
    {LR_SEC_JFRAMES, sizeof(struct lr_jframe), 1024},
    {LR_SEC_STACKS, sizeof(struct lr_stack), 1024},
    {LR_SEC_NODES, sizeof(struct lr_node), 4096},
    {LR_SEC_LIVE, sizeof(struct lr_live), 4096},
    {LR_SEC_REGIONS, sizeof(struct lr_region), 128},
    {LR_SEC_PAIRDEFS, sizeof(struct lr_pairdef), 512},
    {LR_SEC_PAIRS, sizeof(struct lr_pair), 4096},
    {LR_SEC_PAIRSITES, sizeof(struct lr_pairsite), 256},
    {LR_SEC_AREAS, sizeof(struct lr_area), 64},
    {LR_SEC_SERIES_1S, sizeof(struct lr_point), 16},
    {LR_SEC_SERIES_1M, sizeof(struct lr_point), 100},
    {LR_SEC_SERIES_30M, sizeof(struct lr_point), 16},
    {LR_SEC_FOLLOWED, sizeof(struct lr_followed), LR_FOLLOWED_SLOTS},
    {LR_SEC_FOLLOWED_10S, sizeof(struct lr_followed_point), 16},
    {LR_SEC_FOLLOWED_1M, sizeof(struct lr_followed_point), 100},
    {LR_SEC_FOLLOWED_30M, sizeof(struct lr_followed_point), 16},
    {LR_SEC_THREADS, sizeof(struct lr_thread_name), 512},
    {LR_SEC_CONTROL, sizeof(struct lr_control), 64},
    {LR_SEC_COLLECTIONS, sizeof(struct lr_collection), 8},
    {LR_SEC_MARKS, sizeof(struct lr_mark_entry), 16},
    {LR_SEC_INTERVALS, sizeof(struct lr_interval), 256},
    {LR_SEC_EVENTS, sizeof(struct lr_event), 128},
};
enum { SECTIONS = sizeof(layout) / sizeof(layout[0]) };

struct lr_make {
    unsigned char *bytes;
    size_t size;
};

static void must(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "make_trace: %s\n", what);
        abort();
    }
}

struct lr_header *lr_make_header(struct lr_make *make)
{
    return (struct lr_header *)make->bytes;
}

struct lr_section *lr_make_section(struct lr_make *make, enum lr_section_id id)
{
    struct lr_header *header = lr_make_header(make);
    for (uint32_t i = 0; i < SECTIONS; i++)
        if (header->sections[i].id == id)
            return &header->sections[i];
    must(false, "no such section");
    return NULL;
}

void *lr_make_entry(struct lr_make *make, enum lr_section_id id, uint64_t index)
{
    struct lr_section *section = lr_make_section(make, id);
    must(index < section->capacity, "section full");
    return make->bytes + section->offset + index * section->entry_size;
}

unsigned char *lr_make_bytes(struct lr_make *make, size_t *size)
{
    *size = make->size;
    return make->bytes;
}

/* The next free entry of a section; its index in *index, when that is wanted. */
static void *append(struct lr_make *make, enum lr_section_id id, uint32_t *index)
{
    struct lr_section *section = lr_make_section(make, id);
    void *entry = lr_make_entry(make, id, section->used);
    if (index != NULL)
        *index = (uint32_t)section->used;
    section->used++;
    return entry;
}

void lr_make_seal(struct lr_make *make)
{
    struct lr_header *header = lr_make_header(make);
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < 28; i++)
        hash = (hash ^ make->bytes[i]) * UINT32_C(16777619);
    for (uint32_t s = 0; s < header->section_count && s < LR_MAX_SECTIONS; s++)
        for (size_t i = 0; i < 24; i++)
            hash = (hash ^ make->bytes[144 + 32 * s + i]) * UINT32_C(16777619);
    header->checksum = hash;
}

struct lr_make *lr_make_new(void)
{
    struct lr_make *make = calloc(1, sizeof(*make));
    must(make != NULL, "out of memory");
    make->size = LR_PAGE;
    for (uint32_t i = 0; i < SECTIONS; i++)
        make->size += (layout[i].capacity * layout[i].entry_size + LR_PAGE - 1) / LR_PAGE * LR_PAGE;
    make->bytes = calloc(1, make->size);
    must(make->bytes != NULL, "out of memory");
    struct lr_header *header = lr_make_header(make);
    memcpy(header->magic, LR_MAGIC, sizeof(header->magic));
    header->version = LR_FORMAT_VERSION;
    header->endian = LR_ENDIAN_MARK;
    header->header_size = sizeof(*header);
    header->section_count = SECTIONS;
    header->file_size = make->size;
    header->compat = LR_COMPAT_EXACT | LR_COMPAT_YOUNG;
    header->state = LR_STATE_EXITED;
    header->pid = 4242;
    header->start_unix_ns = UINT64_C(1767323045) * 1000000000; /* 2026-01-02 03:04:05 UTC */
    header->end_unix_ns = header->start_unix_ns + UINT64_C(10000000000);
    header->proc_start = 1;
    header->young_ms = 100;
    header->heartbeat_ms = 9990;
    header->page_size = 4096;
    header->machine = 62; /* EM_X86_64 */
    uint64_t offset = LR_PAGE;
    for (uint32_t i = 0; i < SECTIONS; i++) {
        header->sections[i] = (struct lr_section){.id = layout[i].id,
                                                  .entry_size = layout[i].entry_size,
                                                  .offset = offset,
                                                  .capacity = layout[i].capacity};
        offset += (layout[i].capacity * layout[i].entry_size + LR_PAGE - 1) / LR_PAGE * LR_PAGE;
    }
    lr_make_section(make, LR_SEC_STRINGS)->used = 4; /* string 0: length 0 */
    append(make, LR_SEC_MODULES, NULL);
    append(make, LR_SEC_STACKS, NULL);
    append(make, LR_SEC_NODES, NULL);
    append(make, LR_SEC_THREADS, NULL);
    lr_make_section(make, LR_SEC_COUNTERS)->used = LR_COUNTER_COUNT;
    lr_make_seal(make);
    return make;
}

void lr_make_free(struct lr_make *make)
{
    if (make == NULL)
        return;
    free(make->bytes);
    free(make);
}

uint32_t lr_make_string(struct lr_make *make, const char *text)
{
    struct lr_section *section = lr_make_section(make, LR_SEC_STRINGS);
    uint32_t length = (uint32_t)strlen(text), found;
    for (uint64_t id = 0; id < section->used; id += 4 + (found + 3) / 4 * 4) {
        memcpy(&found, make->bytes + section->offset + id, sizeof(found));
        if (found == length && memcmp(make->bytes + section->offset + id + 4, text, length) == 0)
            return (uint32_t)id;
    }
    uint64_t id = section->used, room = 4 + (length + 3) / 4 * 4;
    must(length <= LR_STRING_MAX && id + room <= section->capacity, "strings full");
    memcpy(make->bytes + section->offset + id, &length, sizeof(length));
    memcpy(make->bytes + section->offset + id + 4, text, length);
    section->used += room;
    return (uint32_t)id;
}

void lr_make_meta(struct lr_make *make, enum lr_meta_key key, const char *text)
{
    uint32_t string = lr_make_string(make, text);
    *(struct lr_meta *)append(make, LR_SEC_META, NULL) =
        (struct lr_meta){.key = key, .string = string};
}

void lr_make_counter(struct lr_make *make, enum lr_counter counter, uint64_t value)
{
    *(uint64_t *)lr_make_entry(make, LR_SEC_COUNTERS, counter) = value;
}

uint32_t lr_make_module(struct lr_make *make, const char *path, uint64_t bias, uint64_t start,
                        uint64_t end, const char *build_id)
{
    uint32_t index, string = lr_make_string(make, path);
    struct lr_module *module = append(make, LR_SEC_MODULES, &index);
    *module = (struct lr_module){.start = start, .end = end, .bias = bias, .path = string};
    for (; build_id[0] != '\0' && module->build_id_size < LR_BUILD_ID_MAX; build_id += 2) {
        unsigned value;
        must(sscanf(build_id, "%2x", &value) == 1 && build_id[1] != '\0', "bad build-id");
        module->build_id[module->build_id_size++] = (uint8_t)value;
    }
    return index;
}

uint32_t lr_make_method(struct lr_make *make, const char *class_name, const char *name,
                        const char *source_file, uint32_t flags)
{
    uint32_t index;
    struct lr_method method = {.class_name = lr_make_string(make, class_name),
                               .name = lr_make_string(make, name),
                               .source_file = lr_make_string(make, source_file),
                               .flags = flags};
    struct lr_section *section = lr_make_section(make, LR_SEC_METHODS);
    for (index = 0; index < section->used; index++)
        if (memcmp(lr_make_entry(make, LR_SEC_METHODS, index), &method, sizeof(method)) == 0)
            return index;
    *(struct lr_method *)append(make, LR_SEC_METHODS, &index) = method;
    return index;
}

uint64_t lr_make_java_frame(struct lr_make *make, uint32_t method, int32_t line)
{
    uint32_t index;
    struct lr_jframe *jframe = append(make, LR_SEC_JFRAMES, &index);
    *jframe = (struct lr_jframe){.method = method, .line = line};
    return LR_FRAME_JAVA | index;
}

uint64_t lr_make_native_frame(uint32_t module, uint64_t address)
{
    return (uint64_t)module << LR_FRAME_MODULE_SHIFT | (address & LR_FRAME_ADDR_MASK);
}

uint64_t lr_make_java_frame_text(struct lr_make *make, const char *text)
{
    char copy[512], *source = (char *)"", *paren;
    must(strlen(text) < sizeof(copy), "frame text too long");
    strcpy(copy, text);
    char *colon = strrchr(copy, ':');
    must(colon != NULL, "frame text without a line");
    *colon = '\0';
    if ((paren = strchr(copy, '(')) != NULL) {
        *paren = '\0';
        source = paren + 1;
        source[strcspn(source, ")")] = '\0';
    }
    char *dot = strrchr(copy, '.');
    must(dot != NULL, "frame text without a class");
    *dot = '\0';
    uint32_t method = lr_make_method(make, copy, dot + 1, source, 0);
    return lr_make_java_frame(make, method, (int32_t)strtol(colon + 1, NULL, 10));
}

static uint32_t node(struct lr_make *make, uint32_t parent, uint64_t frame)
{
    uint32_t index = 1;
    for (; index < lr_make_section(make, LR_SEC_NODES)->used; index++) {
        const struct lr_node *there = lr_make_entry(make, LR_SEC_NODES, index);
        if (there->parent == parent && there->frame == frame)
            return index;
    }
    struct lr_node *made = append(make, LR_SEC_NODES, &index);
    *made = (struct lr_node){.frame = frame, .parent = parent};
    return index;
}

uint32_t lr_make_stack(struct lr_make *make, const uint64_t *frames, unsigned count, uint32_t flags)
{
    uint32_t index, leaf = 0;
    for (unsigned i = count; i-- > 0;) {
        leaf = node(make, leaf, frames[i]);
        if ((frames[i] & LR_FRAME_JAVA) != 0)
            flags |= LR_STACK_JAVA;
    }
    struct lr_stack *stack = append(make, LR_SEC_STACKS, &index);
    *stack = (struct lr_stack){.hash = index * UINT64_C(0x9e3779b97f4a7c15),
                               .node = leaf,
                               .frame_count = (uint16_t)count,
                               .flags = (uint16_t)flags};
    return index;
}

uint32_t lr_make_java_stack(struct lr_make *make, unsigned count, ...)
{
    uint64_t frames[64];
    va_list texts;
    must(count <= 64, "stack too deep");
    va_start(texts, count);
    for (unsigned i = 0; i < count; i++)
        frames[i] = lr_make_java_frame_text(make, va_arg(texts, const char *));
    va_end(texts);
    return lr_make_stack(make, frames, count, 0);
}

void lr_make_stack_totals(struct lr_make *make, uint32_t stack, uint64_t count, uint64_t bytes,
                          uint64_t lost_count, uint64_t lost_bytes)
{
    struct lr_stack *entry = lr_make_entry(make, LR_SEC_STACKS, stack);
    entry->alloc_count = count;
    entry->alloc_bytes = bytes;
    entry->lost_count = lost_count;
    entry->lost_bytes = lost_bytes;
}

void lr_make_live(struct lr_make *make, uint64_t address, uint64_t size, enum lr_kind kind,
                  uint32_t stack, uint32_t birth_ms, uint64_t flags)
{
    *(struct lr_live *)append(make, LR_SEC_LIVE, NULL) = (struct lr_live){
        .key = address,
        .info = (size & LR_LIVE_SIZE_MASK) | (uint64_t)kind << LR_LIVE_KIND_SHIFT | flags,
        .stack = stack,
        .birth_ms = birth_ms,
        .weight = 1.0f,
        .gen = 1};
}

void lr_make_region(struct lr_make *make, uint64_t start, uint64_t length, uint32_t stack,
                    uint32_t birth_ms, uint32_t prot_flags)
{
    *(struct lr_region *)append(make, LR_SEC_REGIONS, NULL) =
        (struct lr_region){.start = start,
                           .length = length,
                           .stack = stack,
                           .birth_ms = birth_ms,
                           .prot_flags = prot_flags,
                           .gen = 1};
}

uint16_t lr_make_thread(struct lr_make *make, const char *name)
{
    uint32_t index, string = lr_make_string(make, name);
    *(struct lr_thread_name *)append(make, LR_SEC_THREADS, &index) =
        (struct lr_thread_name){.name = string};
    return (uint16_t)index;
}

uint32_t lr_make_pairdef(struct lr_make *make, const char *name, uint32_t flags)
{
    uint32_t index, string = lr_make_string(make, name);
    *(struct lr_pairdef *)append(make, LR_SEC_PAIRDEFS, &index) =
        (struct lr_pairdef){.name = string, .flags = flags};
    return index;
}

uint32_t lr_make_pairsite(struct lr_make *make, uint32_t pair, uint32_t stack, uint64_t acquired,
                          uint64_t released, uint64_t released_by_cleaner)
{
    uint32_t index;
    *(struct lr_pairsite *)append(make, LR_SEC_PAIRSITES, &index) =
        (struct lr_pairsite){.pair = pair,
                             .stack = stack,
                             .acquired = acquired,
                             .released = released,
                             .released_by_cleaner = released_by_cleaner};
    return index;
}

void lr_make_pair(struct lr_make *make, uint64_t handle, uint32_t pair, uint32_t site,
                  uint32_t stack, uint32_t birth_ms)
{
    *(struct lr_pair *)append(make, LR_SEC_PAIRS, NULL) = (struct lr_pair){.key = handle,
                                                                           .stack = stack,
                                                                           .birth_ms = birth_ms,
                                                                           .site = site,
                                                                           .pair = (uint16_t)pair,
                                                                           .gen = 1};
}

void lr_make_event(struct lr_make *make, enum lr_event_type type, uint32_t time_ms, uint32_t a,
                   uint64_t b)
{
    struct lr_section *section = lr_make_section(make, LR_SEC_EVENTS);
    uint64_t number = section->used++;
    *(struct lr_event *)lr_make_entry(make, LR_SEC_EVENTS, number % section->capacity) =
        (struct lr_event){.sequence = (uint32_t)(number + 1),
                          .type = type,
                          .time_ms = time_ms,
                          .a = a,
                          .b = b,
                          .tid = 4242};
}

void lr_make_mark(struct lr_make *make, const char *name, uint32_t time_ms)
{
    *(struct lr_mark_entry *)append(make, LR_SEC_MARKS, NULL) = (struct lr_mark_entry){
        lr_make_string(make, name), time_ms, LR_MARK_ASKED, 0, {0, 0}};
}

struct lr_collection *lr_make_collection(struct lr_make *make, enum lr_collection_why why,
                                         uint32_t bound_ms, uint32_t drained_ms)
{
    struct lr_section *section = lr_make_section(make, LR_SEC_COLLECTIONS);
    uint64_t number = section->used++;
    struct lr_collection *made = lr_make_entry(make, LR_SEC_COLLECTIONS, number % section->capacity);
    *made = (struct lr_collection){.sequence = (uint32_t)(number + 1),
                                   .why = why,
                                   .result = LR_COLLECT_DONE,
                                   .bound_ms = bound_ms,
                                   .end_ms = bound_ms + 100,
                                   .drained_ms = drained_ms,
                                   .collections = 1};
    return made;
}

/* The next slot of a ring, with its sequence and time. */
static uint32_t *append_to_ring(struct lr_make *make, enum lr_section_id id, uint32_t time_ms)
{
    struct lr_section *section = lr_make_section(make, id);
    uint64_t number = section->used++;
    uint32_t *record = lr_make_entry(make, id, number % section->capacity);
    record[0] = (uint32_t)(number + 1);
    record[1] = time_ms;
    return record;
}

struct lr_point *lr_make_point(struct lr_make *make, enum lr_section_id id, uint32_t time_ms)
{
    struct lr_point *point = (struct lr_point *)append_to_ring(make, id, time_ms);
    memset(point->values, 0xff, sizeof(point->values)); /* LR_NO_VALUE */
    return point;
}

struct lr_area *lr_make_area(struct lr_make *make, enum lr_area_kind kind, uint32_t time_ms,
                             uint64_t start, uint32_t pages, uint32_t resident, uint32_t swapped)
{
    struct lr_area *area = (struct lr_area *)append_to_ring(make, LR_SEC_AREAS, time_ms);
    area->kind = kind;
    area->start = start;
    area->pages = pages;
    area->resident = resident;
    area->swapped = swapped;
    return area;
}

/* The tracer's own parts lie within areas that count already. */
void lr_make_area_end(struct lr_make *make, uint32_t time_ms, unsigned count)
{
    uint64_t used = lr_make_section(make, LR_SEC_AREAS)->used;
    uint32_t resident = 0, swapped = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct lr_area *area = lr_make_entry(make, LR_SEC_AREAS, used - 1 - i);
        bool counts = area->kind != LR_AREA_OWN;
        resident += counts ? area->resident : 0;
        swapped += counts ? area->swapped : 0;
    }
    lr_make_area(make, LR_AREA_END, time_ms, count, 0, resident, swapped);
}

void lr_make_followed(struct lr_make *make, uint32_t slot, enum lr_followed_kind kind, uint32_t id,
                      uint32_t since_ms)
{
    *(struct lr_followed *)lr_make_entry(make, LR_SEC_FOLLOWED, slot) =
        (struct lr_followed){.kind = kind, .id = id, .since_ms = since_ms, .check = 1};
}

struct lr_followed_point *lr_make_followed_point(struct lr_make *make, enum lr_section_id id,
                                                 uint32_t time_ms)
{
    struct lr_followed_point *point =
        (struct lr_followed_point *)append_to_ring(make, id, time_ms);
    for (unsigned i = 0; i < LR_FOLLOWED_SLOTS; i++)
        point->values[i] = (struct lr_followed_value){-1, -1};
    return point;
}

void lr_make_write(struct lr_make *make, const char *path)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0, "cannot create the file");
    for (size_t at = 0; at < make->size;) {
        ssize_t written = write(fd, make->bytes + at, make->size - at);
        must(written > 0, "cannot write the file");
        at += (size_t)written;
    }
    must(close(fd) == 0, "cannot write the file");
}

struct lr_make *lr_make_sample(void)
{
    struct lr_make *make = lr_make_new();
    lr_make_meta(make, LR_META_EXE, "/usr/bin/java");
    uint32_t module = lr_make_module(make, "/lib/libz.so.1", 0x1000, 0x2000, 0x9000, "00ff10");
    uint64_t frames[] = {lr_make_native_frame(module, 0x1234),
                         lr_make_java_frame_text(make, "com.acme.Codec.read(Codec.java):42")};
    uint32_t stack = lr_make_stack(make, frames, 2, 0);
    uint32_t pair = lr_make_pairdef(make, "java.util.zip.Inflater", LR_PAIR_JAVA);
    uint32_t site = lr_make_pairsite(make, pair, stack, 10, 4, 1);
    lr_make_pair(make, 0x7000, pair, site, stack, 100);
    lr_make_live(make, 0x8000, 100, LR_KIND_MALLOC, stack, 5, LR_LIVE_OWNED);
    lr_make_live(make, 0x8100, 200, LR_KIND_MALLOC, stack, 5, 0);
    lr_make_region(make, 0x10000, 4096, stack, 7, 3);
    lr_make_event(make, LR_EVENT_START, 0, 0, 0);
    return make;
}
