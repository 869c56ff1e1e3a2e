/* emit_pprof.c -- --format=pprof: gzipped profile.proto, as `go tool pprof` and others read it.
 *
 * Stage: EMIT.  Context: analyzer only.  The message has seven flat types of numbers and strings:
 * writing them takes forty lines (emit_proto.c), less than a protocol compiler and its run-time
 * library would add to the build.
 *
 * Two profiles can be subtracted (-base) when their parts are equal: so addresses, which differ
 * from run to run, are left out, every mapping is there whether it is used or not, and the period's
 * type is always the same.
 */
#include "emit_intern.h"
#include "emit_proto.h"
#include "emit_stacks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Frames that lie between the line that allocated and the allocator: pprof drops them and what
 * they call, and credits the caller. */
#define DROP_FRAMES                                                                                \
    "malloc|calloc|realloc|reallocarray|memalign|posix_memalign|aligned_alloc|valloc|pvalloc|"     \
    "operator new.*|os::malloc|os::realloc|AllocateHeap|ReallocateHeap|Unsafe_AllocateMemory.*|"   \
    "Unsafe_ReallocateMemory.*"
/* How to read such a profile; absolute, or pprof refuses to link it. */
#define DOC_URL "https://github.com/google/pprof/blob/main/doc/README.md"

/* Field numbers of profile.proto. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE,
    PROFILE_MAPPING,
    PROFILE_LOCATION,
    PROFILE_FUNCTION,
    PROFILE_STRING,
    PROFILE_DROP_FRAMES,
    PROFILE_KEEP_FRAMES,
    PROFILE_TIME,
    PROFILE_DURATION,
    PROFILE_PERIOD_TYPE,
    PROFILE_PERIOD,
    PROFILE_COMMENT,
    PROFILE_DEFAULT_TYPE,
    PROFILE_DOC_URL
};
enum { TYPE_TYPE = 1, TYPE_UNIT };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE };
enum {
    MAPPING_ID = 1,
    MAPPING_START,
    MAPPING_LIMIT,
    MAPPING_OFFSET,
    MAPPING_FILE,
    MAPPING_BUILD_ID,
    MAPPING_HAS_FUNCTIONS,
    MAPPING_HAS_FILES,
    MAPPING_HAS_LINES,
    MAPPING_HAS_INLINES
};
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_LINE };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

struct writer {
    const struct lr_model *model;
    struct lr_proto profile;                         /* the message */
    struct lr_intern strings;                        /* number n is index n; 0 is "" */
    struct lr_intern functions, locations, mappings; /* numbers are ids */
    bool no_memory;
};

static uint64_t string_of(struct writer *writer, const char *text)
{
    uint64_t number = *text ? lr_intern(&writer->strings, text) : 0;

    writer->no_memory |= *text && !number;
    return number;
}

/* The number of a formatted text; *fresh when it is a new one. */
static uint64_t number_of(struct writer *writer, struct lr_intern *intern, bool *fresh,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

static uint64_t number_of(struct writer *writer, struct lr_intern *intern, bool *fresh,
                          const char *format, ...)
{
    size_t before = intern->count;
    uint64_t number = 0;
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) >= 0)
        number = lr_intern(intern, text);
    va_end(arguments);
    free(text);
    writer->no_memory |= number == 0;
    *fresh = intern->count > before;
    return number;
}

static void put_type(struct writer *writer, unsigned field, const char *type, const char *unit)
{
    struct lr_proto message = {0};

    lr_proto_number(&message, TYPE_TYPE, string_of(writer, type));
    lr_proto_number(&message, TYPE_UNIT, string_of(writer, unit));
    lr_proto_message(&writer->profile, field, &message);
}

/* --- mappings: the program, [java], then all modules -------------------------------------------
 */

