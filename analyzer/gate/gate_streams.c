/* gate_streams.c -- rules on resource pairs: un-ended, left to the Cleaner, too many (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.  Streams are recorded one by one, so their counts are exact
 * whatever is sampled; only losses make them too low.
 */
#include "gate_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "words.h"

struct stream_site {
    const struct lr_model_pair *pair;
    const struct lr_model_pair_site *site;
};

static struct lr_estimate exactly(uint64_t value)
{
    return (struct lr_estimate){(double)value, (double)value, (double)value};
}

/* "java.util.zip.Inflater at com.acme.Codec.read", and the culprit with its line. */
static void name_site(const struct stream_site *at, char *subject, char *place, size_t place_size)
{
    const struct lr_model_path *path = &at->site->path;

    lr_gate_subject(subject, LR_GATE_SUBJECT_SIZE, at->pair->name, path);
    lr_model_place_text(place, place_size, path);
}

static enum lr_status add_unended(struct lr_gate_work *work, const struct stream_site *at,
                                  enum lr_gate_outcome outcome, const char *why)
{
    const struct lr_model_pair_site *site = at->site;
    uint64_t never = lr_pair_site_never_ended(site);
    char subject[LR_GATE_SUBJECT_SIZE], place[600], count[LR_UNIT_SIZE], all[LR_UNIT_SIZE],
        held[LR_UNIT_SIZE];
    struct lr_gate_result result = {.rule = LR_GATE_UNENDED,
                                    .outcome = outcome,
                                    .unit = LR_GATE_COUNT,
                                    .measured = exactly(never),
                                    .limit = work->rules->limit_unended,
                                    .path = &site->path,
                                    .pair = at->pair};

    name_site(at, subject, place, sizeof(place));
    if (outcome == LR_GATE_CANNOT_TELL)
        return lr_gate_say(work->report, &result, subject, work->error,
                           "%s of %s %s acquired at %s were live when the recording ended: "
                           "forgotten or in use, %s",
                           lr_unit_count(count, never), lr_unit_count(all, site->acquired),
                           at->pair->name, place, why);
    return lr_gate_say(work->report, &result, subject, work->error,
                       "%s of %s %s never ended, acquired at %s; they hold %s",
                       lr_unit_count(count, never), lr_unit_count(all, site->acquired),
                       at->pair->name, place,
                       lr_unit_bytes(held, site->bytes_at_creation + site->bytes_later, false));
}

static bool is_over(const struct lr_model_pair_site *site, double limit)
{
    return site->class == LR_CLASS_LEAK && (double)lr_pair_site_never_ended(site) > limit;
}

static enum lr_status judge_unended(struct lr_gate_work *work, const struct stream_site *at)
{
    enum lr_gate_outcome outcome;
    const char *why;

    if (!is_over(at->site, work->rules->limit_unended))
        return LR_OK;
    outcome = lr_gate_in_use(work->model, at->site, &why);
    return outcome == LR_GATE_PASS ? LR_OK : add_unended(work, at, outcome, why);
}

/* A release by an unknown caller may have been the Cleaner's. */
static enum lr_status judge_cleaner(struct lr_gate_work *work, const struct stream_site *at)
{
    const struct lr_model_pair_site *site = at->site;
    char subject[LR_GATE_SUBJECT_SIZE], place[600], count[LR_UNIT_SIZE], unknown[LR_UNIT_SIZE];
    double certain = (double)site->released_by_cleaner;
    double most = certain + (double)site->released_unknown;
    struct lr_gate_result result = {.rule = LR_GATE_CLEANER,
                                    .unit = LR_GATE_COUNT,
                                    .measured = {certain, certain, most},
                                    .limit = work->rules->limit_cleaner,
                                    .path = &site->path,
                                    .pair = at->pair};

