/* emit_json_parts.c -- emit_json_parts.h.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_json_parts.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* json-c's adders take NULL for `null`. */
void lr_json_put(json_object *object, const char *key, json_object *value)
{
    json_object_object_add(object, key, value);
}

void lr_json_put_string(json_object *object, const char *key, const char *text)
{
    lr_json_put(object, key, json_object_new_string(text));
}

void lr_json_put_string_or_null(json_object *object, const char *key, const char *text)
{
    lr_json_put(object, key, text && *text ? json_object_new_string(text) : NULL);
}

void lr_json_put_count(json_object *object, const char *key, uint64_t value)
{
    lr_json_put(object, key, json_object_new_uint64(value));
}

void lr_json_put_bool(json_object *object, const char *key, bool value)
{
    lr_json_put(object, key, json_object_new_boolean(value));
}

json_object *lr_json_estimate(const struct lr_estimate *estimate)
{
    json_object *object = json_object_new_object();

    lr_json_put_count(object, "value", lr_model_round(estimate->value));
    lr_json_put_count(object, "low", lr_model_round(estimate->low));
    lr_json_put_count(object, "high", lr_model_round(estimate->high));
    return object;
}

json_object *lr_json_texts(const struct lr_model_texts *texts)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < texts->count; i++)
        json_object_array_add(array, json_object_new_string(texts->items[i]));
    return array;
}

/* 2026-01-02T03:04:05.678Z, null when unknown. */
static json_object *new_time(uint64_t unix_ns)
{
    char text[64], fraction[16];
    time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm parts;

    if (unix_ns == 0 || !gmtime_r(&seconds, &parts) ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return NULL;
    snprintf(fraction, sizeof(fraction), ".%03uZ", (unsigned)(unix_ns / 1000000 % 1000));
    strncat(text, fraction, sizeof(text) - strlen(text) - 1);
    return json_object_new_string(text);
}

/* Milliseconds as seconds; json-c alone would print 12.300000000000001. */
json_object *lr_json_seconds(uint64_t milliseconds)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64 ".%03u", milliseconds / 1000,
             (unsigned)(milliseconds % 1000));
    return json_object_new_double_s((double)milliseconds / 1000, text);
}

static json_object *new_hundredths(double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.2f", value);
    return json_object_new_double_s(value, text);
}

static json_object *new_java(const struct lr_model_run *run)
{
    json_object *object;

    if (!run->java)
        return NULL;
    object = json_object_new_object();
    lr_json_put_string(object, "version", run->java_version);
    lr_json_put_string(object, "vendor", run->java_vendor);
    lr_json_put_string(object, "vm", run->java_vm);
    lr_json_put_string(object, "gc", run->java_gc);
    lr_json_put_count(object, "collections", run->collections);
    return object;
}

json_object *lr_json_run(const struct lr_model_run *run)
{
    json_object *object = json_object_new_object();

    lr_json_put_string(object, "file", run->path);
    lr_json_put_count(object, "pid", run->pid);
    lr_json_put_count(object, "image", run->image);
    lr_json_put_string(object, "exe", run->exe);
    lr_json_put_string(object, "cmdline", run->cmdline);
    lr_json_put(object, "start", new_time(run->start_unix_ns));
    lr_json_put(object, "end", new_time(run->end_unix_ns));
    lr_json_put(object, "duration_s", lr_json_seconds(run->duration_ms));
    lr_json_put_string(object, "ended", lr_model_ended_name(run->ended));
    lr_json_put_string(object, "host", run->host);
    lr_json_put_string(object, "tracer", run->tracer);
    lr_json_put_string_or_null(object, "allocator", run->allocator);
    lr_json_put(object, "java", new_java(run));
    return object;
}

json_object *lr_json_marks(const struct lr_model *model)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < model->mark_count; i++) {
        json_object *mark = json_object_new_object();

        lr_json_put_string(mark, "name", model->marks[i].name);
        lr_json_put(mark, "t_s", lr_json_seconds(model->marks[i].time_ms));
        lr_json_put_string(mark, "source", model->marks[i].source);
        lr_json_put_count(mark, "tid", model->marks[i].tid);
        json_object_array_add(array, mark);
    }
    return array;
}

