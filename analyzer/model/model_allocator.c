/* model_allocator.c -- what jemalloc, tcmalloc or mimalloc says of itself, beside our own count.
 *
 * Stage: MODEL.  Context: analyzer only.
 *
 * The allocator is asked now and then, and points repeat what it said last, while what is live is
 * counted all the time, but may have been counted a moment before the point.  So both are taken of
 * the second point behind the one that had these figures first.
 */
#include <string.h>

#include "model_build.h"

enum { ALLOCATED, ACTIVE, RESIDENT, MAPPED, RETAINED, FIGURES };
static const char *const names[FIGURES] = {"allocator_allocated", "allocator_active",
                                           "allocator_resident", "allocator_mapped",
                                           "allocator_retained"};

struct account {
    const struct lr_model_series *series;
    const struct lr_model_column *columns[FIGURES]; /* NULL: it doesn't tell */
};

static uint64_t value_at(const struct lr_model_column *column, size_t i)
{
    return column ? column->values[i] : LR_MODEL_UNKNOWN;
}

static bool is_known(const struct account *account, size_t i)
{
    for (int figure = 0; figure < FIGURES; figure++)
        if (value_at(account->columns[figure], i) != LR_MODEL_UNKNOWN)
            return true;
    return false;
}

static bool is_same(const struct account *account, size_t i, size_t j)
{
    for (int figure = 0; figure < FIGURES; figure++)
        if (value_at(account->columns[figure], i) != value_at(account->columns[figure], j))
            return false;
    return true;
}

/* The point, about when it was asked last; the number of points if never. */
static size_t last_asked(const struct account *account)
{
    enum { COUNTED_IN = 2 };
    size_t points = account->series->points, at = points, last;

    while (at > 0 && !is_known(account, at - 1))
        at--;
    if (at == 0)
        return points;
    last = --at;
    while (at > 0 && is_same(account, at, at - 1))
        at--;
    return at + COUNTED_IN < last ? at + COUNTED_IN : last;
}

static const char *name_of(const char *path)
{
    static const char *const known[] = {"jemalloc", "tcmalloc", "mimalloc"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strstr(path, known[i]))
            return known[i];
    return "the allocator";
}

enum lr_status lr_build_allocator(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    struct account account = {.series = &model->series};
    size_t at;

    for (int figure = 0; figure < FIGURES; figure++)
        account.columns[figure] = lr_model_column(&model->series, names[figure]);
    at = last_asked(&account);
    if (at >= model->series.points)
        return LR_OK;
    model->allocator = (struct lr_model_allocator){
        .name = name_of(model->run.allocator),
        .time_ms = model->series.time_ms[at],
        .live = value_at(lr_model_column(&model->series, "live_bytes"), at),
        .allocated = value_at(account.columns[ALLOCATED], at),
        .active = value_at(account.columns[ACTIVE], at),
        .resident = value_at(account.columns[RESIDENT], at),
        .mapped = value_at(account.columns[MAPPED], at),
        .retained = value_at(account.columns[RETAINED], at),
    };
    return LR_OK;
}

uint64_t lr_allocator_slack(const struct lr_model_allocator *allocator)
{
    if (!allocator->name || allocator->resident == LR_MODEL_UNKNOWN ||
        allocator->live == LR_MODEL_UNKNOWN)
        return LR_MODEL_UNKNOWN;
    return allocator->resident > allocator->live ? allocator->resident - allocator->live : 0;
}
