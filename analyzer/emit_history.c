/* emit_history.c -- emit_history.h.  Stage: EMIT.  Context: analyzer only. */
#include "emit_history.h"

#include "units.h"

struct history {
    struct lr_page *page;
    const struct lr_model_series *series;
    bool raw_bytes, begun;
};

static void begin(struct history *history)
{
    if (!history->begun) {
        lr_page_blank(history->page);
        lr_page_text(history->page, 0, 2, LR_INK_BOLD, "Over time");
    }
    history->begun = true;
}

/* "resident memory: 85 MB after 1 s, 119 MB at most, 104 MB at last" */
static void put_figure(struct history *history, const char *name, const char *label)
{
    const struct lr_model_series *series = history->series;
    const struct lr_model_column *column = lr_model_column(series, name);
    char first[LR_UNIT_SIZE], when[LR_UNIT_SIZE], most[LR_UNIT_SIZE], last[LR_UNIT_SIZE];
    uint64_t peak = 0;
    size_t from, to;

    if (!column)
        return;
    from = lr_model_first_known(series, column);
    to = lr_model_last_known(series, column);
    if (from >= to)
        return;
    for (size_t i = from; i <= to; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN && column->values[i] > peak)
            peak = column->values[i];
    begin(history);
    lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                 "%s: %s after %s, %s at most, %s at last", label,
                 lr_unit_bytes(first, column->values[from], history->raw_bytes),
                 lr_unit_duration(when, series->time_ms[from]),
                 lr_unit_bytes(most, peak, history->raw_bytes),
                 lr_unit_bytes(last, column->values[to], history->raw_bytes));
}

static uint64_t last_value(const struct lr_model_series *series, const char *name)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t i = column ? lr_model_last_known(series, column) : series->points;

    return i < series->points ? column->values[i] : LR_MODEL_UNKNOWN;
}

static void put_cgroup(struct history *history)
{
    uint64_t used = last_value(history->series, "cgroup_used");
    uint64_t limit = last_value(history->series, "cgroup_limit");
    uint64_t killed = last_value(history->series, "cgroup_oom_kill");
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE], c[LR_UNIT_SIZE];

    if (used == LR_MODEL_UNKNOWN || limit == LR_MODEL_UNKNOWN)
        return;
    begin(history);
    if (killed != LR_MODEL_UNKNOWN && killed > 0)
        lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                     "memory cgroup: %s of %s; %s processes of it were killed for want of memory",
                     lr_unit_bytes(a, used, history->raw_bytes),
                     lr_unit_bytes(b, limit, history->raw_bytes), lr_unit_count(c, killed));
    else
        lr_page_text(history->page, 2, 4, LR_INK_PLAIN, "memory cgroup: %s of %s",
                     lr_unit_bytes(a, used, history->raw_bytes),
                     lr_unit_bytes(b, limit, history->raw_bytes));
}

static void put_old_generation(struct history *history)
{
    uint64_t used = last_value(history->series, "java_old_after_gc");
    uint64_t limit = last_value(history->series, "java_old_limit");
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];

    if (used == LR_MODEL_UNKNOWN || limit == LR_MODEL_UNKNOWN)
        return;
    begin(history);
    lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                 "Java old generation after its last collection: %s of %s",
                 lr_unit_bytes(a, used, history->raw_bytes),
                 lr_unit_bytes(b, limit, history->raw_bytes));
}

static const char *place_of(const struct lr_model_path *path)
{
    return path->count ? path->frames[path->culprit].function : "an unknown place";
}

static void put_growing_pairs(struct history *history, const struct lr_model_pair *pair)
{
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    for (size_t i = 0; i < pair->site_count; i++) {
        const struct lr_model_pair_site *site = &pair->sites[i];

        if (site->trend.kind != LR_TREND_GROWING)
            continue;
        begin(history);
        lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                     "growing: %s by %s, %s an hour more (%s to %s)", pair->name,
                     place_of(&site->path),
                     lr_unit_count(value, lr_model_round(site->trend.slope)),
                     lr_unit_count(low, lr_model_round(site->trend.low)),
                     lr_unit_count(high, lr_model_round(site->trend.high)));
    }
}

static void put_growing_memory(struct history *history, const struct lr_model *model)
{
    char value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if (site->trend.kind != LR_TREND_GROWING)
            continue;
        begin(history);
        lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                     "growing: %s of %s, %s an hour (%s to %s)", lr_memory_kind_name(site->kind),
                     place_of(&site->path),
                     lr_unit_bytes(value, lr_model_round(site->trend.slope), history->raw_bytes),
                     lr_unit_bytes(low, lr_model_round(site->trend.low), history->raw_bytes),
                     lr_unit_bytes(high, lr_model_round(site->trend.high), history->raw_bytes));
    }
}

static uint64_t hours_to_ms(double hours)
{
    return lr_model_round(hours * 3600e3);
}

static void put_projection(struct history *history, const struct lr_model_projection *projection)
{
    char rate[LR_UNIT_SIZE], value[LR_UNIT_SIZE], low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    if (!projection->limit)
        return;
    begin(history);
    lr_page_text(history->page, 2, 4, LR_INK_PLAIN,
                 "growing by %s an hour, it meets the limit of the %s in %s (%s to %s)",
                 lr_unit_bytes(rate, lr_model_round(projection->rate), history->raw_bytes),
                 projection->limit, lr_unit_duration(value, hours_to_ms(projection->hours)),
                 lr_unit_duration(low, hours_to_ms(projection->low)),
                 lr_unit_duration(high, hours_to_ms(projection->high)));
}

void lr_emit_history(struct lr_page *page, const struct lr_model *model, bool raw_bytes)
{
    struct history history = {.page = page, .series = &model->series, .raw_bytes = raw_bytes};

    if (model->series.points < 2)
        return;
    put_figure(&history, "rss", "resident memory");
    put_figure(&history, "live_bytes", "live blocks");
    put_cgroup(&history);
    put_old_generation(&history);
    for (size_t i = 0; i < model->pair_count; i++)
        put_growing_pairs(&history, &model->pairs[i]);
    put_growing_memory(&history, model);
    put_projection(&history, &model->projection);
}
