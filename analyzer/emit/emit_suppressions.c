/* emit_suppressions.c -- emit_suppressions.h.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_suppressions.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "units.h"

bool lr_suppression_shown(const struct lr_model_suppression *use)
{
    return !use->rule->built_in ||
           (use->state != LR_SUPPRESS_UNUSED && use->state != LR_SUPPRESS_IN_DOUBT);
}

/* "3 places, 7 live or never ended, 12.3 kB" */
static int write_covered(char *out, size_t size, const struct lr_model_suppression *use, bool raw)
{
    char count[LR_UNIT_SIZE], bytes[LR_UNIT_SIZE];

    return snprintf(out, size, "%" PRIu64 " place%s, %s live or never ended, %s", use->sites,
                    use->sites == 1 ? "" : "s", lr_unit_count(count, use->count),
                    lr_unit_bytes(bytes, use->bytes, raw));
}

static const char *cap_of(char *out, size_t size, const struct lr_suppression *rule, bool raw)
{
    char bytes[LR_UNIT_SIZE];

    if (rule->max_bytes != UINT64_MAX && rule->max_count != UINT64_MAX)
        snprintf(out, size, "%s and %" PRIu64, lr_unit_bytes(bytes, rule->max_bytes, raw),
                 rule->max_count);
    else if (rule->max_bytes != UINT64_MAX)
        snprintf(out, size, "%s", lr_unit_bytes(bytes, rule->max_bytes, raw));
    else
        snprintf(out, size, "%" PRIu64, rule->max_count);
    return out;
}

const char *lr_suppression_text(char *out, size_t size, const struct lr_model_suppression *use,
                                bool raw_bytes)
{
    char covered[160], cap[100];
    int wanted = 0;

    write_covered(covered, sizeof(covered), use, raw_bytes);
    switch (use->state) {
    case LR_SUPPRESS_UNUSED:
        wanted = snprintf(out, size, "matched nothing that is live: it can be removed");
        break;
    case LR_SUPPRESS_IN_DOUBT:
        wanted = snprintf(out, size, "matched nothing that is live, but names are missing, as "
                                     "reading files failed: whether it is needed can't be told");
        break;
    case LR_SUPPRESS_USED:
        wanted = snprintf(out, size, "covers %s", covered);
        break;
    case LR_SUPPRESS_EXPIRED:
        wanted =
            snprintf(out, size, "EXPIRED on %s: no longer covers %s", use->rule->until, covered);
        break;
    case LR_SUPPRESS_OVER:
        wanted = snprintf(out, size, "OVER its cap of %s: covers none of %s",
                          cap_of(cap, sizeof(cap), use->rule, raw_bytes), covered);
        break;
    case LR_SUPPRESS_UNREASONED:
        wanted = snprintf(out, size, "WITHOUT A REASON: covers none of %s", covered);
        break;
    }
    return lr_text_end_whole(out, size, wanted);
}

static void put_rule(struct lr_page *page, const struct lr_model_suppression *use, bool raw_bytes)
{
    const struct lr_suppression *rule = use->rule;
    bool fails = use->state == LR_SUPPRESS_EXPIRED || use->state == LR_SUPPRESS_OVER;
    char text[400];

    lr_page_text(page, 2, 4, LR_INK_PLAIN, "leak:%s  (%s:%u)", rule->pattern, rule->file,
                 rule->line);
    lr_page_text(page, 4, 6, fails ? LR_INK_YELLOW : LR_INK_PLAIN, "%s",
                 lr_suppression_text(text, sizeof(text), use, raw_bytes));
    lr_page_text(page, 4, 6, LR_INK_PLAIN, "reason: %s%s%s", rule->reason,
                 rule->owner ? "; owner: " : "", rule->owner ? rule->owner : "");
}

void lr_emit_suppressions(struct lr_page *page, const struct lr_model *model, bool raw_bytes)
{
    bool first = true;

    for (size_t i = 0; i < model->suppression_count; i++) {
        /* What the starter set covers is listed as expected already. */
        if (model->suppressions[i].rule->built_in &&
            model->suppressions[i].state != LR_SUPPRESS_OVER)
            continue;
        if (first) {
            lr_page_blank(page);
            lr_page_text(page, 0, 2, LR_INK_BOLD, "Suppressions");
        }
        first = false;
        put_rule(page, &model->suppressions[i], raw_bytes);
    }
}

static json_object *string_or_null(const char *text)
{
    return text && *text ? json_object_new_string(text) : NULL;
}

static json_object *cap_or_null(uint64_t cap)
{
    return cap == UINT64_MAX ? NULL : json_object_new_uint64(cap);
}

