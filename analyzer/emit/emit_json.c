/* emit_json.c -- the report as JSON, schema leakring.report/1.
 *
 * Stage: EMIT.  Context: analyzer only.  Keys are a promise: they may be added, never renamed.
 * What is not recorded is null or empty, never guessed.
 */
#include "emit.h"
#include "emit_json_parts.h"
#include "emit_series.h"
#include "emit_suppressions.h"
#include "site_id.h"

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

    lr_json_put_string(object, "kind", lr_verdict_name(verdict->kind));
    lr_json_put_string(object, "summary", verdict->summary);
    lr_json_put(object, "next", new_next(verdict->next));
    lr_json_put(object, "evidence", lr_json_texts(&verdict->evidence));
    return object;
}

static json_object *new_threads(const struct lr_model_threads *threads)
{
    json_object *array = json_object_new_array();
    bool known = threads->count > 1 || (threads->count == 1 && *threads->items[0].name);

    for (size_t i = 0; known && i < threads->count; i++) {
        json_object *thread = json_object_new_object();

        lr_json_put_string_or_null(thread, "name", threads->items[i].name);
        lr_json_put_count(thread, "alike", threads->items[i].alike);
        lr_json_put_count(thread, "live", lr_model_round(threads->items[i].live));
        json_object_array_add(array, thread);
    }
    return array;
}

static void put_path(json_object *object, const struct lr_model_path *path,
                     const struct lr_emit_options *options)
{
    lr_json_put(object, "threads", new_threads(&path->threads));
    lr_json_put_count(object, "stacks", path->stacks);
    lr_json_put(object, "stack",
                options->stack ? options->stack(options->stack_context, path)
                               : lr_json_stack(path));
}

/* A list of {"from", "to"}, names of marks; null: an end of the run. */
static json_object *new_phases(const struct lr_model *model)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < model->part_count; i++) {
        json_object *phase = json_object_new_object();

        lr_json_put_string_or_null(phase, "from", model->parts[i].from);
        lr_json_put_string_or_null(phase, "to", model->parts[i].to);
        json_object_array_add(array, phase);
    }
    return array;
}

/* Of what is live, what was acquired in each of these phases; only where there are any. */
static void put_by_phase(json_object *site, const struct lr_model *model,
                         const struct lr_model_by_part *parts)
{
    json_object *object, *bytes, *count;

    if (model->part_count == 0)
        return;
    object = json_object_new_object();
    bytes = json_object_new_array();
    count = json_object_new_array();
    for (size_t i = 0; parts && i < model->part_count; i++) {
        json_object_array_add(bytes, json_object_new_uint64(lr_model_round(parts[i].bytes)));
        json_object_array_add(count, json_object_new_uint64(lr_model_round(parts[i].count)));
    }
    lr_json_put(object, "bytes", bytes);
    lr_json_put(object, "count", count);
    lr_json_put(site, "by_phase", object);
}

static json_object *new_pair_site(const struct lr_model *model, const struct lr_model_pair *pair,
                                  const struct lr_model_pair_site *site,
                                  const struct lr_emit_options *options)
{
    json_object *object = json_object_new_object();
    char id[LR_SITE_ID_SIZE];

    lr_json_put_string(object, "id", lr_pair_site_id(id, pair, site));
    lr_json_put(object, "culprit", lr_json_culprit(&site->path));
    lr_json_put_count(object, "acquired", site->acquired);
    lr_json_put_count(object, "released", site->released);
    lr_json_put_count(object, "released_by_cleaner", site->released_by_cleaner);
    lr_json_put_count(object, "released_unknown", site->released_unknown);
    lr_json_put_count(object, "never_ended", lr_pair_site_never_ended(site));
    lr_json_put_count(object, "live", site->live);
    lr_json_put_count(object, "live_survived_full_gc", site->survived);
    lr_json_put_count(object, "live_bytes", site->bytes_at_creation + site->bytes_later);
    lr_json_put_count(object, "live_bytes_at_creation", site->bytes_at_creation);
    lr_json_put_count(object, "live_bytes_later", site->bytes_later);
    lr_json_put_string(object, "class", lr_site_class_name(site->class));
    lr_json_put_string(object, "trend", lr_trend_name(site->trend.kind));
    lr_json_put(object, "rate_per_hour", lr_rate_to_json(&site->trend));
    lr_json_put(object, "rate_bytes_per_hour", lr_rate_to_json(&site->bytes_trend));
    lr_json_put_bool(object, "expected", site->expected != NULL);
    lr_json_put_string_or_null(object, "expected_reason", site->expected);
    lr_json_put(object, "history", lr_history_to_json(&model->series.followed, site->followed));
    put_by_phase(object, model, site->parts);
    put_path(object, &site->path, options);
    return object;
}

