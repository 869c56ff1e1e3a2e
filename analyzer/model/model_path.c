/* model_path.c -- from a recorded stack to the path that a report shows, and when two are one.
 *
 * Stage: symbolize -> MODEL.  Context: analyzer only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "culprit.h"
#include "model_build.h"

enum { OWNERS = 4096 };

/* Stacks share their frames in a trace, and don't in memory: a small file can have any number of
 * them.  Beyond this many (200 MB) paths are short. */
enum { MOST_FRAMES = 4 << 20, SHORT = 16 };

/* Whose a frame is, remembered by its strings, of which the symbolizer has one copy each. */
struct lr_owner_memo {
    const char *function, *file, *module;
    unsigned char owner;
    bool hidden;
};

static struct lr_owner_memo *find_memo(struct lr_build *build, const struct lr_model_frame *frame)
{
    uintptr_t hash = (uintptr_t)frame->function;

    if (!build->owners)
        build->owners = calloc(OWNERS, sizeof(*build->owners));
    hash = (hash >> 4 ^ hash >> 16 ^ (uintptr_t)frame->module >> 3) % OWNERS;
    return build->owners ? &build->owners[hash] : NULL;
}

static unsigned char owner_of(struct lr_build *build, const struct lr_model_frame *frame)
{
    struct lr_owner_memo *memo = find_memo(build, frame);

    if (!memo)
        return (unsigned char)lr_frame_owner(frame);
    if (memo->function != frame->function || memo->file != frame->file ||
        memo->module != frame->module || memo->hidden != frame->hidden)
        *memo = (struct lr_owner_memo){frame->function, frame->file, frame->module,
                                       (unsigned char)lr_frame_owner(frame), frame->hidden};
    return memo->owner;
}

static void copy_frame(struct lr_build *build, struct lr_model_frame *to,
                       const struct lr_frame_name *from)
{
    to->java = from->kind == LR_FRAME_KIND_JAVA;
    to->named = from->kind != LR_FRAME_KIND_UNKNOWN;
    to->inlined = from->inlined;
    to->native_method = to->java && from->line == LR_LINE_NATIVE;
    to->function = from->function;
    to->file = from->file;
    to->line = from->line > 0 ? (uint32_t)from->line : 0;
    to->module = to->java ? "" : from->module;
    to->address = to->java ? 0 : from->address;
    to->hidden = from->hidden;
    to->owner = owner_of(build, to);
    to->user = to->owner == LR_OWNER_USER;
}

enum lr_status lr_path_make(struct lr_build *build, uint32_t stack, const char *pair,
                            bool pair_is_java, struct lr_model_path *path, struct lr_error *error)
{
    struct lr_frame_name *names = NULL;
    struct lr_stack_view view;
    size_t count, frame;

    memset(path, 0, sizeof(*path));
    path->stacks = 1;
    lr_trace_stack_at(build->trace, stack, &view);
    path->java_lost = (view.flags & LR_STACK_JAVA_LOST) != 0;
    path->cut = (view.flags & (LR_STACK_DEPTH_CUT | LR_STACK_JAVA_CUT | LR_STACK_NATIVE_LOST)) != 0;
    bool many = build->frames >= MOST_FRAMES;
    count = lr_symbolize_stack(build->symbolizer, stack, many ? SHORT : UINT32_MAX, &names);
    build->frames += count;
    build->cut_paths += many && view.frame_count > SHORT;
    path->cut |= many && view.frame_count > SHORT;
    if (count > 0) {
        path->frames = calloc(count, sizeof(*path->frames));
        if (!path->frames) {
            free(names);
            return lr_fail(error, LR_FAILED, "out of memory");
        }
        for (size_t i = 0; i < count; i++)
            copy_frame(build, &path->frames[i], &names[i]);
        for (size_t i = 0; i < count; i++)
            path->names_lost |= names[i].lost;
        path->count = count;
    }
    free(names);
    if (pair && lr_suppress_resource(build->suppressions, path, pair, &frame)) {
        /* Whoever happened to open the jar is beside the point: all are one site. */
        path->culprit = frame;
        path->key_end = frame + 1;
    } else {
        lr_culprit_choose(path, pair, pair_is_java);
    }
    return LR_OK;
}

void lr_path_free(struct lr_model_path *path)
{
    free(path->frames);
    free(path->threads.items);
    path->threads = (struct lr_model_threads){NULL, 0};
    path->frames = NULL;
    path->count = 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int lr_model_frame_compare(const struct lr_model_frame *a, const struct lr_model_frame *b)
{
    int order = compare_numbers(a->java, b->java);

    if (order == 0)
        order = strcmp(a->function, b->function);
    if (order == 0)
        order = compare_numbers(a->line, b->line);
    if (order == 0)
        order = strcmp(a->file, b->file);
    return order ? order : strcmp(a->module, b->module);
}

static bool counts_for_key(const struct lr_model_path *path, size_t i)
{
    return i == path->culprit || path->frames[i].user;
}

/* Next frame of the key at or after *i; NULL at its end. */
static const struct lr_model_frame *next_key_frame(const struct lr_model_path *path, size_t *i)
{
    while (*i < path->key_end && !path->key_whole && !counts_for_key(path, *i))
        ++*i;
    return *i < path->key_end ? &path->frames[(*i)++] : NULL;
}

int lr_path_compare(const struct lr_model_path *a, const struct lr_model_path *b)
{
    size_t i = a->key_whole ? 0 : a->culprit, k = b->key_whole ? 0 : b->culprit;

    for (;;) {
        const struct lr_model_frame *left = next_key_frame(a, &i);
        const struct lr_model_frame *right = next_key_frame(b, &k);
        int order;

        if (!left || !right)
            return compare_numbers(left != NULL, right != NULL);
        order = lr_model_frame_compare(left, right);
        if (order)
            return order;
    }
}

void lr_path_merge(struct lr_model_path *path, struct lr_model_path *from)
{
    path->stacks += from->stacks;
    path->java_lost |= from->java_lost;
    path->cut |= from->cut;
    path->names_lost |= from->names_lost;
    lr_threads_merge(&path->threads, &from->threads); /* who came there is lost, no number is */
    lr_path_free(from);
}

enum lr_status lr_texts_add(struct lr_model_texts *texts, struct lr_error *error,
                            const char *format, ...)
{
    char **items = realloc(texts->items, (texts->count + 1) * sizeof(*items));
    va_list arguments;
    int length;

    if (!items)
        return lr_fail(error, LR_FAILED, "out of memory");
    texts->items = items;
    va_start(arguments, format);
    length = vasprintf(&items[texts->count], format, arguments);
    va_end(arguments);
    if (length < 0)
        return lr_fail(error, LR_FAILED, "out of memory");
    texts->count++;
    return LR_OK;
}
