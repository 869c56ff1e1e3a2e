/* emit_gperftools.c -- a heap profile with raw addresses, as gperftools and Go's pprof read it.
 *
 * Stage: EMIT.  Context: analyzer only.  "@ heapprofile" is the kind that no reader scales.  The
 * readers name native frames themselves, from the files at the end; they can't name Java frames:
 * those get made-up addresses, one for each name, in no file.
 */
#include "emit_intern.h"
#include "emit_stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ADDRESS = 0x10000, ADDRESS_STEP = 16 };

/* Of what was loaded twice the first: the model's frames don't know. */
static const struct lr_model_module *find_module(const struct lr_model *model, const char *path)
{
    for (size_t i = 0; i < model->module_count; i++)
        if (model->modules[i].path == path || strcmp(model->modules[i].path, path) == 0)
            return &model->modules[i];
    return NULL;
}

/* In memory, a return address; 0 without memory of our own. */
static uint64_t address_of(const struct lr_model *model, const struct lr_model_frame *frame,
                           struct lr_intern *java)
{
    const struct lr_model_module *module =
        *frame->module ? find_module(model, frame->module) : NULL;
    uint64_t number;

    if (module)
        return module->bias + frame->address;
    if (frame->address)
        return frame->address;
    number = lr_intern(java, frame->function);
    return number ? FIRST_ADDRESS + ADDRESS_STEP * number : 0;
}

static bool put_stack(FILE *out, const struct lr_model *model, const struct lr_live_stack *stack,
                      struct lr_intern *java)
{
    fprintf(out, "%" PRIu64 ": %" PRIu64 " [%" PRIu64 ": %" PRIu64 "] @", stack->count,
            stack->bytes, stack->total_count, stack->total_bytes);
    for (size_t i = 0; i < stack->path->count; i++) {
        uint64_t address;

        if (stack->path->frames[i].inlined) /* one with the function around it */
            continue;
        address = address_of(model, &stack->path->frames[i], java);
        if (!address)
            return false;
        fprintf(out, " 0x%08" PRIx64, address);
    }
    if (stack->path->count == 0)
        fprintf(out, " 0x%08x", (unsigned)FIRST_ADDRESS);
    fputc('\n', out);
    return true;
}

static void put_header(FILE *out, const struct lr_live_stack *stacks, size_t count)
{
    uint64_t sum[4] = {0};

    for (size_t i = 0; i < count; i++) {
        sum[0] += stacks[i].count;
        sum[1] += stacks[i].bytes;
        sum[2] += stacks[i].total_count;
        sum[3] += stacks[i].total_bytes;
    }
    fprintf(out,
            "heap profile: %" PRIu64 ": %" PRIu64 " [%" PRIu64 ": %" PRIu64 "] @ heapprofile\n",
            sum[0], sum[1], sum[2], sum[3]);
}

/* As in /proc/PID/maps, each file as one mapping of its whole. */
static void put_modules(FILE *out, const struct lr_model *model)
{
    fputs("\nMAPPED_LIBRARIES:\n", out);
    for (size_t i = 0; i < model->module_count; i++)
        fprintf(out, "%08" PRIx64 "-%08" PRIx64 " r-xp 00000000 00:00 0 %s\n",
                model->modules[i].start, (model->modules[i].end + 4095) & ~UINT64_C(4095),
                model->modules[i].path);
}

enum lr_status lr_emit_gperftools(FILE *out, const struct lr_model *model,
                                  const struct lr_stacks_options *options, struct lr_error *error)
{
    struct lr_intern java = {0};
    struct lr_live_stack *stacks;
    size_t count, written = 0;
    enum lr_status status = lr_live_stacks(model, &stacks, &count, error);

    if (status != LR_OK)
        return status;
    put_header(out, stacks, count);
    while (written < count && put_stack(out, model, &stacks[written], &java))
        written++;
    if (written < count)
        status = lr_fail(error, LR_FAILED, "out of memory");
    put_modules(out, model);
    lr_intern_free(&java);
    free(stacks);
    return status;
}
