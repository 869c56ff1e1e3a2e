/* emit_diff_folded.c -- two runs' live memory by whole stacks, for a differential flame graph.
 *
 * Stage: EMIT.  Context: analyzer only.  As emit_collapsed.c, but without lines and without the
 * mark of inlined functions: what a compiler inlines differs from build to build.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff_name.h"
#include "emit_diff.h"
#include "emit_stacks.h"

enum { NAME_SIZE = 1024 };

struct line {
    char *stack;
    uint64_t bytes[2]; /* old, new */
};

struct lines {
    struct line *items;
    size_t count, room;
};

static void put_frame(FILE *out, const struct lr_model_frame *frame)
{
    char name[NAME_SIZE];

    lr_diff_name(name, sizeof(name), frame, false);
    for (const char *c = name; *c; c++) {
        if (*c == ';')
            fputs("%3B", out);
        else
            fputc(*c, out);
    }
    if (frame->java)
        fputs("_[j]", out);
}

/* malloc()ed; NULL without memory. */
static char *fold(const struct lr_model_path *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool first = true;

    if (!out)
        return NULL;
    if (path->count == 0)
        fputs("(no stack was recorded)", out);
    for (size_t i = path->count; i-- > 0;) {
        if (lr_diff_name_is_bridge(&path->frames[i]))
            continue;
        if (!first)
            fputc(';', out);
        put_frame(out, &path->frames[i]);
        first = false;
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static bool add_line(struct lines *lines, const struct lr_live_stack *stack, int side)
{
    struct line *line;

    if (lines->count == lines->room) {
        size_t room = lines->room ? 2 * lines->room : 256;
        struct line *items = realloc(lines->items, room * sizeof(*items));

        if (!items)
            return false;
        lines->items = items;
        lines->room = room;
    }
    line = &lines->items[lines->count];
    memset(line, 0, sizeof(*line));
    line->bytes[side] = stack->bytes;
    line->stack = fold(stack->path);
    lines->count += line->stack != NULL;
    return line->stack != NULL;
}

static bool add_model(struct lines *lines, const struct lr_model *model, int side,
                      struct lr_error *error)
{
    struct lr_live_stack *stacks;
    size_t count;
    bool ok = lr_live_stacks(model, &stacks, &count, error) == LR_OK;

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_line(lines, &stacks[i], side);
    free(stacks);
    if (!ok)
        lr_fail(error, LR_FAILED, "out of memory");
    return ok;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct line *)left)->stack, ((const struct line *)right)->stack);
}

/* Sorted; stacks that read alike are one line. */
static void write_lines(FILE *out, struct lines *lines)
{
    if (lines->count > 0)
        qsort(lines->items, lines->count, sizeof(*lines->items), compare);
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i], *next = line + 1;

        if (i + 1 < lines->count && strcmp(line->stack, next->stack) == 0) {
            next->bytes[0] += line->bytes[0];
            next->bytes[1] += line->bytes[1];
        } else {
            fprintf(out, "%s %" PRIu64 " %" PRIu64 "\n", line->stack, line->bytes[0],
                    line->bytes[1]);
        }
    }
}

enum lr_status lr_emit_diff_folded(FILE *out, const struct lr_model *old,
                                   const struct lr_model *new, struct lr_error *error)
{
    struct lines lines = {0};
    bool ok = add_model(&lines, old, 0, error) && add_model(&lines, new, 1, error);

    if (ok)
        write_lines(out, &lines);
    for (size_t i = 0; i < lines.count; i++)
        free(lines.items[i].stack);
    free(lines.items);
    return ok ? LR_OK : LR_FAILED;
}
