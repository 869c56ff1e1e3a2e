/* emit_json.c -- the report as JSON, schema leakring.report/1.
 *
 * Stage: EMIT.  Context: analyzer only.  Keys are a promise: they may be added, never renamed.
 * What is not recorded is null or empty, never guessed.
 */
#include "emit.h"
#include "emit_series.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

/* json-c's adders take NULL for `null`. */
static void put(json_object *object, const char *key, json_object *value)
{
    json_object_object_add(object, key, value);
}

static void put_string(json_object *object, const char *key, const char *text)
{
    put(object, key, json_object_new_string(text));
}

static void put_string_or_null(json_object *object, const char *key, const char *text)
{
    put(object, key, text && *text ? json_object_new_string(text) : NULL);
}

static void put_count(json_object *object, const char *key, uint64_t value)
{
    put(object, key, json_object_new_uint64(value));
}

static void put_bool(json_object *object, const char *key, bool value)
{
    put(object, key, json_object_new_boolean(value));
}

static json_object *new_estimate(const struct lr_estimate *estimate)
{
    json_object *object = json_object_new_object();

    put_count(object, "value", lr_model_round(estimate->value));
    put_count(object, "low", lr_model_round(estimate->low));
    put_count(object, "high", lr_model_round(estimate->high));
    return object;
}

static json_object *new_texts(const struct lr_model_texts *texts)
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
static json_object *new_seconds(uint64_t milliseconds)
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
    put_string(object, "version", run->java_version);
    put_string(object, "vendor", run->java_vendor);
    put_string(object, "vm", run->java_vm);
    put_string(object, "gc", run->java_gc);
    put_count(object, "collections", run->collections);
    return object;
}

static json_object *new_run(const struct lr_model_run *run)
{
    json_object *object = json_object_new_object();

    put_string(object, "file", run->path);
    put_count(object, "pid", run->pid);
    put_count(object, "image", run->image);
    put_string(object, "exe", run->exe);
    put_string(object, "cmdline", run->cmdline);
    put(object, "start", new_time(run->start_unix_ns));
    put(object, "end", new_time(run->end_unix_ns));
    put(object, "duration_s", new_seconds(run->duration_ms));
    put_string(object, "ended", lr_model_ended_name(run->ended));
    put_string(object, "host", run->host);
    put_string(object, "tracer", run->tracer);
    put_string_or_null(object, "allocator", run->allocator);
    put(object, "java", new_java(run));
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
    put_count(object, "interval", complete->interval);
    put_count(object, "max_interval", complete->max_interval);
    for (size_t i = 0; i < complete->interval_count; i++) {
        const struct lr_model_interval *change = &complete->intervals[i];
        json_object *entry = json_object_new_object();

        put(entry, "t_s", new_seconds(change->time_ms));
        put_count(entry, "from", change->from);
        put_count(entry, "to", change->to);
        put_string(entry, "why", change->why);
        put(entry, "cost_percent", new_hundredths(change->cost_percent));
        json_object_array_add(changes, entry);
    }
    put(object, "changes", changes);
    return object;
}

static json_object *new_completeness(const struct lr_model_completeness *complete)
{
    json_object *object = json_object_new_object(), *dropped = json_object_new_object();

    put_string(object, "verdict", lr_completeness_name(complete->verdict));
    put_string(object, "mode", complete->exact ? "exact" : "sampled");
    for (size_t i = 0; i < complete->loss_count; i++)
        put_count(dropped, complete->losses[i].name, complete->losses[i].value);
    put(object, "dropped", dropped);
    put(object, "sampling", new_sampling(complete));
    put(object, "notes", new_texts(&complete->notes));
    return object;
}

/* A list, as that of `oom`. */
static json_object *new_next(const char *next)
{
    json_object *array = json_object_new_array();

    if (next)
        json_object_array_add(array, json_object_new_string(next));
    return array;
}

static json_object *new_verdict(const struct lr_model_verdict *verdict)
{
    json_object *object = json_object_new_object();

    put_string(object, "kind", lr_verdict_name(verdict->kind));
    put_string(object, "summary", verdict->summary);
    put(object, "next", new_next(verdict->next));
    put(object, "evidence", new_texts(&verdict->evidence));
    return object;
}

static void put_place(json_object *object, const struct lr_model_frame *frame)
{
    put_string(object, "function", frame->function);
    put_string_or_null(object, "file", frame->file);
    put(object, "line", frame->line ? json_object_new_int64(frame->line) : NULL);
}

