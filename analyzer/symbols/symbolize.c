/* symbolize.c -- frames of a trace to names, each looked up once.
 *
 * Stage: SYMBOLIZE, between load and judge.  Context: analyzer only.
 */
#include "symbolize.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debuginfod.h"
#include "demangle.h"
#include "symbolize_internal.h"

/* Java frames are told apart by their (unique) strings, native ones by module and address. */
struct key {
    uint64_t a, b, c;
    int64_t line; /* LR_LINE_* or a line for Java; NATIVE_KEY for native frames */
};
#define NATIVE_KEY INT64_MAX

struct entry {
    struct entry *next; /* in its bucket */
    struct key key;
    size_t count;
    struct lr_frame_name names[];
};

struct text {
    struct text *next;
    char bytes[];
};

struct lr_symbolizer {
    const struct lr_trace *trace;
    struct lr_symbolizer_options options;
    struct lr_debuginfod *servers; /* opened for the first module */
    bool servers_known;
    char root[4096]; /* "" for our own */
    struct lr_symbol_module *modules;
    uint32_t module_count;
    struct text *texts;
    struct entry **buckets;
    size_t bucket_count, entry_count;
};

static const struct lr_frame_name no_name = {.kind = LR_FRAME_KIND_UNKNOWN,
                                             .function = "[unknown]",
                                             .full = "[unknown]",
                                             .file = "",
                                             .line = LR_LINE_UNKNOWN,
                                             .module = ""};

/* A process that still runs may live in a container, with other files than ours. */
static void find_root(struct lr_symbolizer *symbolizer)
{
    uint32_t pid = lr_trace_info(symbolizer->trace)->pid_here;
    if (symbolizer->options.sysroot != NULL)
        snprintf(symbolizer->root, sizeof(symbolizer->root), "%s", symbolizer->options.sysroot);
    else if (pid != 0)
        snprintf(symbolizer->root, sizeof(symbolizer->root), "/proc/%u/root", pid);
}

struct lr_symbolizer *lr_symbolizer_open(const struct lr_trace *trace,
                                         const struct lr_symbolizer_options *options)
{
    struct lr_symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));
    if (symbolizer == NULL)
        return NULL;
    symbolizer->trace = trace;
    if (options != NULL)
        symbolizer->options = *options;
    find_root(symbolizer);
    symbolizer->module_count = lr_trace_module_entries(trace);
    symbolizer->modules =
        calloc((size_t)symbolizer->module_count + 1, sizeof(*symbolizer->modules));
    symbolizer->bucket_count = 1024;
    symbolizer->buckets = calloc(symbolizer->bucket_count, sizeof(*symbolizer->buckets));
    if (symbolizer->modules == NULL || symbolizer->buckets == NULL) {
        lr_symbolizer_close(symbolizer);
        return NULL;
    }
    return symbolizer;
}

void lr_symbolizer_close(struct lr_symbolizer *symbolizer)
{
    if (symbolizer == NULL)
        return;
    for (size_t i = 0; symbolizer->buckets != NULL && i < symbolizer->bucket_count; i++)
        for (struct entry *entry = symbolizer->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            free(entry);
        }
    for (uint32_t i = 0; symbolizer->modules != NULL && i < symbolizer->module_count; i++)
        lr_symbol_module_close(&symbolizer->modules[i]);
    for (struct text *text = symbolizer->texts, *next; text != NULL; text = next) {
        next = text->next;
        free(text);
    }
    lr_debuginfod_close(symbolizer->servers);
    free(symbolizer->buckets);
    free(symbolizer->modules);
    free(symbolizer);
}

/* Keeps `length` bytes (NULL: uninitialized) until the symbolizer is closed. */
static char *keep(struct lr_symbolizer *symbolizer, const char *bytes, size_t length)
{
    struct text *text = malloc(sizeof(*text) + length + 1);
    if (text == NULL)
        return NULL;
    text->next = symbolizer->texts;
    symbolizer->texts = text;
    if (bytes != NULL)
        memcpy(text->bytes, bytes, length);
    text->bytes[length] = '\0';
    return text->bytes;
}