static json_object *to_json(const struct lr_model_suppression *use)
{
    const struct lr_suppression *rule = use->rule;
    json_object *object = json_object_new_object();

    json_object_object_add(object, "pattern", json_object_new_string(rule->pattern));
    json_object_object_add(object, "file", json_object_new_string(rule->file));
    json_object_object_add(object, "line", json_object_new_int64(rule->line));
    json_object_object_add(object, "match",
                           json_object_new_string(lr_suppress_match_name(rule->match)));
    json_object_object_add(object, "pair", string_or_null(rule->pair));
    json_object_object_add(object, "reason", json_object_new_string(rule->reason));
    json_object_object_add(object, "owner", string_or_null(rule->owner));
    json_object_object_add(object, "until", string_or_null(rule->until));
    json_object_object_add(object, "max_bytes", cap_or_null(rule->max_bytes));
    json_object_object_add(object, "max_count", cap_or_null(rule->max_count));
    json_object_object_add(object, "default", json_object_new_boolean(rule->built_in));
    json_object_object_add(object, "state",
                           json_object_new_string(lr_suppress_state_name(use->state)));
    json_object_object_add(object, "sites", json_object_new_uint64(use->sites));
    json_object_object_add(object, "count", json_object_new_uint64(use->count));
    json_object_object_add(object, "bytes", json_object_new_uint64(use->bytes));
    return object;
}

struct json_object *lr_suppressions_to_json(const struct lr_model *model)
{
    json_object *array = json_object_new_array();

    for (size_t i = 0; i < model->suppression_count; i++)
        if (lr_suppression_shown(&model->suppressions[i]))
            json_object_array_add(array, to_json(&model->suppressions[i]));
    return array;
}

/* --- new rules -------------------------------------------------------------------------------- */

enum { DAYS = 90, MEGABYTE = 1 << 20 };

/* Ninety days from the recording's end: somebody has to look again. */
static const char *until_of(char *out, size_t size, const struct lr_model_run *run)
{
    uint64_t last = run->end_unix_ns ? run->end_unix_ns : run->start_unix_ns;
    time_t day = (time_t)(last / 1000000000) + DAYS * 86400;
    struct tm parts;

    if (!gmtime_r(&day, &parts) || strftime(out, size, "%Y-%m-%d", &parts) != 10)
        snprintf(out, size, "2099-12-31");
    return out;
}

/* A finding to be; those at one function are one rule. */
struct finding {
    const struct lr_model_path *path;
    const char *resource;
    uint64_t count, bytes;
};

static void put_new_rule(FILE *out, const struct lr_model *model, const struct finding *finding)
{
    const struct lr_model_frame *culprit = &finding->path->frames[finding->path->culprit];
    uint64_t most = 2 * (finding->bytes / MEGABYTE + 1);
    char until[32], place[600], amount[LR_UNIT_SIZE];

    fprintf(out, "# %s: %" PRIu64 " live or never ended, %s, in %s\n", finding->resource,
            finding->count, lr_unit_bytes(amount, finding->bytes, false),
            lr_model_frame_text(place, sizeof(place), culprit));
    fprintf(out, "#: match=culprit pair=%s until=%s max=%" PRIu64 "MiB reason=\"\"\n",
            finding->resource, until_of(until, sizeof(until), &model->run), most);
    fprintf(out, "leak:^%s$\n\n", culprit->function);
}

static bool is_same(const struct finding *a, const struct finding *b)
{
    return strcmp(a->resource, b->resource) == 0 &&
           strcmp(a->path->frames[a->path->culprit].function,
                  b->path->frames[b->path->culprit].function) == 0;
}

/* What has no name can't be known by it. */
static void add_finding(struct finding *findings, size_t *count, struct finding finding)
{
    if (finding.path->count == 0)
        return;
    for (size_t i = 0; i < *count; i++)
        if (is_same(&findings[i], &finding)) {
            findings[i].count += finding.count;
            findings[i].bytes += finding.bytes;
            return;
        }
    findings[(*count)++] = finding;
}

static void add_pairs(const struct lr_model *model, struct finding *findings, size_t *count)
{
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; s < model->pairs[i].site_count; s++) {
            const struct lr_model_pair_site *site = &model->pairs[i].sites[s];

            if (site->class == LR_CLASS_LEAK)
                add_finding(findings, count,
                            (struct finding){&site->path, model->pairs[i].name,
                                             lr_pair_site_never_ended(site),
                                             site->bytes_at_creation + site->bytes_later});
        }
}

enum lr_status lr_emit_new_suppressions(FILE *out, const struct lr_model *model,
                                        struct lr_error *error)
{
    struct finding *findings =
        calloc(model->verdict.sites + model->verdict.growing + 1, sizeof(*findings));
    size_t count = 0;

    if (!findings)
        return lr_fail(error, LR_FAILED, "out of memory");
    add_pairs(model, findings, &count);
    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if (site->leaks)
            add_finding(findings, &count,
                        (struct finding){&site->path, lr_memory_kind_name(site->kind),
                                         lr_model_round(site->live_count.value),
                                         lr_model_round(site->live_bytes.value)});
    }
    fputs("# What leakring found.  Give a reason for what is to stay, and remove the rest; a rule\n"
          "# without a reason is refused.  leakring-suppressions(5) has the format.\n\n",
          out);
    for (size_t i = 0; i < count; i++)
        put_new_rule(out, model, &findings[i]);
    free(findings);
    return LR_OK;
}
