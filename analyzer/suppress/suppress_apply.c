/* suppress_apply.c -- which site falls under which rule, and what each rule covers (suppress.h).
 *
 * Stage: MODEL, before JUDGE.  Context: analyzer only.  The first rule that matches and is in
 * force is a site's; else the first that has expired, or has no reason.  What a rule covers is
 * summed up before its cap is looked at: the cap is for all of its sites.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"
#include "suppress.h"

enum { MEMO = 4096 };

/* Whether the rule at hand matches a text, by its address: the symbolizer has one of each. */
struct memo {
    const char *text[MEMO];
    bool found[MEMO];
};

static bool matches(const struct lr_suppression *rule, const char *text, struct memo *memo)
{
    size_t slot = ((uintptr_t)text >> 3 ^ (uintptr_t)text >> 13) % MEMO;

    if (memo->text[slot] != text) {
        memo->text[slot] = text;
        memo->found[slot] = *text && lr_pattern_matches(rule->pattern, text);
    }
    return memo->found[slot];
}

static bool matches_frame(const struct lr_suppression *rule, const struct lr_model_frame *frame,
                          struct memo *memo)
{
    return matches(rule, frame->function, memo) || matches(rule, frame->file, memo) ||
           matches(rule, frame->module, memo);
}

static bool matches_path(const struct lr_suppression *rule, const struct lr_model_path *path,
                         const char *resource, struct memo *memo)
{
    if (rule->pair && strcmp(rule->pair, resource) != 0)
        return false;
    if (rule->match == LR_MATCH_CULPRIT)
        return path->count > 0 && matches_frame(rule, &path->frames[path->culprit], memo);
    for (size_t i = 0; rule->match == LR_MATCH_ANY && i < path->count; i++)
        if (matches_frame(rule, &path->frames[i], memo))
            return true;
    return false;
}

/* Has expired, or has no reason where one is needed. */
static bool is_void(const struct lr_model_suppression *use)
{
    return use->state == LR_SUPPRESS_EXPIRED || use->state == LR_SUPPRESS_UNREASONED;
}

static bool wants(struct lr_model_suppression *const *site, bool none)
{
    return !*site || (!none && is_void(*site));
}

static void match_sites(struct lr_model *model, struct lr_model_suppression *use, struct memo *memo)
{
    bool none = is_void(use);

    memset(memo, 0, sizeof(*memo));
    for (size_t i = 0; i < model->pair_count; i++) {
        struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count; s++)
            if (wants(&pair->sites[s].suppression, none) &&
                matches_path(use->rule, &pair->sites[s].path, pair->name, memo))
                pair->sites[s].suppression = use;
    }
    for (size_t i = 0; i < model->site_count + model->gone_count; i++) {
        bool live = i < model->site_count;
        struct lr_model_memory_site *site =
            live ? &model->sites[i] : &model->gone[i - model->site_count];

        if (wants(&site->suppression, none) &&
            matches_path(use->rule, &site->path, lr_memory_kind_name(site->kind), memo))
            site->suppression = use;
    }
}

/* A resource's own population lies between it and the first frame of the user's, whatever other
 * rules say of the caller. */
static void match_resources(struct lr_model *model, const struct lr_suppressions *set)
{
    for (size_t i = 0; i < model->pair_count; i++) {
        struct lr_model_pair *pair = &model->pairs[i];

        for (size_t s = 0; s < pair->site_count; s++) {
            size_t frame;
            const struct lr_suppression *rule =
                lr_suppress_resource(set, &pair->sites[s].path, pair->name, &frame);

            if (rule)
                pair->sites[s].suppression = &model->suppressions[rule - set->items];
        }
    }
}

static void sum_up(struct lr_model *model)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];
            uint64_t count = lr_pair_site_never_ended(site);

            if (!site->suppression || count == 0)
                continue;
            site->suppression->sites++;
            site->suppression->count += count;
            site->suppression->bytes += site->bytes_at_creation + site->bytes_later;
        }
    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if (!site->suppression)
            continue;
        site->suppression->sites++;
        site->suppression->count += lr_model_round(site->live_count.value);
        site->suppression->bytes += lr_model_round(site->live_bytes.value);
    }
}