static json_object *new_culprit(const struct lr_model_path *path)
{
    json_object *object;

    if (path->count == 0)
        return NULL;
    object = json_object_new_object();
    put_place(object, &path->frames[path->culprit]);
    return object;
}

static json_object *new_frame(const struct lr_model_frame *frame)
{
    json_object *object = json_object_new_object();

    put_string(object, "kind", frame->java ? "java" : "native");
    put_place(object, frame);
    put_string_or_null(object, "module", frame->module);
    put_bool(object, "inlined", frame->inlined);
    return object;
}

static json_object *new_stack(const struct lr_model_path *path)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < path->count; i++)
        json_object_array_add(array, new_frame(&path->frames[i]));
    return array;
}

static json_object *new_threads(const struct lr_model_threads *threads)
{
    json_object *array = json_object_new_array();
    bool known = threads->count > 1 || (threads->count == 1 && *threads->items[0].name);

    for (size_t i = 0; known && i < threads->count; i++) {
        json_object *thread = json_object_new_object();

        put_string_or_null(thread, "name", threads->items[i].name);
        put_count(thread, "alike", threads->items[i].alike);
        put_count(thread, "live", lr_model_round(threads->items[i].live));
        json_object_array_add(array, thread);
    }
    return array;
}

static void put_path(json_object *object, const struct lr_model_path *path)
{
    put(object, "threads", new_threads(&path->threads));
    put_count(object, "stacks", path->stacks);
    put(object, "stack", new_stack(path));
}

static json_object *new_pair_site(const struct lr_model *model,
                                  const struct lr_model_pair_site *site)
{
    json_object *object = json_object_new_object();

    put(object, "culprit", new_culprit(&site->path));
    put_count(object, "acquired", site->acquired);
    put_count(object, "released", site->released);
    put_count(object, "released_by_cleaner", site->released_by_cleaner);
    put_count(object, "released_unknown", site->released_unknown);
    put_count(object, "never_ended", lr_pair_site_never_ended(site));
    put_count(object, "live", site->live);
    put_count(object, "live_survived_full_gc", site->survived);
    put_count(object, "live_bytes", site->bytes_at_creation + site->bytes_later);
    put_count(object, "live_bytes_at_creation", site->bytes_at_creation);
    put_count(object, "live_bytes_later", site->bytes_later);
    put_string(object, "class", lr_site_class_name(site->class));
    put_string(object, "trend", lr_trend_name(site->trend.kind));
    put(object, "rate_per_hour", lr_rate_to_json(&site->trend));
    put(object, "rate_bytes_per_hour", lr_rate_to_json(&site->bytes_trend));
    put_bool(object, "expected", site->expected != NULL);
    put_string_or_null(object, "expected_reason", site->expected);
    put(object, "history", lr_history_to_json(&model->series.followed, site->followed));
    put_path(object, &site->path);
    return object;
}

static json_object *new_pair(const struct lr_model *model, const struct lr_model_pair *pair)
{
    json_object *object = json_object_new_object(), *sites = json_object_new_array();

    put_string(object, "pair", pair->name);
    put_count(object, "acquired", pair->acquired);
    put_count(object, "released", pair->released);
    put_count(object, "released_by_cleaner", pair->released_by_cleaner);
    put_count(object, "released_unknown", pair->released_unknown);
    put_count(object, "live", pair->live);
    put_count(object, "live_bytes", pair->live_bytes);
    for (size_t i = 0; i < pair->site_count; i++)
        json_object_array_add(sites, new_pair_site(model, &pair->sites[i]));
    put(object, "sites", sites);
    return object;
}

static json_object *new_memory_site(const struct lr_model *model,
                                    const struct lr_model_memory_site *site)
{
    json_object *object = json_object_new_object();
    bool mapped = site->kind == LR_MEMORY_MMAP;

    put_string(object, "kind", lr_memory_kind_name(site->kind));
    put(object, "culprit", new_culprit(&site->path));
    put(object, "live_bytes", new_estimate(&site->live_bytes));
    put(object, "live_count", new_estimate(&site->live_count));
    put(object, "total_bytes", mapped ? NULL : new_estimate(&site->total_bytes));
    put(object, "total_count", mapped ? NULL : new_estimate(&site->total_count));
    put_string(object, "class", lr_trend_name(site->trend.kind));
    put(object, "rate_bytes_per_hour", lr_rate_to_json(&site->trend));
    put(object, "rate_count_per_hour", lr_rate_to_json(&site->count_trend));
    put_bool(object, "rate_of_part", site->part_followed && site->trend.kind == LR_TREND_GROWING);
    put_bool(object, "jvm", site->jvm);
    put(object, "history", lr_history_to_json(&model->series.followed, site->followed));
    put_path(object, &site->path);
    return object;
}