    result.outcome = lr_gate_against(&result.measured, result.limit);
    if (site->class == LR_CLASS_EXPECTED || result.outcome == LR_GATE_PASS)
        return LR_OK;
    name_site(at, subject, place, sizeof(place));
    if (result.outcome == LR_GATE_FAIL)
        return lr_gate_say(work->report, &result, subject, work->error,
                           "%s %s acquired at %s %s ended only by the Cleaner",
                           lr_unit_count(count, site->released_by_cleaner), at->pair->name, place,
                           site->released_by_cleaner == 1 ? "was" : "were");
    return lr_gate_say(work->report, &result, subject, work->error,
                       "of %s %s acquired at %s nobody knows whether the program or the Cleaner "
                       "ended them",
                       lr_unit_count(unknown, site->released_unknown), at->pair->name, place);
}

static enum lr_status each_site(struct lr_gate_work *work,
                                enum lr_status (*judge)(struct lr_gate_work *,
                                                        const struct stream_site *))
{
    const struct lr_model *model = work->model;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            struct stream_site at = {&model->pairs[i], &model->pairs[i].sites[s]};
            enum lr_status status = judge(work, &at);

            if (status != LR_OK)
                return status;
        }
    return LR_OK;
}

/* No place forgot more than the limit; or what did is in use, as far as can be seen. */
static enum lr_status pass_unended(struct lr_gate_work *work, const struct lr_gate_result *result,
                                   uint64_t acquired)
{
    char count[LR_UNIT_SIZE], used[LR_UNIT_SIZE];
    uint64_t in_use = 0, allowed = 0;

    for (size_t i = 0; i < work->model->pair_count; i++)
        for (size_t s = 0; s < work->model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &work->model->pairs[i].sites[s];
            uint64_t never = is_over(site, 0) ? lr_pair_site_never_ended(site) : 0;

            *(is_over(site, result->limit) ? &in_use : &allowed) += never;
        }
    lr_unit_count(count, acquired);
    lr_unit_count(used, in_use ? in_use : allowed);
    if (in_use > 0)
        return lr_gate_say(work->report, result, "", work->error,
                           "%s streams were acquired; %s that are live seem to be in use: they "
                           "don't get more",
                           count, used);
    if (allowed > 0)
        return lr_gate_say(work->report, result, "", work->error,
                           "%s streams were acquired; %s were never ended, which the limit allows",
                           count, used);
    return lr_gate_say(work->report, result, "", work->error,
                       "%s stream%s acquired, and none was forgotten", count,
                       acquired == 1 ? " was" : "s were");
}

/* Says that a rule about sites found nothing, if it didn't. */
static enum lr_status pass_sites(struct lr_gate_work *work, enum lr_gate_rule rule, size_t before,
                                 double limit)
{
    struct lr_gate_result result = {.rule = rule, .unit = LR_GATE_COUNT, .limit = limit};
    uint64_t acquired = 0;
    char count[LR_UNIT_SIZE];

    if (work->report->count > before)
        return LR_OK;
    for (size_t i = 0; i < work->model->pair_count; i++)
        acquired += work->model->pairs[i].acquired;
    if (acquired == 0)
        return lr_gate_say(work->report, &result, "", work->error, "no streams were acquired");
    if (rule == LR_GATE_UNENDED)
        return pass_unended(work, &result, acquired);
    return lr_gate_say(work->report, &result, "", work->error,
                       "%s stream%s acquired, none left to the Cleaner",
                       lr_unit_count(count, acquired), acquired == 1 ? " was" : "s were");
}

/* The whole name, or what stands behind its last dot. */
static bool is_named(const struct lr_model_pair *pair, const char *name)
{
    const char *dot = strrchr(pair->name, '.');

    return strcmp(pair->name, name) == 0 || (dot && strcmp(dot + 1, name) == 0);
}

/* Is it one that the tracer, or the program itself, gave a resource?  Else *meant is the one that
 * it nearly is; NULL: none. */
static bool is_known(const struct lr_model *model, const char *name, const char **meant)
{
    const char *const *names = (const char *const *)model->pair_names;

    *meant = NULL;
    for (size_t i = 0; i < model->pair_name_count; i++) {
        const char *dot = strrchr(names[i], '.'), *last = dot ? dot + 1 : names[i];

        if (strcmp(names[i], name) == 0 || strcmp(last, name) == 0)
            return true;
        if (lr_closest(name, &names[i], 1) || lr_closest(name, &last, 1))
            *meant = names[i];
    }
    return false;
}

