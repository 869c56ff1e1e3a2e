/* judge_facts.c -- what the verdict on the process is made of (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include "judge_internal.h"
#include "model_build.h"

/* Less than this of the machine's memory is next to none; more than this of it taken matters. */
static const double NEXT_TO_NONE = 0.1, MUCH = 0.1;

bool lr_growth_matters(const struct lr_trend *trend)
{
    double grown = trend->slope * (trend->to_s - trend->from_s) / 3600;

    return trend->kind == LR_TREND_GROWING && trend->slope >= LR_MATTERS_RATE &&
           grown >= LR_MATTERS_GROWN;
}

static void gather_pairs(const struct lr_model *model, struct lr_facts *facts)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class != LR_CLASS_LEAK)
                continue;
            facts->live += site->live;
            facts->survived += site->survived;
            facts->untested += site->untested;
        }
}

static void take_faster(const struct lr_model_memory_site **fastest,
                        const struct lr_model_memory_site *site)
{
    if (!*fastest || site->trend.slope > (*fastest)->trend.slope)
        *fastest = site;
}

static void gather_memory(const struct lr_model *model, struct lr_facts *facts)
{
    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        facts->trends |= site->trend.kind != LR_TREND_UNKNOWN;
        if (site->expected)
            continue;
        if (lr_growth_matters(&site->trend) && (!site->jvm || lr_jvm_site_counts(site)))
            take_faster(site->jvm ? &facts->jvm_grows : &facts->grows, site);
        if (site->jvm)
            continue;
        if (site->lost && (!facts->full || site->live_count.value > facts->full->live_count.value))
            facts->full = site;
        if (site->kind == LR_MEMORY_MMAP || site->trend.kind != LR_TREND_UNKNOWN)
            continue;
        facts->undecided += site->live_bytes.value;
        if (!facts->open || site->live_bytes.value > facts->open->live_bytes.value)
            facts->open = site;
    }
}

static uint64_t change_of(const struct lr_model_series *series, const char *name, uint64_t *last)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t from = column ? lr_model_first_known(series, column) : series->points;

    *last = 0;
    if (from >= series->points)
        return 0;
    *last = column->values[lr_model_last_known(series, column)];
    return *last > column->values[from] ? *last - column->values[from] : 0;
}

/* A balloon that was there before is the machine's size as long as enough is left; one that grew is
 * somebody's doing. */
static void gather_machine(const struct lr_model_series *series, struct lr_facts *facts)
{
    uint64_t total, available, own, swapped, balloon, withheld, grown, less;

    change_of(series, "host_total", &total);
    change_of(series, "host_available", &available);
    change_of(series, "rss", &own);
    change_of(series, "swapped", &swapped);
    grown = change_of(series, "host_balloon", &balloon);
    less = change_of(series, "host_withheld", &withheld);
    if (total == 0 || available == 0) /* not known */
        return;
    if (less > grown) /* most balloons count in both */
        grown = less;
    bool short_of = (double)available < NEXT_TO_NONE * (double)total;
    if (short_of && balloon > grown)
        grown = balloon;
    if ((double)grown > MUCH * (double)total)
        facts->balloon = grown;
    if (short_of && own > 0 && (double)own + (double)swapped < (double)(total - available) / 4)
        facts->others = total - available - own;
}

/* By the ledger; where the kernel was too slow for one, by what the allocator says. */
static void gather_slack(const struct lr_model *model, struct lr_facts *facts)
{
    const struct lr_model_ledger *ledger = &model->ledger;
    const struct lr_model_allocator *allocator = &model->allocator;
    uint64_t slack = ledger->bytes[LR_LEDGER_SLACK], resident = ledger->resident;

    facts->malloc_live = ledger->bytes[LR_LEDGER_LIVE];
    if (!ledger->known && lr_allocator_slack(allocator) != LR_MODEL_UNKNOWN) {
        slack = lr_allocator_slack(allocator);
        facts->malloc_live = allocator->live;
        change_of(&model->series, "rss", &resident);
    }
    if (slack >= LR_MATTERS_SLACK && slack >= facts->malloc_live && slack >= resident / 10)
        facts->slack = (double)slack;
}

bool lr_facts_gather(const struct lr_model *model, struct lr_facts *facts)
{
    const struct lr_model_series *series = &model->series;

    *facts = (struct lr_facts){0};
    gather_pairs(model, facts);
    gather_memory(model, facts);
    gather_machine(series, facts);
    gather_slack(model, facts);
    return lr_judge_column(series, "java_metaspace", &facts->metaspace) &&
           lr_judge_column(series, "java_threads", &facts->threads) &&
           lr_judge_column(series, "rss_shared", &facts->files);
}
