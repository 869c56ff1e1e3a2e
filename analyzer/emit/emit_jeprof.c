/* emit_jeprof.c -- a symbolized heap profile, as jeprof reads it without the program's files.
 *
 * Stage: EMIT.  Context: analyzer only.  jeprof can't name Java methods, so names come first and
 * addresses only tie stacks to them: every name gets a made-up one.  jeprof takes 1 off each
 * address but a stack's first, as if it were a return address; ours are 1 too high there.
 *
 * The profile is "@ heapprofile", the kind that no reader scales: heap_v2 means counts that were
 * sampled, and even at a rate of 1 jeprof multiplies blocks of few bytes.
 */
#include "emit_intern.h"
#include "emit_stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ADDRESS = 0x10000, ADDRESS_STEP = 16 };

struct names {
    struct lr_intern intern;
    const struct lr_stacks_options *options;
};

/* jeprof cuts <…> and (…) off names, and takes -- for an inlined function's. */
static void put_name(FILE *out, const struct lr_model_frame *frame,
                     const struct lr_stacks_options *options)
{
    for (const char *c = frame->function; *c; c++) {
        if (frame->java && (*c == '<' || *c == '>'))
            fputc(*c == '<' ? '[' : ']', out);
        else if (*c == '-' && c[1] == '-')
            fputs("- ", out);
        else
            fputc(*c, out);
    }
    if (options->lines && frame->line > 0)
        fprintf(out, ":%" PRIu32, frame->line);
}

static char *make_name(const struct lr_model_frame *frame, const struct lr_stacks_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    if (frame)
        put_name(out, frame, options);
    else
        fputs("(no stack was recorded)", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* The address that stands for a frame's name (NULL: for no stack); 0 without memory. */
static uint64_t address_of(struct names *names, const struct lr_model_frame *frame)
{
    char *text = make_name(frame, names->options);
    uint64_t number = text ? lr_intern(&names->intern, text) : 0;

    free(text);
    return number ? FIRST_ADDRESS + ADDRESS_STEP * (number - 1) : 0;
}

static bool put_stack(FILE *out, struct names *names, const struct lr_live_stack *stack)
{
    const struct lr_model_path *path = stack->path;
    size_t count = path->count ? path->count : 1;

    fprintf(out, "%" PRIu64 ": %" PRIu64 " [%" PRIu64 ": %" PRIu64 "] @", stack->count,
            stack->bytes, stack->total_count, stack->total_bytes);
    for (size_t i = 0; i < count; i++) {
        uint64_t address = address_of(names, path->count ? &path->frames[i] : NULL);

        if (!address)
            return false;
        fprintf(out, " 0x%016" PRIx64, address + (i > 0));
    }
    fputc('\n', out);
    return true;
}

/* The stacks, in memory, because the names that they use come before them. */
static char *write_stacks(struct names *names, const struct lr_live_stack *stacks, size_t count)
{
    uint64_t sum[4] = {0};
    char *text = NULL;
    size_t size = 0, written = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        sum[0] += stacks[i].count;
        sum[1] += stacks[i].bytes;
        sum[2] += stacks[i].total_count;
        sum[3] += stacks[i].total_bytes;
    }
    fprintf(out, "heap profile: %" PRIu64 ": %" PRIu64, sum[0], sum[1]);
    fprintf(out, " [%" PRIu64 ": %" PRIu64 "] @ heapprofile\n", sum[2], sum[3]);
    while (written < count && put_stack(out, names, &stacks[written]))
        written++;
    if (fclose(out) == 0 && written == count)
        return text;
    free(text);
    return NULL;
}

enum lr_status lr_emit_jeprof(FILE *out, const struct lr_model *model,
                              const struct lr_stacks_options *options, struct lr_error *error)
{
    struct names names = {.options = options};
    struct lr_live_stack *stacks;
    char *body;
    size_t count;
    enum lr_status status = lr_live_stacks(model, &stacks, &count, error);

    if (status != LR_OK)
        return status;
    body = write_stacks(&names, stacks, count);
    if (body) {
        fprintf(out, "--- symbol\nbinary=%s\n", *model->run.exe ? model->run.exe : "program");
        for (size_t i = 0; i < names.intern.count; i++)
            fprintf(out, "0x%016" PRIx64 " %s\n", FIRST_ADDRESS + ADDRESS_STEP * (uint64_t)i,
                    names.intern.items[i]->text);
        fprintf(out, "---\n--- heap\n%s", body);
    } else {
        status = lr_fail(error, LR_FAILED, "out of memory");
    }
    free(body);
    lr_intern_free(&names.intern);
    free(stacks);
    return status;
}
