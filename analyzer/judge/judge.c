/* judge.c -- which pair sites leak (judge.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "judge.h"

#include <stdlib.h>

#include "judge_internal.h"
#include "model_build.h"

uint64_t lr_released_explicitly(const struct lr_model_pair_site *site)
{
    uint64_t others = site->released_by_cleaner + site->released_unknown;

    return site->released > others ? site->released - others : 0;
}

/* The last word of a process that was killed is its heartbeat; a birth may be later. */
static uint64_t end_of_recording(const struct lr_model *model)
{
    uint64_t end = model->run.duration_ms;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++)
            if (model->pairs[i].sites[s].newest_ms > end)
                end = model->pairs[i].sites[s].newest_ms;
    return end;
}

static bool is_transient(const struct lr_model_pair_site *site, const struct lr_model *model,
                         uint64_t end_ms)
{
    uint64_t recent = end_ms / LR_TRANSIENT_SHARE;
    uint64_t vm_death_ms = model->run.vm_death_ms;

    /* A JVM's daemon threads go on until its very end; a native program's exit ends its use. */
    if (!model->run.java && model->run.ended != LR_RUN_KILLED &&
        model->run.ended != LR_RUN_RUNNING)
        return false;
    if (lr_released_explicitly(site) == 0 || site->released_by_cleaner > 0)
        return false;
    if (site->live > LR_TRANSIENT_COUNT && site->live > site->acquired / 100 * LR_TRANSIENT_PERCENT)
        return false;
    /* A JVM stops its daemon threads wherever they are, and takes its time to the end. */
    if (vm_death_ms && vm_death_ms <= end_ms)
        recent += end_ms - vm_death_ms;
    if (vm_death_ms && site->live <= LR_TRANSIENT_COUNT && recent < LR_TRANSIENT_STOPPED_MS)
        recent = LR_TRANSIENT_STOPPED_MS;
    if (recent > LR_TRANSIENT_MS)
        recent = LR_TRANSIENT_MS;
    return site->oldest_ms + recent >= end_ms;
}

static enum lr_site_class judge_site(struct lr_model_pair_site *site,
                                     const struct lr_model *model, uint64_t end_ms)
{
    if (site->expected)
        return LR_CLASS_EXPECTED;
    if (lr_pair_site_never_ended(site) == 0)
        return LR_CLASS_CLEAN;
    if (is_transient(site, model, end_ms))
        return LR_CLASS_TRANSIENT;
    site->expected = lr_why_bounded(site, model);
    return site->expected ? LR_CLASS_EXPECTED : LR_CLASS_LEAK;
}

static int compare_numbers_down(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

/* Leaks, then what was in use, what is expected, what is clean; the most never-ended first. */
static int compare_sites(const void *left, const void *right)
{
    const struct lr_model_pair_site *a = left, *b = right;
    int order = (b->class > a->class) - (b->class < a->class);

    if (order == 0)
        order = compare_numbers_down(lr_pair_site_never_ended(a), lr_pair_site_never_ended(b));
    if (order == 0)
        order = compare_numbers_down(a->bytes_at_creation + a->bytes_later,
                                     b->bytes_at_creation + b->bytes_later);
    if (order == 0)
        order = compare_numbers_down(a->acquired, b->acquired);
    return order ? order : lr_path_compare(&a->path, &b->path);
}

uint64_t lr_leaked_at(const struct lr_model_pair *pair)
{
    uint64_t never_ended = 0;

    for (size_t i = 0; i < pair->site_count; i++)
        if (pair->sites[i].class == LR_CLASS_LEAK)
            never_ended += lr_pair_site_never_ended(&pair->sites[i]);
    return never_ended;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct lr_model_pair *a = left, *b = right;
    int order = compare_numbers_down(lr_leaked_at(a), lr_leaked_at(b));

    return order ? order : compare_numbers_down(a->acquired, b->acquired);
}

void lr_judge_sites(struct lr_model *model)
{
    uint64_t end_ms = end_of_recording(model);

    for (size_t i = 0; i < model->pair_count; i++) {
        struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count; s++)
            pair->sites[s].class = judge_site(&pair->sites[s], model, end_ms);
        if (pair->site_count > 0)
            qsort(pair->sites, pair->site_count, sizeof(*pair->sites), compare_sites);
    }
    if (model->pair_count > 0)
        qsort(model->pairs, model->pair_count, sizeof(*model->pairs), compare_pairs);
}
