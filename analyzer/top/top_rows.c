/* top_rows.c -- top_rows.h.  Stage: EMIT, for `leakring top`.  Context: analyzer only. */
#include "top_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MS = 60000, LEAST_MS = 10000 };

const char *lr_top_key_name(enum lr_top_key key)
{
    static const char *const names[] = {"growth", "bytes", "count"};

    return names[key];
}

const char *lr_top_show_name(enum lr_top_show show)
{
    static const char *const names[] = {"all", "streams", "memory"};

    return names[show];
}

double lr_top_change(const struct lr_model_followed *followed, uint64_t mask)
{
    size_t last = followed->points;
    double now = NAN;

    if (mask == 0)
        return NAN;
    while (last > 0 && isnan(now))
        now = lr_followed_bytes(followed, mask, --last);
    for (size_t i = 0; i < last; i++) {
        uint64_t age = followed->time_ms[last] - followed->time_ms[i];
        double before = lr_followed_bytes(followed, mask, i);

        if (age <= WINDOW_MS && age >= LEAST_MS && !isnan(before))
            return (now - before) * WINDOW_MS / (double)age;
    }
    return NAN;
}

static bool has(const struct lr_model_path *path, const char *kind, const char *filter)
{
    if (*filter == '\0' || strcasestr(kind, filter))
        return true;
    for (size_t i = 0; i < path->count; i++)
        if (strcasestr(path->frames[i].function, filter))
            return true;
    return false;
}

static void add(struct lr_top_rows *rows, const struct lr_top_choice *choice, struct lr_top_row row)
{
    bool wanted = choice->show == LR_TOP_ALL || row.pair == (choice->show == LR_TOP_PAIRS);

    if (wanted && row.count > 0 && has(row.path, row.kind, choice->filter))
        rows->items[rows->count++] = row;
}

static void add_pair(struct lr_top_rows *rows, const struct lr_model *model,
                     const struct lr_top_choice *choice, const struct lr_model_pair *pair)
{
    for (size_t i = 0; i < pair->site_count; i++) {
        const struct lr_model_pair_site *site = &pair->sites[i];

        add(rows, choice,
            (struct lr_top_row){
                .kind = pair->name,
                .path = &site->path,
                .bytes = (double)(site->bytes_at_creation + site->bytes_later),
                .count = (double)site->live,
                .change = lr_top_change(&model->series.followed, site->followed),
                .trend = site->followed ? &site->bytes_trend : NULL,
                .pair = true,
                .leak = site->class == LR_CLASS_LEAK,
                .expected = site->expected != NULL,
            });
    }
}

static void add_memory(struct lr_top_rows *rows, const struct lr_model *model,
                       const struct lr_top_choice *choice)
{
    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if (site->kind == LR_MEMORY_MMAP)
            continue;
        add(rows, choice,
            (struct lr_top_row){
                .kind = lr_memory_kind_name(site->kind),
                .path = &site->path,
                .bytes = site->live_bytes.value,
                .count = site->live_count.value,
                .change = lr_top_change(&model->series.followed, site->followed),
                .trend = site->followed ? &site->trend : NULL,
                .leak = site->leaks,
                .expected = site->expected != NULL,
                .jvm = site->jvm,
            });
    }
}

/* What isn't known comes last. */
static double rank(const struct lr_top_row *row, enum lr_top_key key)
{
    double value = key == LR_TOP_COUNT   ? row->count
                   : key == LR_TOP_BYTES ? row->bytes
                                         : row->change;

    return isnan(value) ? -HUGE_VAL : value;
}

static int compare(const void *left, const void *right, void *key)
{
    const struct lr_top_row *a = left, *b = right;
    double x = rank(a, *(const enum lr_top_key *)key), y = rank(b, *(const enum lr_top_key *)key);

    if (x != y)
        return x < y ? 1 : -1;
    return a->bytes < b->bytes ? 1 : a->bytes > b->bytes ? -1 : 0;
}

enum lr_status lr_top_rows_make(const struct lr_model *model, const struct lr_top_choice *choice,
                                struct lr_top_rows *rows, struct lr_error *error)
{
    size_t most = model->site_count;
    enum lr_top_key key = choice->key;

    for (size_t i = 0; i < model->pair_count; i++)
        most += model->pairs[i].site_count;
    rows->count = 0;
    rows->items = malloc((most + 1) * sizeof(*rows->items));
    if (!rows->items)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < model->pair_count; i++)
        add_pair(rows, model, choice, &model->pairs[i]);
    add_memory(rows, model, choice);
    qsort_r(rows->items, rows->count, sizeof(*rows->items), compare, &key);
    return LR_OK;
}