static uint64_t put_mapping(struct writer *writer, const char *path, uint64_t size,
                            const char *build_id)
{
    struct lr_proto message = {0};
    bool fresh;
    uint64_t id = number_of(writer, &writer->mappings, &fresh, "%s", path);

    if (!fresh)
        return id;
    lr_proto_number(&message, MAPPING_ID, id);
    lr_proto_number(&message, MAPPING_LIMIT, size);
    lr_proto_number(&message, MAPPING_FILE, string_of(writer, path));
    lr_proto_number(&message, MAPPING_BUILD_ID, string_of(writer, build_id));
    for (unsigned field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINES; field++)
        lr_proto_number(&message, field, 1); /* nothing is left to be symbolized */
    lr_proto_message(&writer->profile, PROFILE_MAPPING, &message);
    return id;
}

static const struct lr_model_module *main_module(const struct lr_model *model)
{
    for (size_t i = 0; i < model->module_count; i++)
        if (strcmp(model->modules[i].path, model->run.exe) == 0)
            return &model->modules[i];
    return NULL;
}

static void put_mappings(struct writer *writer)
{
    const struct lr_model *model = writer->model;
    const struct lr_model_module *program = main_module(model);

    put_mapping(writer, *model->run.exe ? model->run.exe : "program",
                program ? program->end - program->start : 0, program ? program->build_id : "");
    put_mapping(writer, "[java]", 0, "");
    for (size_t i = 0; i < model->module_count; i++)
        put_mapping(writer, model->modules[i].path, model->modules[i].end - model->modules[i].start,
                    model->modules[i].build_id);
}

static uint64_t mapping_of(struct writer *writer, const struct lr_model_frame *frame)
{
    if (frame->java || !*frame->module)
        return put_mapping(writer, "[java]", 0, "");
    return put_mapping(writer, frame->module, 0, "");
}

/* --- functions and places ----------------------------------------------------------------------
 */

static uint64_t put_function(struct writer *writer, const char *name, const char *file)
{
    struct lr_proto message = {0};
    bool fresh;
    uint64_t id = number_of(writer, &writer->functions, &fresh, "%s\n%s", name, file);

    if (!fresh)
        return id;
    lr_proto_number(&message, FUNCTION_ID, id);
    lr_proto_number(&message, FUNCTION_NAME, string_of(writer, name));
    lr_proto_number(&message, FUNCTION_SYSTEM_NAME, string_of(writer, name));
    lr_proto_number(&message, FUNCTION_FILE, string_of(writer, file));
    lr_proto_message(&writer->profile, PROFILE_FUNCTION, &message);
    return id;
}

/* What tells the place of `count` frames from others: those inlined, then the one around them. */
static char *key_of(const struct lr_model_frame *frames, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s\n%s\n%s\n%" PRIu32 "\n", frames[i].function, frames[i].file,
                frames[i].module, frames[i].line);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void put_line(struct lr_proto *location, uint64_t function, uint32_t line)
{
    struct lr_proto message = {0};

    lr_proto_number(&message, LINE_FUNCTION, function);
    lr_proto_number(&message, LINE_LINE, line);
    lr_proto_message(location, LOCATION_LINE, &message);
}

/* The id of one place, which is one or more frames, innermost first. */
static uint64_t put_location(struct writer *writer, const struct lr_model_frame *frames,
                             size_t count)
{
    struct lr_proto message = {0};
    char *key = key_of(frames, count);
    bool fresh = false;
    uint64_t id = key ? number_of(writer, &writer->locations, &fresh, "%s", key) : 0;

    writer->no_memory |= !key;
    free(key);
    if (!fresh)
        return id;
    lr_proto_number(&message, LOCATION_ID, id);
    if (count > 0)
        lr_proto_number(&message, LOCATION_MAPPING, mapping_of(writer, &frames[count - 1]));
    for (size_t i = 0; i < count; i++)
        put_line(&message, put_function(writer, frames[i].function, frames[i].file),
                 frames[i].line);
    if (count == 0)
        put_line(&message, put_function(writer, "(no stack was recorded)", ""), 0);
    lr_proto_message(&writer->profile, PROFILE_LOCATION, &message);
    return id;
}