static json_object *new_pair(const struct lr_model *model, const struct lr_model_pair *pair,
                             const struct lr_emit_options *options)
{
    json_object *object = json_object_new_object(), *sites = json_object_new_array();

    lr_json_put_string(object, "pair", pair->name);
    lr_json_put_count(object, "acquired", pair->acquired);
    lr_json_put_count(object, "released", pair->released);
    lr_json_put_count(object, "released_by_cleaner", pair->released_by_cleaner);
    lr_json_put_count(object, "released_unknown", pair->released_unknown);
    lr_json_put_count(object, "live", pair->live);
    lr_json_put_count(object, "live_bytes", pair->live_bytes);
    for (size_t i = 0; i < pair->site_count; i++)
        json_object_array_add(sites, new_pair_site(model, pair, &pair->sites[i], options));
    lr_json_put(object, "sites", sites);
    return object;
}

static json_object *new_memory_site(const struct lr_model *model,
                                    const struct lr_model_memory_site *site,
                                    const struct lr_emit_options *options)
{
    json_object *object = json_object_new_object();
    bool mapped = site->kind == LR_MEMORY_MMAP;
    char id[LR_SITE_ID_SIZE];

    lr_json_put_string(object, "id", lr_memory_site_id(id, site));
    lr_json_put_string(object, "kind", lr_memory_kind_name(site->kind));
    lr_json_put(object, "culprit", lr_json_culprit(&site->path));
    lr_json_put(object, "live_bytes", lr_json_estimate(&site->live_bytes));
    lr_json_put(object, "live_count", lr_json_estimate(&site->live_count));
    lr_json_put(object, "total_bytes", mapped ? NULL : lr_json_estimate(&site->total_bytes));
    lr_json_put(object, "total_count", mapped ? NULL : lr_json_estimate(&site->total_count));
    if (mapped)
        lr_json_put_count(object, "file_bytes", lr_model_round(site->file_bytes));
    lr_json_put_string(object, "class", lr_trend_name(site->trend.kind));
    lr_json_put(object, "rate_bytes_per_hour", lr_rate_to_json(&site->trend));
    lr_json_put(object, "rate_count_per_hour", lr_rate_to_json(&site->count_trend));
    lr_json_put_bool(object, "rate_of_part",
                     site->part_followed && site->trend.kind == LR_TREND_GROWING);
    lr_json_put_bool(object, "jvm", site->jvm);
    lr_json_put_bool(object, "leaks", site->leaks);
    lr_json_put_string_or_null(object, "expected_reason", site->expected);
    lr_json_put(object, "history", lr_history_to_json(&model->series.followed, site->followed));
    put_by_phase(object, model, site->parts);
    put_path(object, &site->path, options);
    return object;
}

