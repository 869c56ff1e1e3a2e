/* emit_diff_json.c -- the difference as JSON, schema leakring.diff/1.
 *
 * Stage: EMIT.  Context: analyzer only.  Keys are a promise: they may be added, never renamed.
 */
#include <math.h>

#include "emit_diff.h"
#include "emit_json_parts.h"

static json_object *new_whole(double value)
{
    double limit = 9e18;

    return json_object_new_int64(llround(fmax(-limit, fmin(limit, value))));
}

/* To six digits: a rate an hour may be a fraction. */
static json_object *new_rate(double value)
{
    char text[32];

    snprintf(text, sizeof(text), fabs(value) >= 1000 && fabs(value) < 1e15 ? "%.0f" : "%.6g",
             value);
    return json_object_new_double_s(value, text);
}

static json_object *new_interval(const struct lr_estimate *estimate,
                                 json_object *(*number)(double value))
{
    json_object *object = json_object_new_object();

    lr_json_put(object, "value", number(estimate->value));
    lr_json_put(object, "low", number(estimate->low));
    lr_json_put(object, "high", number(estimate->high));
    return object;
}

static json_object *new_figure(const struct lr_diff_figure *figure,
                               json_object *(*number)(double value))
{
    json_object *object = json_object_new_object();

    lr_json_put(object, "old", new_interval(&figure->old, number));
    lr_json_put(object, "new", new_interval(&figure->new, number));
    lr_json_put(object, "delta", new_interval(&figure->delta, number));
    return object;
}

/* null: the place isn't in that run. */
static json_object *new_side(const struct lr_diff_side *side, bool pair)
{
    json_object *object = side->sites ? json_object_new_object() : NULL;

    if (!object)
        return NULL;
    lr_json_put_count(object, "sites", side->sites);
    lr_json_put_bool(object, "growing", side->growing);
    lr_json_put_bool(object, "trend_known", side->trend_known);
    lr_json_put_bool(object, "expected", side->expected);
    if (!pair)
        return object;
    lr_json_put_count(object, "acquired", side->acquired);
    lr_json_put_count(object, "released", side->released);
    lr_json_put_count(object, "released_by_cleaner", side->released_by_cleaner);
    lr_json_put_count(object, "live", side->live);
    return object;
}

static json_object *new_place(const struct lr_diff_site *site)
{
    json_object *object = json_object_new_object();
    bool changed = site->state != LR_DIFF_EQUAL;

    lr_json_put_string(object, site->pair ? "pair" : "kind", site->resource);
    lr_json_put_string(object, "state", lr_diff_state_name(site->state));
    lr_json_put_string(object, "basis", lr_diff_basis_name(site->basis));
    lr_json_put_bool(object, "regression", lr_diff_is_regression(site));
    lr_json_put(object, "culprit", lr_json_culprit(site->path));
    lr_json_put_bool(object, "expected", site->expected);
    lr_json_put_bool(object, "jvm", site->jvm);
    lr_json_put_bool(object, "mapped", site->mapped);
    lr_json_put(object, site->pair ? "never_ended" : "live_count",
                new_figure(&site->count, new_whole));
    lr_json_put(object, "live_bytes", new_figure(&site->bytes, new_whole));
    lr_json_put(object, "rate_count_per_hour", new_figure(&site->count_rate, new_rate));
    lr_json_put(object, "rate_bytes_per_hour", new_figure(&site->bytes_rate, new_rate));
    lr_json_put(object, "old", new_side(&site->old, site->pair));
    lr_json_put(object, "new", new_side(&site->new, site->pair));
    lr_json_put(object, "stack", changed ? lr_json_stack(site->path) : NULL);
    return object;
}

static void write_places(struct lr_json_writer *writer, const struct lr_diff *diff, bool pairs,
                         unsigned top)
{
    size_t written = 0;

    lr_json_begin_array(writer, pairs ? "pairs" : "sites");
    for (size_t i = 0; i < diff->count && (top == 0 || written < top); i++) {
        if (diff->items[i].pair != pairs)
            continue;
        lr_json_write(writer, "    ", NULL, new_place(&diff->items[i]));
        written++;
    }
    lr_json_end_array(writer);
}

static json_object *new_run(const struct lr_model *model)
{
    json_object *object = json_object_new_object();

    lr_json_put(object, "run", lr_json_run(&model->run));
    lr_json_put(object, "phase", lr_json_phase(model));
    lr_json_put(object, "completeness", lr_json_completeness(&model->completeness));
    return object;
}

static json_object *new_rules(const struct lr_diff *diff)
{
    static const char *const by[] = {"auto", "total", "rate"};
    json_object *object = json_object_new_object();

    lr_json_put_string(object, "by", by[diff->options.by]);
    lr_json_put_bool(object, "alike_long", diff->alike_long);
    lr_json_put_bool(object, "too_short", diff->too_short);
    lr_json_put(object, "noise_percent", new_rate(100 * diff->options.noise));
    lr_json_put(object, "floor_bytes", new_whole(diff->options.floor_bytes));
    lr_json_put(object, "floor_count", new_whole(diff->options.floor_count));
    return object;
}

static json_object *new_counts(const struct lr_diff *diff)
{
    json_object *object = json_object_new_object();

    for (int state = LR_DIFF_EQUAL; state <= LR_DIFF_GONE; state++)
        lr_json_put_count(object, lr_diff_state_name((enum lr_diff_state)state),
                          diff->states[state]);
    return object;
}

enum lr_status lr_emit_diff_json(FILE *out, const struct lr_diff *diff,
                                 const struct lr_emit_options *options, struct lr_error *error)
{
    struct lr_json_writer writer = {.out = out};

    fputc('{', out);
    lr_json_write(&writer, "  ", "schema", json_object_new_string("leakring.diff/1"));
    lr_json_write(&writer, "  ", "old", new_run(diff->old));
    lr_json_write(&writer, "  ", "new", new_run(diff->new));
    lr_json_write(&writer, "  ", "verdict",
                  json_object_new_string(lr_diff_verdict_name(diff->verdict)));
    lr_json_write(&writer, "  ", "rules", new_rules(diff));
    lr_json_write(&writer, "  ", "counts", new_counts(diff));
    write_places(&writer, diff, true, options->top);
    write_places(&writer, diff, false, options->top);
    fputs("\n}\n", out);
    return writer.no_memory ? lr_fail(error, LR_FAILED, "out of memory") : LR_OK;
}