static void put_sample(struct writer *writer, const struct lr_live_stack *stack)
{
    const struct lr_model_path *path = stack->path;
    const uint64_t values[] = {stack->total_count, stack->total_bytes, stack->count, stack->bytes};
    struct lr_proto message = {0}, locations = {0}, numbers = {0};
    size_t from = 0;

    for (size_t i = 0; i < path->count; i++) {
        if (path->frames[i].inlined && i + 1 < path->count)
            continue;
        lr_proto_varint(&locations, put_location(writer, &path->frames[from], i + 1 - from));
        from = i + 1;
    }
    if (path->count == 0)
        lr_proto_varint(&locations, put_location(writer, NULL, 0));
    for (size_t i = 0; i < 4; i++)
        lr_proto_varint(&numbers, values[i] > INT64_MAX ? INT64_MAX : values[i]);
    lr_proto_message(&message, SAMPLE_LOCATION, &locations);
    lr_proto_message(&message, SAMPLE_VALUE, &numbers);
    lr_proto_message(&writer->profile, PROFILE_SAMPLE, &message);
}

/* --- what is said of the whole -----------------------------------------------------------------
 */

static void put_comment(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_comment(struct writer *writer, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) >= 0)
        lr_proto_number(&writer->profile, PROFILE_COMMENT, string_of(writer, text));
    else
        writer->no_memory = true;
    va_end(arguments);
    free(text);
}

static void put_comments(struct writer *writer)
{
    const struct lr_model_completeness *complete = &writer->model->completeness;

    put_comment(writer, "leakring: %s",
                *writer->model->run.cmdline ? writer->model->run.cmdline : writer->model->run.exe);
    put_comment(writer, "leakring: the recording is %s, %s",
                lr_completeness_name(complete->verdict),
                complete->exact ? "exact" : "sampled: all values are estimates");
    for (size_t i = 0; i < complete->loss_count; i++)
        put_comment(writer, "leakring: lost: %" PRIu64 " %s", complete->losses[i].value,
                    complete->losses[i].text);
    for (size_t i = 0; i < complete->notes.count; i++)
        put_comment(writer, "leakring: %s", complete->notes.items[i]);
}

static void put_profile(struct writer *writer, const struct lr_live_stack *stacks, size_t count)
{
    const struct lr_model_run *run = &writer->model->run;
    struct lr_proto *profile = &writer->profile;

    put_type(writer, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
    put_type(writer, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
    put_type(writer, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
    put_type(writer, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
    put_mappings(writer);
    for (size_t i = 0; i < count; i++)
        put_sample(writer, &stacks[i]);
    lr_proto_number(profile, PROFILE_DROP_FRAMES, string_of(writer, DROP_FRAMES));
    lr_proto_number(profile, PROFILE_TIME, run->start_unix_ns);
    lr_proto_number(profile, PROFILE_DURATION, run->duration_ms * 1000000);
    put_type(writer, PROFILE_PERIOD_TYPE, "space", "bytes");
    lr_proto_number(profile, PROFILE_PERIOD, 1);
    put_comments(writer);
    lr_proto_number(profile, PROFILE_DEFAULT_TYPE, string_of(writer, "inuse_space"));
    lr_proto_number(profile, PROFILE_DOC_URL, string_of(writer, DOC_URL));
    lr_proto_text(profile, PROFILE_STRING, "");
    for (size_t i = 0; i < writer->strings.count; i++)
        lr_proto_text(profile, PROFILE_STRING, writer->strings.items[i]->text);
}

enum lr_status lr_emit_pprof(FILE *out, const struct lr_model *model,
                             const struct lr_stacks_options *options, struct lr_error *error)
{
    struct writer writer = {.model = model};
    struct lr_live_stack *stacks;
    size_t count;
    enum lr_status status = lr_live_stacks(model, &stacks, &count, error);

    if (status != LR_OK)
        return status;
    put_profile(&writer, stacks, count);
    writer.profile.no_memory |= writer.no_memory;
    status = lr_proto_gzip(&writer.profile, out, error);
    lr_intern_free(&writer.strings);
    lr_intern_free(&writer.functions);
    lr_intern_free(&writer.locations);
    lr_intern_free(&writer.mappings);
    free(stacks);
    return status;
}
