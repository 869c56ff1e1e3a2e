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

/* "growing by 1,200 and 8.4 MB an hour (1,150 to 1,260; 8.1 to 8.7 MB)" */
void lr_emit_growth(struct lr_page *page, const struct lr_model_pair_site *site, bool raw_bytes)
{
    const struct lr_trend *count = &site->trend, *bytes = &site->bytes_trend;
    char texts[6][LR_UNIT_SIZE];

    if (count->kind != LR_TREND_GROWING)
        return;
    lr_unit_count(texts[0], lr_model_round(count->slope));
    lr_unit_count(texts[1], lr_model_round(count->low));
    lr_unit_count(texts[2], lr_model_round(count->high));
    lr_unit_bytes(texts[3], lr_model_round(bytes->slope), raw_bytes);
    lr_unit_bytes(texts[4], lr_model_round(bytes->low), raw_bytes);
    lr_unit_bytes(texts[5], lr_model_round(bytes->high), raw_bytes);
    if (bytes->kind == LR_TREND_GROWING)
        lr_page_text(page, 4, 6, LR_INK_PLAIN,
                     "growing by %s and %s an hour (%s to %s; %s to %s)", texts[0], texts[3],
                     texts[1], texts[2], texts[4], texts[5]);
    else
        lr_page_text(page, 4, 6, LR_INK_PLAIN, "growing by %s an hour (%s to %s)", texts[0],
                     texts[1], texts[2]);
}

static uint64_t hours_to_ms(double hours)
{
    return lr_model_round(hours * 3600e3);
}

/* "between 5 h and 6 h"; "beyond 30 days" is as far as anybody can see. */
static void put_interval(char *out, size_t size, const struct lr_model_projection *projection)
{
    char low[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    lr_unit_duration(low, hours_to_ms(projection->low));
    lr_unit_duration(high, hours_to_ms(projection->high));
    if (projection->high > LR_PROJECTION_DAYS * 24.0)
        snprintf(out, size, "not before %s", low);
    else
        snprintf(out, size, "between %s and %s", low, high);
}

const char *lr_projection_text(char *out, const struct lr_model_projection *projection,
                               bool raw_bytes)
{
    char rate[LR_UNIT_SIZE], value[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE], limit[128], interval[128];
    bool past = projection->past;

    *out = '\0';
    if (!projection->limit)
        return out;
    lr_unit_bytes(rate, lr_model_round(projection->rate), raw_bytes);
    if (projection->limit_bytes != LR_MODEL_UNKNOWN)
        snprintf(limit, sizeof(limit), "%s, %s", projection->limit,
                 lr_unit_bytes(bytes, projection->limit_bytes, raw_bytes));
    else
        snprintf(limit, sizeof(limit), "%s", projection->limit);
    put_interval(interval, sizeof(interval), projection);
    if (projection->far)
        snprintf(out, LR_PROJECTION_SIZE,
                 "Growing by %s an hour, it %s a limit within %d days (the nearest: %s).", rate,
                 past ? "would not have met" : "does not meet", LR_PROJECTION_DAYS, limit);
    else
        snprintf(out, LR_PROJECTION_SIZE,
                 "Growing by %s an hour, it %s the nearest limit (%s) in %s, %s.", rate,
                 past ? "would have met" : "meets", limit,
                 lr_unit_duration(value, hours_to_ms(projection->hours)), interval);
    return out;
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
}
