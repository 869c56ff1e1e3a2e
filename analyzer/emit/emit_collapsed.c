/* emit_collapsed.c -- --format=folded: one line per stack, outermost frame first.
 *
 *     a;b_[j];c 4096
 *
 * Stage: EMIT.  Context: analyzer only.  The input of flamegraph.pl, speedscope and others: bytes
 * at the end, `_[j]` behind a Java method, `_[i]` behind an inlined function.  A `;` in a name
 * would end its frame and becomes %3B.
 */
#include "emit_stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char *stack;
    uint64_t bytes;
};

static void put_frame(FILE *out, const struct lr_model_frame *frame,
                      const struct lr_stacks_options *options)
{
    for (const char *c = frame->function; *c; c++) {
        if (*c == ';')
            fputs("%3B", out);
        else
            fputc(*c, out);
    }
    if (options->lines && frame->line > 0)
        fprintf(out, ":%" PRIu32, frame->line);
    if (frame->inlined)
        fputs("_[i]", out);
    else if (frame->java)
        fputs("_[j]", out);
}

/* malloc()ed; NULL without memory. */
static char *fold(const struct lr_model_path *path, const struct lr_stacks_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    if (path->count == 0)
        fputs("(no stack was recorded)", out);
    for (size_t i = path->count; i-- > 0;) {
        put_frame(out, &path->frames[i], options);
        if (i > 0)
            fputc(';', out);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct line *)left)->stack, ((const struct line *)right)->stack);
}

/* Sorted; stacks that read alike are one line. */
static void write_lines(FILE *out, struct line *lines, size_t count)
{
    qsort(lines, count, sizeof(*lines), compare);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && strcmp(lines[i].stack, lines[i + 1].stack) == 0)
            lines[i + 1].bytes += lines[i].bytes;
        else if (lines[i].bytes > 0)
            fprintf(out, "%s %" PRIu64 "\n", lines[i].stack, lines[i].bytes);
    }
}

enum lr_status lr_emit_folded(FILE *out, const struct lr_model *model,
                              const struct lr_stacks_options *options, struct lr_error *error)
{
    struct lr_live_stack *stacks;
    struct line *lines = NULL;
    size_t count, folded = 0;
    enum lr_status status = lr_live_stacks(model, &stacks, &count, error);

    if (status != LR_OK)
        return status;
    lines = calloc(count + 1, sizeof(*lines));
    while (lines && folded < count) {
        lines[folded].bytes = stacks[folded].bytes;
        lines[folded].stack = fold(stacks[folded].path, options);
        if (!lines[folded].stack)
            break;
        folded++;
    }
    if (lines && folded == count)
        write_lines(out, lines, count);
    else
        status = lr_fail(error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < folded; i++)
        free(lines[i].stack);
    free(lines);
    free(stacks);
    return status;
}
