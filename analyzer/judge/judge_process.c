/* judge_process.c -- the verdict on the process (judge.h has the order).
 *
 * Stage: JUDGE.  Context: analyzer only.
 */
#include <math.h>

#include "judge_internal.h"
#include "model_build.h"

static void sum_findings(struct lr_model *model)
{
    struct lr_model_verdict *verdict = &model->verdict;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class != LR_CLASS_LEAK)
                continue;
            verdict->sites++;
            verdict->never_ended += lr_pair_site_never_ended(site);
            verdict->held_bytes += site->bytes_at_creation + site->bytes_later;
        }
    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        site->leaks = !site->jvm && !site->expected && lr_growth_matters(&site->trend);
        verdict->growing += site->leaks;
        site->what = site->leaks ? lr_resource_name(site) : NULL;
    }
}

/* The errors of several sites are independent. */
static void add_rate(struct lr_estimate *sum, const struct lr_trend *trend)
{
    double below = hypot(sum->value - sum->low, trend->slope - trend->low);
    double above = hypot(sum->high - sum->value, trend->high - trend->slope);

    sum->value += trend->slope;
    sum->low = fmax(sum->value - below, 0);
    sum->high = sum->value + above;
}

/* Mappings are address space: they count in what is resident only when they are touched. */
static void sum_rates(struct lr_model *model)
{
    struct lr_estimate *rate = &model->verdict.rate, *addresses = &model->verdict.address_rate;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK && site->bytes_trend.kind == LR_TREND_GROWING)
                add_rate(rate, &site->bytes_trend);
        }
    for (size_t i = 0; i < model->site_count; i++)
        if (model->sites[i].leaks && model->sites[i].kind != LR_MEMORY_MMAP)
            add_rate(rate, &model->sites[i].trend);
    *addresses = *rate;
    for (size_t i = 0; i < model->site_count; i++)
        if (model->sites[i].leaks && model->sites[i].kind == LR_MEMORY_MMAP)
            add_rate(addresses, &model->sites[i].trend);
}

/* A collection has tested what leaks, and nothing of it was in use: at each place, for that one's
 * streams are dropped says nothing of another's.  Of what was born since, few may be live: a place
 * whose streams the Cleaner closed is tested by these. */
static bool is_garbage(const struct lr_model *model, const struct lr_facts *facts)
{
    bool garbage = model->verdict.sites > 0 && !facts->grows && model->run.full_gc_ms > 0;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; garbage && s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK)
                garbage = site->trend.kind != LR_TREND_GROWING && site->survived == 0 &&
                          site->released_by_cleaner > 0 &&
                          site->untested <= site->released_by_cleaner;
        }
    return garbage;
}

/* Of a native program without streams and trends nothing was judged: "none" would be a guess. */
static bool is_undecided(const struct lr_model *model, const struct lr_facts *facts)
{
    bool nothing = !model->run.java && model->pair_count == 0 && model->site_count > 0;

    return model->completeness.verdict != LR_COMPLETE || (nothing && !facts->trends) ||
           facts->undecided >= LR_MATTERS_UNDECIDED;
}

static enum lr_verdict kind_of(const struct lr_model *model, const struct lr_facts *facts)
{
    if (is_garbage(model, facts))
        return LR_VERDICT_GARBAGE_WAITING;
    if (model->verdict.sites > 0 || facts->grows)
        return LR_VERDICT_LEAK;
    if (model->completeness.verdict == LR_BLIND)
        return LR_VERDICT_CANNOT_TELL;
    if (model->gc_pressure.band == LR_PRESSURE_ACT)
        return LR_VERDICT_JAVA_HEAP;
    if (facts->slack > 0)
        return LR_VERDICT_RETENTION;
    if (lr_jvm_grows(facts))
        return LR_VERDICT_JVM_OTHER;
    if (facts->balloon || facts->others)
        return LR_VERDICT_OUTSIDE;
    return is_undecided(model, facts) ? LR_VERDICT_CANNOT_TELL : LR_VERDICT_NONE;
}

enum lr_status lr_judge_process(struct lr_model *model, struct lr_error *error)
{
    struct lr_facts facts;
    enum lr_status status;

    sum_findings(model);
    sum_rates(model);
    if (!lr_facts_gather(model, &facts))
        return lr_fail(error, LR_FAILED, "out of memory");
    model->verdict.kind = kind_of(model, &facts);
    status = lr_judge_evidence(model, &facts, error);
    return status == LR_OK ? lr_judge_say(model, &facts, error) : status;
}