static json_object *new_ledger(const struct lr_model *model)
{
    json_object *array = json_object_new_array();

    for (int i = 0; model->ledger.known && i < LR_LEDGER_ENTRIES; i++) {
        json_object *entry = json_object_new_object();

        put_string(entry, "name", lr_ledger_name((enum lr_ledger_entry)i));
        put_count(entry, "bytes", model->ledger.bytes[i]);
        json_object_array_add(array, entry);
    }
    return array;
}

/* What the ledger is the sum of, and when; null without one. */
static json_object *new_ledger_of(const struct lr_model_ledger *ledger)
{
    json_object *object = ledger->known ? json_object_new_object() : NULL;
    bool pss = ledger->pss != LR_MODEL_UNKNOWN;

    if (!object)
        return NULL;
    put(object, "time_s", new_seconds(ledger->time_ms));
    put_count(object, "resident", ledger->resident);
    put(object, "pss", pss ? json_object_new_uint64(ledger->pss) : NULL);
    put_count(object, "swapped", ledger->swapped);
    return object;
}

/* The report is written member by member and place by place, so that a trace with 100,000
 * stacks doesn't have to fit into memory as json-c's objects. */
struct writer {
    FILE *out;
    bool no_memory;
    bool comma; /* a value was written before, at this level */
};

static void begin_value(struct writer *writer, const char *indent, const char *key)
{
    fprintf(writer->out, "%s\n%s", writer->comma ? "," : "", indent);
    if (key)
        fprintf(writer->out, "\"%s\": ", key);
    writer->comma = true;
}

/* Writes and frees `value`; NULL is null. */
static void write_value(struct writer *writer, const char *indent, const char *key,
                        json_object *value)
{
    const char *text = value ? json_object_to_json_string_ext(
                                   value, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)
                             : "null";

    begin_value(writer, indent, key);
    if (text)
        fputs(text, writer->out);
    else
        writer->no_memory = true;
    json_object_put(value);
}

static void begin_array(struct writer *writer, const char *key)
{
    begin_value(writer, "  ", key);
    fputc('[', writer->out);
    writer->comma = false;
}

static void end_array(struct writer *writer)
{
    fputs(writer->comma ? "\n  ]" : "]", writer->out);
    writer->comma = true;
}

static void write_pairs(struct writer *writer, const struct lr_model *model)
{
    begin_array(writer, "pairs");
    for (size_t i = 0; i < model->pair_count; i++)
        write_value(writer, "    ", NULL, new_pair(model, &model->pairs[i]));
    end_array(writer);
}

static void write_sites(struct writer *writer, const struct lr_model *model, unsigned top)
{
    begin_array(writer, "sites");
    for (size_t i = 0; i < model->site_count && (top == 0 || i < top); i++)
        write_value(writer, "    ", NULL, new_memory_site(model, &model->sites[i]));
    end_array(writer);
}

enum lr_status lr_emit_json(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error)
{
    struct writer writer = {.out = out};

    fputc('{', out);
    write_value(&writer, "  ", "schema", json_object_new_string("leakring.report/1"));
    write_value(&writer, "  ", "run", new_run(&model->run));
    write_value(&writer, "  ", "completeness", new_completeness(&model->completeness));
    write_value(&writer, "  ", "verdict", new_verdict(&model->verdict));
    write_pairs(&writer, model);
    write_sites(&writer, model, options->top);
    write_value(&writer, "  ", "sites_total", json_object_new_uint64(model->site_count));
    write_value(&writer, "  ", "ledger", new_ledger(model));
    write_value(&writer, "  ", "ledger_of", new_ledger_of(&model->ledger));
    write_value(&writer, "  ", "series", lr_series_to_json(&model->series));
    write_value(&writer, "  ", "projection", lr_projection_to_json(&model->projection));
    write_value(&writer, "  ", "gc_pressure", lr_pressure_to_json(&model->gc_pressure));
    fputs("\n}\n", out);
    return writer.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
