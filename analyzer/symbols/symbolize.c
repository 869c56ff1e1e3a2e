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

#include "symbolize_worker.h"

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
    char root[4096]; /* "" for our own */
    struct lr_symbol_worker *worker;
    const char **problems; /* by module; NULL: none, or not looked at yet */
    bool *opened;
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
    symbolizer->problems =
        calloc((size_t)symbolizer->module_count + 1, sizeof(*symbolizer->problems));
    symbolizer->opened = calloc((size_t)symbolizer->module_count + 1, sizeof(bool));
    symbolizer->bucket_count = 1024;
    symbolizer->buckets = calloc(symbolizer->bucket_count, sizeof(*symbolizer->buckets));
    if (symbolizer->problems == NULL || symbolizer->opened == NULL ||
        symbolizer->buckets == NULL) {
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
    for (struct text *text = symbolizer->texts, *next; text != NULL; text = next) {
        next = text->next;
        free(text);
    }
    lr_symbol_worker_end(symbolizer->worker);
    free(symbolizer->buckets);
    free(symbolizer->problems);
    free(symbolizer->opened);
    free(symbolizer);
}

/* A copy that lives until the symbolizer is closed, made safe to print as all names of a trace
 * are; "" without memory. */
static const char *keep(struct lr_symbolizer *symbolizer, const char *bytes)
{
    size_t length = strlen(bytes);
    struct text *text = malloc(sizeof(*text) + length + 1);
    char *clean = length > 0 ? lr_text_clean((const unsigned char *)bytes, length) : NULL;
    if (text == NULL || clean == NULL) {
        free(text);
        free(clean);
        return "";
    }
    memcpy(text->bytes, clean, length + 1);
    free(clean);
    text->next = symbolizer->texts;
    symbolizer->texts = text;
    return text->bytes;
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
    const char *kept = length < 0 ? "[unknown]" : keep(symbolizer, text);
    if (length >= 0)
        free(text);
    return kept;
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

/* What the process that reads files says of `address` in a module (name false: only of the module).
 * False when it says nothing. */
static bool ask(struct lr_symbolizer *symbolizer, uint32_t module, bool name, uint64_t address,
                struct lr_answer *answer)
{
    const struct lr_symbol_site site = {
        .trace = symbolizer->trace,
        .options = &symbolizer->options,
        .root = symbolizer->root[0] != '\0' ? symbolizer->root : NULL,
        .module_count = symbolizer->module_count,
    };
    const struct lr_question question = {module, name, address};
    const char *problem;
    bool answered = false;
    if (!symbolizer->options.no_files)
        answered = lr_symbol_worker_ask(&symbolizer->worker, &site, &question, answer, &problem);
    else
        problem = NULL;
    if (answered && !symbolizer->opened[module] && answer->problem[0] != '\0')
        symbolizer->problems[module] = keep(symbolizer, answer->problem);
    else if (!answered)
        symbolizer->problems[module] = problem;
    symbolizer->opened[module] = true;
    return answered;
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

static void name_native(struct lr_symbolizer *symbolizer, const struct lr_named *named,
                        struct lr_frame_name *name)
{
    if (named->function[0] != '\0') {
        name->kind = LR_FRAME_KIND_NATIVE;
        name->function = keep(symbolizer, named->function);
        name->full = keep(symbolizer, named->full);
    }
    name->file = keep(symbolizer, named->file);
    if (named->line > 0)
        name->line = named->line;
}

static struct entry *add_native(struct lr_symbolizer *symbolizer, const struct key *key,
                                const struct lr_frame_view *view)
{
    struct lr_answer answer = {0};
    struct lr_module_view module;
    bool lost = false;
    lr_trace_module_at(symbolizer->trace, view->module, &module);
    if (view->module != 0 && view->module < symbolizer->module_count &&
        view->address > 0) /* the call, not what follows it */
        lost = !ask(symbolizer, view->module, true, view->address - 1, &answer) &&
               !symbolizer->options.no_files;
    struct entry *entry = cache_add(symbolizer, key, answer.count > 0 ? answer.count : 1);
    for (size_t i = 0; entry != NULL && i < entry->count; i++) {
        name_raw(symbolizer, view, module.path, &entry->names[i]);
        if (i < answer.count)
            name_native(symbolizer, &answer.frames[i], &entry->names[i]);
        entry->names[i].inlined = i + 1 < entry->count;
        entry->names[i].lost = lost;
    }
    lr_answer_free(&answer);
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

size_t lr_symbolize_stack(struct lr_symbolizer *symbolizer, uint32_t stack, uint32_t most,
                          struct lr_frame_name **names)
{
    struct lr_stack_view view;
    size_t count = 0, room = 0;
    lr_trace_stack_at(symbolizer->trace, stack, &view);
    *names = NULL;
    for (uint32_t i = 0; i < view.frame_count && i < most; i++) {
        const struct lr_frame_name *found;
        size_t found_count = lr_symbolize_frame(symbolizer, stack, i, &found);
        if (count + found_count > room) {
            room = (count + found_count) * 2 + view.frame_count;
            struct lr_frame_name *more = reallocarray(*names, room, sizeof(*more));
            if (more == NULL)
                break;
            *names = more;
        }
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a frame has a name at least */
        memcpy(*names + count, found, found_count * sizeof(*found));
        count += found_count;
    }
    return count;
}

const char *lr_symbolizer_module_problem(struct lr_symbolizer *symbolizer, uint32_t module)
{
    struct lr_answer answer = {0};
    if (module == 0 || module >= symbolizer->module_count)
        return NULL;
    if (!symbolizer->opened[module])
        ask(symbolizer, module, false, 0, &answer);
    lr_answer_free(&answer);
    return symbolizer->problems[module];
}