/* Keeps a malloc()ed text, made safe to print as all names of a trace are; NULL becomes "". */
static const char *keep_clean(struct lr_symbolizer *symbolizer, char *owned)
{
    char *kept = owned != NULL ? keep(symbolizer, owned, strlen(owned)) : NULL;
    for (char *c = kept; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    free(owned);
    return kept != NULL ? kept : "";
}

static const char *keep_format(struct lr_symbolizer *symbolizer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *keep_format(struct lr_symbolizer *symbolizer, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length < 0 ? "[unknown]" : keep_clean(symbolizer, text);
}

static size_t key_hash(const struct key *key)
{
    uint64_t hash = key->a * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ key->b) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ key->c ^ (uint64_t)key->line) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash ^ hash >> 29);
}

static struct entry *cache_find(const struct lr_symbolizer *symbolizer, const struct key *key)
{
    struct entry *entry = symbolizer->buckets[key_hash(key) % symbolizer->bucket_count];
    while (entry != NULL && memcmp(&entry->key, key, sizeof(*key)) != 0)
        entry = entry->next;
    return entry;
}

static void cache_grow(struct lr_symbolizer *symbolizer)
{
    size_t count = symbolizer->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(*buckets));
    if (buckets == NULL)
        return; /* slower, not wrong */
    for (size_t i = 0; i < symbolizer->bucket_count; i++)
        for (struct entry *entry = symbolizer->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            struct entry **bucket = &buckets[key_hash(&entry->key) % count];
            entry->next = *bucket;
            *bucket = entry;
        }
    free(symbolizer->buckets);
    symbolizer->buckets = buckets;
    symbolizer->bucket_count = count;
}

static struct entry *cache_add(struct lr_symbolizer *symbolizer, const struct key *key,
                               size_t count)
{
    struct entry *entry = calloc(1, sizeof(*entry) + count * sizeof(entry->names[0]));
    if (entry == NULL)
        return NULL;
    if (symbolizer->entry_count++ > symbolizer->bucket_count)
        cache_grow(symbolizer);
    struct entry **bucket = &symbolizer->buckets[key_hash(key) % symbolizer->bucket_count];
    *entry = (struct entry){.next = *bucket, .key = *key, .count = count};
    *bucket = entry;
    return entry;
}

static void name_java(struct lr_symbolizer *symbolizer, const struct lr_frame_view *view,
                      struct lr_frame_name *name)
{
    bool known = view->method[0] != '\0';
    const char *function = known ? keep_format(symbolizer, "%s%s%s", view->class_name,
                                               view->class_name[0] != '\0' ? "." : "", view->method)
                                 : "[unknown Java method]";
    *name = (struct lr_frame_name){.kind = LR_FRAME_KIND_JAVA,
                                   .function = function,
                                   .full = function,
                                   .file = view->source_file,
                                   .line = view->line,
                                   .module = "",
                                   .hidden = (view->method_flags & LR_METHOD_HIDDEN) != 0};
}

static struct lr_symbol_module *open_module(struct lr_symbolizer *symbolizer, uint32_t index,
                                            const struct lr_module_view *view)
{
    struct lr_symbol_module *module = &symbolizer->modules[index];
    if (module->opened)
        return module;
    if (!symbolizer->servers_known && !symbolizer->options.no_files) {
        symbolizer->servers = lr_debuginfod_open();
        symbolizer->servers_known = true;
    }
    lr_symbol_module_open(
        module, view,
        &(struct lr_symbol_places){.options = &symbolizer->options,
                                   .root = symbolizer->root[0] != '\0' ? symbolizer->root : NULL,
                                   .servers = symbolizer->servers});
    return module;
}

/* Fills what every native frame has; its function is module+0xoffset until better is known. */
static void name_raw(struct lr_symbolizer *symbolizer, const struct lr_frame_view *view,
                     const char *path, struct lr_frame_name *name)
{
    const char *slash = strrchr(path, '/');
    *name = no_name;
    name->module = path;
    name->address = view->address;
    if (view->module == 0)
        name->function = keep_format(symbolizer, "0x%" PRIx64, view->address);
    else
        name->function = keep_format(symbolizer, "%s+0x%" PRIx64, slash != NULL ? slash + 1 : path,
                                     view->address);
    name->full = name->function;
}

