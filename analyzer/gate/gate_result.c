/* gate_result.c -- the list of answers: names, adding, ordering (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 */
#include "gate_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} rules[LR_GATE_RULES] = {
    [LR_GATE_COMPLETENESS] = {"completeness", "The recording is whole, and long and exact enough"},
    [LR_GATE_UNENDED] = {"unended", "Every stream is ended by the program"},
    [LR_GATE_CLEANER] = {"cleaner", "No stream is left to the Cleaner"},
    [LR_GATE_GROWTH] = {"growth", "No memory grows steadily to the end of the recording"},
    [LR_GATE_LIMIT_GROWTH] = {"limit-growth", "No place grows faster than the limit"},
    [LR_GATE_TOTAL_GROWTH] = {"limit-total-growth", "All memory together grows no faster than "
                                                    "the limit"},
    [LR_GATE_LIMIT_LEAKS] = {"limit-leaks", "No place holds more memory than the limit"},
    [LR_GATE_LIMIT_PAIR] = {"limit-live", "No more streams of a kind are live than the limit"},
    [LR_GATE_PEAK_RSS] = {"limit-rss", "Resident memory never exceeds the limit"},
    [LR_GATE_UNEXPLAINED] = {"limit-unexplained", "Resident memory that nobody can explain stays "
                                                  "below the limit"},
    [LR_GATE_INCREASE] = {"increase", "Nothing leaks that does not leak in the baseline"},
    [LR_GATE_SUPPRESSION] = {"suppression", "Suppressions are in force"},
};

const char *lr_gate_rule_name(enum lr_gate_rule rule)
{
    return rules[rule].name;
}

const char *lr_gate_rule_text(enum lr_gate_rule rule)
{
    return rules[rule].text;
}

const char *lr_gate_outcome_name(enum lr_gate_outcome outcome)
{
    static const char *const names[] = {"pass", "cannot-tell", "fail"};

    return names[outcome];
}

const struct lr_model_frame *lr_gate_culprit(const struct lr_gate_result *result)
{
    const struct lr_model_path *path = result->path;

    return path && path->count > 0 ? &path->frames[path->culprit] : NULL;
}

static enum lr_status make_room(struct lr_gate_report *report, struct lr_error *error)
{
    size_t room = report->room ? 2 * report->room : 16;
    struct lr_gate_result *items;

    if (report->count < report->room)
        return LR_OK;
    items = realloc(report->items, room * sizeof(*items));
    if (!items)
        return lr_fail(error, LR_FAILED, "out of memory");
    report->items = items;
    report->room = room;
    return LR_OK;
}

enum lr_status lr_gate_add(struct lr_gate_report *report, const struct lr_gate_result *result,
                           struct lr_error *error)
{
    enum lr_status status = make_room(report, error);

    if (status == LR_OK && (!result->subject || !result->message))
        status = lr_fail(error, LR_FAILED, "out of memory");
    if (status != LR_OK) {
        free(result->subject);
        free(result->message);
        return status;
    }
    report->items[report->count++] = *result;
    if (result->outcome > report->outcome)
        report->outcome = result->outcome;
    return LR_OK;
}

enum lr_status lr_gate_say(struct lr_gate_report *report, const struct lr_gate_result *result,
                           const char *subject, struct lr_error *error, const char *format, ...)
{
    struct lr_gate_result said = *result;
    va_list arguments;

    said.subject = strdup(subject);
    va_start(arguments, format);
    if (vasprintf(&said.message, format, arguments) < 0)
        said.message = NULL;
    va_end(arguments);
    return lr_gate_add(report, &said, error);
}

/* The frame that decided to create it is the last of the key, where that isn't the culprit. */
static const struct lr_model_frame *decider(const struct lr_model_path *path)
{
    size_t last = path->key_end > path->count ? path->count : path->key_end;

    for (size_t i = last; i > path->culprit + 1; i--)
        if (path->frames[i - 1].user)
            return &path->frames[i - 1];
    return NULL;
}

void lr_gate_subject(char *out, size_t size, const char *kind, const struct lr_model_path *path)
{
    const struct lr_model_frame *caller;
    const struct lr_model_frame *culprit = path->count ? &path->frames[path->culprit] : NULL;

    if (!culprit) {
        snprintf(out, size, "%s at an unknown place", kind);
        return;
    }
    caller = path->key_whole ? NULL : decider(path);
    /* Of a frame without a name its module is what stays the same in another run. */
    lr_text_end_whole(out, size,
                      snprintf(out, size, "%s at %s%s%s", kind,
                               culprit->named ? culprit->function : culprit->module,
                               caller && caller->named ? " from " : "",
                               caller && caller->named ? caller->function : ""));
}

static int compare_results(const void *left, const void *right)
{
    const struct lr_gate_result *a = left, *b = right;
    double more = b->measured.value - a->measured.value;

    if (a->rule != b->rule)
        return (a->rule > b->rule) - (a->rule < b->rule);
    if (a->outcome != b->outcome)
        return (b->outcome > a->outcome) - (b->outcome < a->outcome);
    if (more > 0 || more < 0)
        return more > 0 ? 1 : -1;
    return strcmp(a->subject, b->subject);
}

void lr_gate_sort(struct lr_gate_report *report)
{
    if (report->count > 0)
        qsort(report->items, report->count, sizeof(*report->items), compare_results);
}

static bool is_taken(const struct lr_gate_report *report, size_t before, const char *subject)
{
    for (size_t i = 0; i < before; i++)
        if (report->items[i].rule == report->items[before].rule &&
            strcmp(report->items[i].subject, subject) == 0)
            return true;
    return false;
}

enum lr_status lr_gate_make_unique(struct lr_gate_report *report, struct lr_error *error)
{
    for (size_t i = 0; i < report->count; i++) {
        char *name = NULL;

        if (!is_taken(report, i, report->items[i].subject))
            continue;
        for (unsigned n = 2; !name || is_taken(report, i, name); n++) {
            free(name);
            if (asprintf(&name, "%s (%u)", report->items[i].subject, n) < 0)
                return lr_fail(error, LR_FAILED, "out of memory");
        }
        free(report->items[i].subject);
        report->items[i].subject = name;
    }
    return LR_OK;
}

void lr_gate_report_free(struct lr_gate_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->items[i].subject);
        free(report->items[i].message);
    }
    free(report->items);
    *report = (struct lr_gate_report){0};
}
