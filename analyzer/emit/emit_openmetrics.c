/* emit_openmetrics.c -- --format=openmetrics: figures for node_exporter's textfile collector.
 *
 * Stage: EMIT.  Context: analyzer only.  No timestamps: one would make the collector skip the whole
 * file.  The number of series is limited: SITES places, the largest first.
 */
#include "emit_stacks.h"

#include <inttypes.h>
#include <stdarg.h>

#include "words.h"

enum { SITES = 20 };

struct writer {
    FILE *out;
    const struct lr_model *model;
};

static void put_family(struct writer *writer, const char *name, const char *type, const char *unit,
                       const char *help)
{
    fprintf(writer->out, "# TYPE leakring_%s %s\n", name, type);
    if (*unit)
        fprintf(writer->out, "# UNIT leakring_%s %s\n", name, unit);
    fprintf(writer->out, "# HELP leakring_%s %s\n", name, help);
}

static void put_label(struct writer *writer, const char *key, const char *value)
{
    fprintf(writer->out, "%s=\"", key);
    for (; *value; value++)
        fputs(*value == '"'    ? "\\\""
              : *value == '\\' ? "\\\\"
                               : (char[]){*value, '\0'},
              writer->out);
    fputc('"', writer->out);
}

/* NAME{pid,app, then keys and values up to NULL */
static void begin_sample(struct writer *writer, const char *name, ...) __attribute__((sentinel));

static void begin_sample(struct writer *writer, const char *name, ...)
{
    const struct lr_model_run *run = &writer->model->run;
    const char *key;
    va_list labels;

    fprintf(writer->out, "leakring_%s{pid=\"%" PRIu32 "\",", name, run->pid);
    put_label(writer, "app", lr_base_name(run->exe));
    va_start(labels, name);
    while ((key = va_arg(labels, const char *))) {
        fputc(',', writer->out);
        put_label(writer, key, va_arg(labels, const char *));
    }
    va_end(labels);
    fputs("} ", writer->out);
}

static void end_sample(struct writer *writer, uint64_t value)
{
    fprintf(writer->out, "%" PRIu64 "\n", value);
}

static void put_verdict(struct writer *writer)
{
    const struct lr_model *model = writer->model;

    put_family(writer, "verdict", "gauge", "", "1 for the verdict that holds, 0 for the others");
    for (int kind = LR_VERDICT_NONE; kind <= LR_VERDICT_OUTSIDE; kind++) {
        begin_sample(writer, "verdict", "verdict", lr_verdict_name((enum lr_verdict)kind), NULL);
        end_sample(writer, model->verdict.kind == (enum lr_verdict)kind);
    }
    put_family(writer, "complete", "gauge", "", "1 when nothing was lost by the recording");
    begin_sample(writer, "complete", NULL);
    end_sample(writer, model->completeness.verdict == LR_COMPLETE);
    put_family(writer, "findings", "gauge", "", "places that leak");
    begin_sample(writer, "findings", NULL);
    end_sample(writer, model->verdict.sites + model->verdict.growing);
    put_family(writer, "recording_seconds", "gauge", "seconds", "how long was recorded");
    begin_sample(writer, "recording_seconds", NULL);
    fprintf(writer->out, "%" PRIu64 ".%03u\n", model->run.duration_ms / 1000,
            (unsigned)(model->run.duration_ms % 1000));
}

static void put_pair_family(struct writer *writer, const char *family, bool counter,
                            const char *help, uint64_t (*value)(const struct lr_model_pair *pair))
{
    char name[64];

    put_family(writer, family, counter ? "counter" : "gauge", "", help);
    snprintf(name, sizeof(name), "%s%s", family, counter ? "_total" : "");
    for (size_t i = 0; i < writer->model->pair_count; i++) {
        begin_sample(writer, name, "resource", writer->model->pairs[i].name, NULL);
        end_sample(writer, value(&writer->model->pairs[i]));
    }
}

#define FIGURE(name)                                                                               \
    static uint64_t name##_of(const struct lr_model_pair *pair)                                    \
    {                                                                                              \
        return pair->name;                                                                         \
    }
FIGURE(acquired)
FIGURE(released)
FIGURE(released_by_cleaner)
FIGURE(live)

static void put_pairs(struct writer *writer)
{
    put_pair_family(writer, "acquired", true, "resources acquired", acquired_of);
    put_pair_family(writer, "released", true, "resources released", released_of);
    put_pair_family(writer, "released_by_cleaner", true,
                    "resources that only a collection released", released_by_cleaner_of);
    put_pair_family(writer, "live", false, "resources that are live", live_of);
}

static void put_memory(struct writer *writer)
{
    const struct lr_model *model = writer->model;
    double bytes[LR_MEMORY_KINDS] = {0}, owned = 0;

    for (size_t i = 0; i < model->site_count; i++)
        bytes[model->sites[i].kind] += model->sites[i].live_bytes.value;
    for (size_t i = 0; i < model->pair_count; i++)
        owned += (double)model->pairs[i].live_bytes;
    put_family(writer, "live_bytes", "gauge", "bytes", "live memory by what it is");
    for (int kind = 0; kind < LR_MEMORY_KINDS; kind++) {
        begin_sample(writer, "live_bytes", "kind", lr_memory_kind_name((enum lr_memory_kind)kind),
                     NULL);
        end_sample(writer, lr_model_round(bytes[kind]));
    }
    begin_sample(writer, "live_bytes", "kind", "resources", NULL);
    end_sample(writer, lr_model_round(owned));
    put_family(writer, "growth_bytes", "gauge", "bytes", "an hour, of all that leaks and grows");
    begin_sample(writer, "growth_bytes", NULL);
    end_sample(writer, lr_model_round(model->verdict.rate.value));
}

static void put_site(struct writer *writer, const char *resource, const struct lr_model_path *path,
                     uint64_t bytes, unsigned number)
{
    char place[600], rank[16];

    lr_model_place_text(place, sizeof(place), path);
    snprintf(rank, sizeof(rank), "%u", number); /* two places may read alike */
    begin_sample(writer, "site_bytes", "resource", resource, "place", place, "rank", rank, NULL);
    end_sample(writer, bytes);
}

static void put_sites(struct writer *writer)
{
    const struct lr_model *model = writer->model;
    unsigned number = 0;

    put_family(writer, "site_bytes", "gauge", "bytes", "what the places that leak hold");
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count && number < SITES; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK)
                put_site(writer, model->pairs[i].name, &site->path,
                         site->bytes_at_creation + site->bytes_later, ++number);
        }
    for (size_t i = 0; i < model->site_count && number < SITES; i++)
        if (model->sites[i].leaks)
            put_site(writer, lr_memory_kind_name(model->sites[i].kind), &model->sites[i].path,
                     lr_model_round(model->sites[i].live_bytes.value), ++number);
}

enum lr_status lr_emit_openmetrics(FILE *out, const struct lr_model *model,
                                   const struct lr_stacks_options *options, struct lr_error *error)
{
    struct writer writer = {out, model};

    put_verdict(&writer);
    put_pairs(&writer);
    put_memory(&writer);
    put_sites(&writer);
    fputs("# EOF\n", out);
    return LR_OK;
}