static json_object *new_ledger(const struct lr_model *model)
{
    json_object *array = json_object_new_array();

    for (int i = 0; model->ledger.known && i < LR_LEDGER_ENTRIES; i++) {
        json_object *entry = json_object_new_object();

        lr_json_put_string(entry, "name", lr_ledger_name((enum lr_ledger_entry)i));
        lr_json_put_count(entry, "bytes", model->ledger.bytes[i]);
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
    lr_json_put(object, "time_s", lr_json_seconds(ledger->time_ms));
    lr_json_put_count(object, "resident", ledger->resident);
    lr_json_put(object, "pss", pss ? json_object_new_uint64(ledger->pss) : NULL);
    lr_json_put_count(object, "swapped", ledger->swapped);
    return object;
}

static void put_known(json_object *object, const char *key, uint64_t bytes)
{
    lr_json_put(object, key, bytes != LR_MODEL_UNKNOWN ? json_object_new_uint64(bytes) : NULL);
}

/* What jemalloc, tcmalloc or mimalloc says of itself; null where none does. */
static json_object *new_allocator(const struct lr_model_allocator *allocator)
{
    json_object *object = allocator->name ? json_object_new_object() : NULL;

    if (!object)
        return NULL;
    lr_json_put_string(object, "name", allocator->name);
    lr_json_put(object, "time_s", lr_json_seconds(allocator->time_ms));
    put_known(object, "live", allocator->live);
    put_known(object, "allocated", allocator->allocated);
    put_known(object, "active", allocator->active);
    put_known(object, "resident", allocator->resident);
    put_known(object, "mapped", allocator->mapped);
    put_known(object, "retained", allocator->retained);
    put_known(object, "slack", lr_allocator_slack(allocator));
    return object;
}

static void write_pairs(struct lr_json_writer *writer, const struct lr_model *model,
                        const struct lr_emit_options *options)
{
    lr_json_begin_array(writer, "pairs");
    for (size_t i = 0; i < model->pair_count; i++)
        lr_json_write(writer, "    ", NULL, new_pair(model, &model->pairs[i], options));
    lr_json_end_array(writer);
}

static void write_sites(struct lr_json_writer *writer, const struct lr_model *model,
                        const struct lr_emit_options *options)
{
    unsigned top = options->top;

    lr_json_begin_array(writer, "sites");
    for (size_t i = 0; i < model->site_count && (top == 0 || i < top); i++)
        lr_json_write(writer, "    ", NULL, new_memory_site(model, &model->sites[i], options));
    lr_json_end_array(writer);
}

enum lr_status lr_emit_json(FILE *out, const struct lr_model *model,
                            const struct lr_emit_options *options, struct lr_error *error)
{
    struct lr_json_writer writer = {.out = out};

    fputc('{', out);
    lr_json_write(&writer, "  ", "schema", json_object_new_string("leakring.report/1"));
    lr_json_write(&writer, "  ", "run", lr_json_run(&model->run));
    lr_json_write(&writer, "  ", "phase", lr_json_phase(model));
    lr_json_write(&writer, "  ", "completeness", lr_json_completeness(&model->completeness));
    lr_json_write(&writer, "  ", "verdict", new_verdict(&model->verdict));
    write_pairs(&writer, model, options);
    write_sites(&writer, model, options);
    lr_json_write(&writer, "  ", "suppressions", lr_suppressions_to_json(model));
    lr_json_write(&writer, "  ", "sites_total", json_object_new_uint64(model->site_count));
    lr_json_write(&writer, "  ", "ledger", new_ledger(model));
    lr_json_write(&writer, "  ", "ledger_of", new_ledger_of(&model->ledger));
    lr_json_write(&writer, "  ", "allocator", new_allocator(&model->allocator));
    lr_json_write(&writer, "  ", "marks", lr_json_marks(model));
    lr_json_write(&writer, "  ", "phases", new_phases(model));
    lr_json_write(&writer, "  ", "series", lr_series_to_json(&model->series));
    lr_json_write(&writer, "  ", "projection", lr_projection_to_json(&model->projection));
    lr_json_write(&writer, "  ", "gc_pressure", lr_pressure_to_json(&model->gc_pressure));
    fputs("\n}\n", out);
    return writer.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