/* Its name is only one part of what a rule asks. */
static bool might_match(const struct lr_model_suppression *use, const struct lr_model_path *path,
                        const char *resource)
{
    return path->names_lost && !is_void(use) &&
           (!use->rule->pair || strcmp(use->rule->pair, resource) == 0);
}

/* At a site that no rule covers and that lacks names: which rules may be for it? */
static void doubt_site(struct lr_model *model, const struct lr_model_suppression *covered,
                       struct lr_model_path *path, const char *resource)
{
    for (size_t i = 0; (!covered || is_void(covered)) && i < model->suppression_count; i++)
        if (might_match(&model->suppressions[i], path, resource)) {
            path->in_doubt = true;
            model->suppressions[i].in_doubt = true;
        }
}

static void doubt_sites(struct lr_model *model)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (lr_pair_site_never_ended(site))
                doubt_site(model, site->suppression, &site->path, model->pairs[i].name);
        }
    for (size_t i = 0; i < model->site_count; i++)
        doubt_site(model, model->sites[i].suppression, &model->sites[i].path,
                   lr_memory_kind_name(model->sites[i].kind));
}

static void decide(struct lr_model *model)
{
    for (size_t i = 0; i < model->suppression_count; i++) {
        struct lr_model_suppression *use = &model->suppressions[i];

        if (use->sites == 0)
            use->state = use->in_doubt ? LR_SUPPRESS_IN_DOUBT : LR_SUPPRESS_UNUSED;
        else if (is_void(use))
            continue;
        else if (use->bytes > use->rule->max_bytes || use->count > use->rule->max_count)
            use->state = LR_SUPPRESS_OVER;
        else
            use->state = LR_SUPPRESS_USED;
    }
}

static const char *reason_of(const struct lr_model_suppression *use)
{
    bool holds = use && (use->state == LR_SUPPRESS_USED || use->state == LR_SUPPRESS_UNUSED);

    return holds ? use->rule->reason : NULL;
}

/* What is clean needs no excuse, but a resource's own population is known as such. */
static void excuse_sites(struct lr_model *model)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct lr_model_pair_site *site = &model->pairs[i].sites[s];
            const struct lr_model_suppression *use = site->suppression;

            if (use && (use->rule->match == LR_MATCH_RESOURCE || lr_pair_site_never_ended(site)))
                site->expected = reason_of(use);
        }
    for (size_t i = 0; i < model->site_count; i++)
        model->sites[i].expected = reason_of(model->sites[i].suppression);
}

/* The recording's own time: a trace is judged alike on every day. */
static uint64_t day_of(const struct lr_model_run *run)
{
    uint64_t last = run->end_unix_ns ? run->end_unix_ns : run->start_unix_ns;

    return last ? last / 1000000000 : (uint64_t)time(NULL);
}

enum lr_status lr_suppress_sites(struct lr_model *model, const struct lr_suppressions *set,
                                 struct lr_error *error)
{
    struct memo *memo = malloc(sizeof(*memo));
    uint64_t now = day_of(&model->run);

    model->suppressions = calloc(set->count + 1, sizeof(*model->suppressions));
    if (!memo || !model->suppressions) {
        free(memo);
        return lr_fail(error, LR_FAILED, "out of memory");
    }
    model->suppression_count = set->count;
    for (size_t i = 0; i < set->count; i++) {
        struct lr_model_suppression *use = &model->suppressions[i];

        use->rule = &set->items[i];
        if (use->rule->until_unix && now >= use->rule->until_unix)
            use->state = LR_SUPPRESS_EXPIRED;
        else if (set->need_reasons && use->rule->unreasoned)
            use->state = LR_SUPPRESS_UNREASONED;
        match_sites(model, use, memo);
    }
    match_resources(model, set);
    sum_up(model);
    doubt_sites(model);
    decide(model);
    excuse_sites(model);
    free(memo);
    return LR_OK;
}