static void name_native(struct lr_symbolizer *symbolizer, const struct lr_raw_frame *raw,
                        struct lr_frame_name *name)
{
    if (raw->name != NULL) {
        name->kind = LR_FRAME_KIND_NATIVE;
        name->function = keep_clean(symbolizer, lr_demangle_short(raw->name));
        name->full = keep_clean(symbolizer, lr_demangle(raw->name));
    }
    if (raw->file != NULL)
        name->file = keep_clean(symbolizer, strdup(raw->file));
    if (raw->line > 0)
        name->line = raw->line;
}

/* The frames at a native address, innermost first; 0 when nothing is known. */
static size_t look_up(const struct lr_symbol_module *module, uint64_t address,
                      struct lr_raw_frame raw[LR_INLINE_MAX])
{
    size_t count = lr_dwarf_find(module->dwarf, address, raw);
    const char *symbol = lr_symtab_find(module->symtab, address);
    if (count == 0) {
        raw[0].name = symbol;
        return symbol != NULL;
    }
    /* DWARF names internal functions of C++ without their class; the symbol has it. */
    struct lr_raw_frame *outer = &raw[count - 1];
    if (outer->name == NULL ||
        (symbol != NULL && lr_is_mangled(symbol) && !lr_is_mangled(outer->name)))
        outer->name = symbol;
    return count;
}

static struct entry *add_native(struct lr_symbolizer *symbolizer, const struct key *key,
                                const struct lr_frame_view *view)
{
    struct lr_raw_frame raw[LR_INLINE_MAX] = {{0}};
    struct lr_module_view module;
    size_t count = 0;
    lr_trace_module_at(symbolizer->trace, view->module, &module);
    if (view->module != 0 && view->address > 0) /* the call, not what follows it */
        count = look_up(open_module(symbolizer, view->module, &module), view->address - 1, raw);
    struct entry *entry = cache_add(symbolizer, key, count > 0 ? count : 1);
    for (size_t i = 0; entry != NULL && i < entry->count; i++) {
        name_raw(symbolizer, view, module.path, &entry->names[i]);
        name_native(symbolizer, &raw[i], &entry->names[i]);
        entry->names[i].inlined = i + 1 < entry->count;
    }
    return entry;
}

size_t lr_symbolize_frame(struct lr_symbolizer *symbolizer, uint32_t stack, uint32_t i,
                          const struct lr_frame_name **names)
{
    struct lr_frame_view view;
    struct key key;
    lr_trace_frame_at(symbolizer->trace, stack, i, &view);
    if (view.java)
        key = (struct key){(uintptr_t)view.class_name, (uintptr_t)view.method,
                           (uintptr_t)view.source_file, view.line};
    else
        key = (struct key){view.module, view.address, 0, NATIVE_KEY};
    struct entry *entry = cache_find(symbolizer, &key);
    if (entry == NULL && view.java) {
        entry = cache_add(symbolizer, &key, 1);
        if (entry != NULL)
            name_java(symbolizer, &view, &entry->names[0]);
    } else if (entry == NULL) {
        entry = add_native(symbolizer, &key, &view);
    }
    *names = entry != NULL ? entry->names : &no_name;
    return entry != NULL ? entry->count : 1;
}

size_t lr_symbolize_stack(struct lr_symbolizer *symbolizer, uint32_t stack,
                          struct lr_frame_name **names)
{
    struct lr_stack_view view;
    size_t count = 0, room = 0;
    lr_trace_stack_at(symbolizer->trace, stack, &view);
    *names = NULL;
    for (uint32_t i = 0; i < view.frame_count; i++) {
        const struct lr_frame_name *found;
        size_t found_count = lr_symbolize_frame(symbolizer, stack, i, &found);
        if (count + found_count > room) {
            room = (count + found_count) * 2 + view.frame_count;
            struct lr_frame_name *more = reallocarray(*names, room, sizeof(*more));
            if (more == NULL)
                break;
            *names = more;
        }
        memcpy(*names + count, found, found_count * sizeof(*found));
        count += found_count;
    }
    return count;
}

const char *lr_symbolizer_module_problem(struct lr_symbolizer *symbolizer, uint32_t module)
{
    struct lr_module_view view;
    if (module == 0 || module >= symbolizer->module_count)
        return NULL;
    lr_trace_module_at(symbolizer->trace, module, &view);
    return open_module(symbolizer, module, &view)->problem;
}
