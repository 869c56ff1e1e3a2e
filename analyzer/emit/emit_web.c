/* emit_web.c -- emit_web.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_web.h"

#include <string.h>

#include "diff_name.h"
#include "emit.h"
#include "emit_intern.h"
#include "emit_json_parts.h"
#include "html_curves.h"

enum { NAME_SIZE = 1024 };

static void put_rate(json_object *object, const struct lr_trend *trend)
{
    json_object *rate = json_object_new_object();

    lr_json_put(rate, "value", json_object_new_int64((int64_t)trend->slope));
    lr_json_put(object, "rate_bytes_per_hour", trend->kind == LR_TREND_GROWING ? rate : NULL);
    if (trend->kind != LR_TREND_GROWING)
        json_object_put(rate);
}

/* A stack as numbers of frames: stacks share most of theirs. */
static json_object *new_stack(void *context, const struct lr_model_path *path)
{
    struct lr_intern *frames = context;
    json_object *stack = json_object_new_array();

    for (size_t i = 0; i < path->count; i++) {
        json_object *frame = lr_json_frame(&path->frames[i]);
        uint64_t number =
            lr_intern(frames, json_object_to_json_string_ext(frame, JSON_C_TO_STRING_PLAIN));

        json_object_put(frame);
        if (number > 0) /* else there is no memory, and the stack lacks a frame */
            json_object_array_add(stack, json_object_new_uint64(number - 1));
    }
    return stack;
}

static void write_frames(FILE *out, const struct lr_intern *frames)
{
    fputs(",\n\"frames\": [", out);
    for (size_t i = 0; i < frames->count; i++)
        fprintf(out, "%s%s", i ? ",\n" : "", frames->items[i]->text);
    fputs("]", out);
}

static json_object *new_memory_site(const struct lr_model_memory_site *site,
                                    struct lr_intern *frames)
{
    json_object *object = json_object_new_object();

    lr_json_put_string(object, "kind", lr_memory_kind_name(site->kind));
    lr_json_put(object, "live_bytes", lr_json_estimate(&site->live_bytes));
    lr_json_put(object, "live_count", lr_json_estimate(&site->live_count));
    lr_json_put(object, "total_bytes", lr_json_estimate(&site->total_bytes));
    lr_json_put_string(object, "class", lr_trend_name(site->trend.kind));
    put_rate(object, &site->trend);
    lr_json_put(object, "stack", new_stack(frames, &site->path));
    return object;
}

static json_object *new_pair_site(const struct lr_model_pair_site *site, struct lr_intern *frames)
{
    json_object *object = json_object_new_object();

    lr_json_put_count(object, "live", site->live);
    lr_json_put_count(object, "live_bytes", site->bytes_at_creation + site->bytes_later);
    put_rate(object, &site->bytes_trend);
    lr_json_put(object, "stack", new_stack(frames, &site->path));
    return object;
}

static json_object *new_pair(const struct lr_model_pair *pair, struct lr_intern *frames)
{
    json_object *object = json_object_new_object(), *sites = json_object_new_array();

    lr_json_put_string(object, "pair", pair->name);
    for (size_t i = 0; i < pair->site_count; i++)
        json_object_array_add(sites, new_pair_site(&pair->sites[i], frames));
    lr_json_put(object, "sites", sites);
    return object;
}

static void add_names(json_object *names, const struct lr_model_path *path)
{
    char key[NAME_SIZE];

    for (size_t i = 0; i < path->count; i++) {
        const struct lr_model_frame *frame = &path->frames[i];
        bool bridge = lr_diff_name_is_bridge(frame);

        lr_diff_name(key, sizeof(key), frame, false);
        if (bridge || strcmp(key, frame->function) != 0)
            lr_json_put_string(names, frame->function, bridge ? "" : key);
    }
}

static json_object *new_names(const struct lr_diff *diff, unsigned top)
{
    const struct lr_model *models[] = {diff->old, diff->new};
    json_object *names = json_object_new_object();

    for (int m = 0; m < 2; m++) {
        for (size_t i = 0; i < models[m]->site_count && i < top; i++)
            add_names(names, &models[m]->sites[i].path);
        for (size_t i = 0; i < models[m]->pair_count; i++)
            for (size_t s = 0; s < models[m]->pairs[i].site_count; s++)
                add_names(names, &models[m]->pairs[i].sites[s].path);
    }
    return names;
}

/* What the pairs' streams ever allocated; the report has it of plain memory only. */
static json_object *new_allocated(const struct lr_model *model)
{
    json_object *all = json_object_new_array();

    for (size_t i = 0; i < model->pair_count; i++) {
        json_object *sites = json_object_new_array();

        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct lr_estimate bytes =
                lr_sampled_estimate(&model->pairs[i].sites[s].total_bytes_sum);

            json_object_array_add(sites, json_object_new_uint64(lr_model_round(bytes.value)));
        }
        json_object_array_add(all, sites);
    }
    return all;
}

static void write_baseline(struct lr_json_writer *writer, const struct lr_diff *diff,
                           struct lr_intern *frames, unsigned top)
{
    const struct lr_model *old = diff->old;

    fputs(",\n\"baseline\": {", writer->out);
    writer->comma = false;
    lr_json_begin_array(writer, "sites");
    for (size_t i = 0; i < old->site_count && i < top; i++)
        lr_json_write(writer, "    ", NULL, new_memory_site(&old->sites[i], frames));
    lr_json_end_array(writer);
    lr_json_begin_array(writer, "pairs");
    for (size_t i = 0; i < old->pair_count; i++)
        lr_json_write(writer, "    ", NULL, new_pair(&old->pairs[i], frames));
    lr_json_end_array(writer);
    lr_json_write(writer, "  ", "names", new_names(diff, top));
    fputs("}", writer->out);
}

enum lr_status lr_emit_web(FILE *out, const struct lr_model *model, const struct lr_diff *diff,
                           unsigned top, struct lr_error *error)
{
    struct lr_intern frames = {0};
    struct lr_emit_options options = {.top = top, .stack = new_stack, .stack_context = &frames};
    struct lr_json_writer writer = {.out = out};
    enum lr_status status;

    fputs("{", out);
    lr_html_curves_json(out, &model->series);
    fputs(",\n\"report\": ", out);
    status = lr_emit_json(out, model, &options, error);
    writer.comma = true;
    lr_json_write(&writer, "", "allocated", new_allocated(model));
    if (diff)
        write_baseline(&writer, diff, &frames, top);
    else
        fputs(",\n\"baseline\": null", out);
    write_frames(out, &frames);
    fputs("}\n", out);
    lr_intern_free(&frames);
    return status == LR_OK && writer.no_memory ? lr_fail(error, LR_FAILED, "out of memory")
                                               : status;
}