json_object *lr_json_phase(const struct lr_model *model)
{
    const struct lr_model_phase *phase = &model->phase;
    json_object *object = phase->set ? json_object_new_object() : NULL;

    if (!object)
        return NULL;
    lr_json_put_string_or_null(object, "from", phase->from);
    lr_json_put_string_or_null(object, "to", phase->to);
    lr_json_put(object, "from_s", lr_json_seconds(phase->from_ms));
    lr_json_put(object, "to_s", lr_json_seconds(phase->to_ms));
    lr_json_put(object, "duration_s", lr_json_seconds(lr_model_span_ms(model)));
    return object;
}

/* null while every block was recorded; else bytes between samples, 0 being exact. */
static json_object *new_sampling(const struct lr_model_completeness *complete)
{
    json_object *object, *changes;

    if (complete->exact)
        return NULL;
    object = json_object_new_object();
    changes = json_object_new_array();
    lr_json_put_count(object, "interval", complete->interval);
    lr_json_put_count(object, "max_interval", complete->max_interval);
    for (size_t i = 0; i < complete->interval_count; i++) {
        const struct lr_model_interval *change = &complete->intervals[i];
        json_object *entry = json_object_new_object();

        lr_json_put(entry, "t_s", lr_json_seconds(change->time_ms));
        lr_json_put_count(entry, "from", change->from);
        lr_json_put_count(entry, "to", change->to);
        lr_json_put_string(entry, "why", change->why);
        lr_json_put(entry, "cost_percent", new_hundredths(change->cost_percent));
        json_object_array_add(changes, entry);
    }
    lr_json_put(object, "changes", changes);
    return object;
}

json_object *lr_json_completeness(const struct lr_model_completeness *complete)
{
    json_object *object = json_object_new_object(), *dropped = json_object_new_object();

    lr_json_put_string(object, "verdict", lr_completeness_name(complete->verdict));
    lr_json_put_string(object, "mode", complete->exact ? "exact" : "sampled");
    for (size_t i = 0; i < complete->loss_count; i++)
        lr_json_put_count(dropped, complete->losses[i].name, complete->losses[i].value);
    lr_json_put(object, "dropped", dropped);
    lr_json_put(object, "sampling", new_sampling(complete));
    lr_json_put(object, "notes", lr_json_texts(&complete->notes));
    return object;
}

static void put_place(json_object *object, const struct lr_model_frame *frame)
{
    lr_json_put_string(object, "function", frame->function);
    lr_json_put_string_or_null(object, "file", frame->file);
    lr_json_put(object, "line", frame->line ? json_object_new_int64(frame->line) : NULL);
}

json_object *lr_json_culprit(const struct lr_model_path *path)
{
    json_object *object;

    if (path->count == 0)
        return NULL;
    object = json_object_new_object();
    put_place(object, &path->frames[path->culprit]);
    return object;
}

json_object *lr_json_frame(const struct lr_model_frame *frame)
{
    json_object *object = json_object_new_object();

    lr_json_put_string(object, "kind", frame->java ? "java" : "native");
    put_place(object, frame);
    lr_json_put_string_or_null(object, "module", frame->module);
    lr_json_put_bool(object, "inlined", frame->inlined);
    return object;
}

json_object *lr_json_stack(const struct lr_model_path *path)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < path->count; i++)
        json_object_array_add(array, lr_json_frame(&path->frames[i]));
    return array;
}

enum lr_status lr_json_print(FILE *out, json_object *document, struct lr_error *error)
{
    const char *text = json_object_to_json_string_ext(
        document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

    if (text)
        fprintf(out, "%s\n", text);
    json_object_put(document);
    return text ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

void lr_json_begin(struct lr_json_writer *writer, const char *indent, const char *key)
{
    fprintf(writer->out, "%s\n%s", writer->comma ? "," : "", indent);
    if (key)
        fprintf(writer->out, "\"%s\": ", key);
    writer->comma = true;
}

/* Writes and frees `value`; NULL is null. */
void lr_json_write(struct lr_json_writer *writer, const char *indent, const char *key,
                   json_object *value)
{
    const char *text = value ? json_object_to_json_string_ext(
                                   value, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)
                             : "null";

    lr_json_begin(writer, indent, key);
    if (text)
        fputs(text, writer->out);
    else
        writer->no_memory = true;
    json_object_put(value);
}

void lr_json_begin_array(struct lr_json_writer *writer, const char *key)
{
    lr_json_begin(writer, "  ", key);
    fputc('[', writer->out);
    writer->comma = false;
}

void lr_json_end_array(struct lr_json_writer *writer)
{
    fputs(writer->comma ? "\n  ]" : "]", writer->out);
    writer->comma = true;
}