/* As many as fit. */
static const char *list_names(char *out, size_t size, const struct lr_model *model)
{
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < model->pair_name_count; i++) {
        const char *name = model->pair_names[i];

        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the model's names are texts */
        if (length + strlen(name) + 8 > size) {
            snprintf(out + length, size - length, ", ...");
            break;
        }
        length += (size_t)snprintf(out + length, size - length, "%s%s", length ? ", " : "", name);
    }
    return out;
}

/* None was acquired: or is the name a slip, by which the limit would always be kept? */
static enum lr_status judge_none(struct lr_gate_work *work, struct lr_gate_result *result,
                                 const char *name)
{
    char names[400];
    const char *meant;

    if (is_known(work->model, name, &meant))
        return lr_gate_say(work->report, result, name, work->error, "no %s was acquired", name);
    result->outcome = LR_GATE_CANNOT_TELL;
    if (meant)
        return lr_gate_say(work->report, result, name, work->error,
                           "nothing is called %s; was %s meant?", name, meant);
    return lr_gate_say(work->report, result, name, work->error,
                       "nothing is called %s in this recording, which knows %s", name,
                       work->model->pair_name_count
                           ? list_names(names, sizeof(names), work->model)
                           : "no resources");
}

static enum lr_status judge_live(struct lr_gate_work *work, const struct lr_gate_pair_limit *limit,
                                 bool bytes)
{
    struct lr_gate_result result = {.rule = LR_GATE_LIMIT_PAIR,
                                    .unit = bytes ? LR_GATE_BYTES : LR_GATE_COUNT,
                                    .limit = bytes ? limit->bytes : limit->count};
    char live[LR_UNIT_SIZE], most[LR_UNIT_SIZE];
    uint64_t sum = 0;

    for (size_t i = 0; i < work->model->pair_count; i++) {
        const struct lr_model_pair *pair = &work->model->pairs[i];

        if (!is_named(pair, limit->pair))
            continue;
        sum += bytes ? pair->live_bytes : pair->live;
        result.pair = pair;
        if (pair->site_count > 0)
            result.path = &pair->sites[0].path;
    }
    result.measured = exactly(sum);
    result.outcome = lr_gate_against(&result.measured, result.limit);
    if (result.outcome == LR_GATE_PASS)
        result.path = NULL;
    if (!result.pair)
        return judge_none(work, &result, limit->pair);
    if (bytes)
        return lr_gate_say(work->report, &result, limit->pair, work->error,
                           "live %s hold %s; the limit is %s", limit->pair,
                           lr_unit_bytes(live, sum, false),
                           lr_unit_bytes(most, lr_model_round(result.limit), false));
    return lr_gate_say(work->report, &result, limit->pair, work->error,
                       "%s %s are live; the limit is %s", lr_unit_count(live, sum), limit->pair,
                       lr_unit_count(most, lr_model_round(result.limit)));
}

enum lr_status lr_gate_streams(struct lr_gate_work *work)
{
    const struct lr_gate_rules *rules = work->rules;
    size_t before = work->report->count;
    enum lr_status status = LR_OK;

    if (rules->limit_unended >= 0) {
        status = each_site(work, judge_unended);
        if (status == LR_OK)
            status = pass_sites(work, LR_GATE_UNENDED, before, rules->limit_unended);
    }
    before = work->report->count;
    if (status == LR_OK && rules->limit_cleaner >= 0) {
        status = each_site(work, judge_cleaner);
        if (status == LR_OK)
            status = pass_sites(work, LR_GATE_CLEANER, before, rules->limit_cleaner);
    }
    for (size_t i = 0; status == LR_OK && i < rules->pair_count; i++) {
        if (rules->pairs[i].count >= 0)
            status = judge_live(work, &rules->pairs[i], false);
        if (status == LR_OK && rules->pairs[i].bytes >= 0)
            status = judge_live(work, &rules->pairs[i], true);
    }
    return status;
}
