/* gate_result.c -- the list of answers: names, adding, ordering (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 */
#include "gate_internal.h"

#include <search.h>
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

/* Would it be known to be no failure, had its place all its names?  A limit on all streams of a
 * kind counts them whatever they are called. */
static bool names_matter(const struct lr_gate_result *result)
{
    const struct lr_model_path *path = result->path;

    if (result->outcome != LR_GATE_FAIL || !path || result->rule == LR_GATE_LIMIT_PAIR)
        return false;
    return path->in_doubt || (result->rule == LR_GATE_INCREASE && path->names_lost);
}

/* Ends the message with why a failure is none; frees it without memory. */
static char *put_doubt(char *message)
{
    char *longer = NULL;

    if (message &&
        asprintf(&longer, "%s; names are missing there, as reading files failed: whether that is "
                          "expected can't be told",
                 message) < 0)
        longer = NULL;
    free(message);
    return longer;
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
    if (names_matter(result)) {
        said.outcome = LR_GATE_CANNOT_TELL;
        said.message = put_doubt(said.message);
    }
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

/* Subjects that were met, in a tree: a hostile or stripped program's are alike by the thousand. */
struct taken {
    enum lr_gate_rule rule;
    const char *subject; /* the report's, or that of the caller while it is looked for */
    unsigned next;       /* the number that the next one alike gets */
};

static int compare_taken(const void *left, const void *right)
{
    const struct taken *a = left, *b = right;

    return a->rule != b->rule ? (a->rule > b->rule) - (a->rule < b->rule)
                              : strcmp(a->subject, b->subject);
}

/* The entry of that subject, new or old; `spare` becomes it if it is new.  NULL: no memory. */
static struct taken *take(void **tree, struct taken *spare, enum lr_gate_rule rule,
                          const char *subject)
{
    struct taken **found;

    *spare = (struct taken){rule, subject, 2};
    found = tsearch(spare, tree, compare_taken);
    return found ? *found : NULL;
}

/* Numbers items[i] if its subject is another's. */
static bool make_unique(struct lr_gate_report *report, size_t i, void **tree, struct taken *spare)
{
    struct lr_gate_result *result = &report->items[i];
    struct taken *first = take(tree, spare, result->rule, result->subject), *entry = first;

    while (entry && entry != spare) {
        char *name;

        if (asprintf(&name, "%s (%u)", first->subject, first->next++) < 0)
            return false;
        entry = take(tree, spare, result->rule, name);
        if (entry != spare) {
            free(name);
            continue;
        }
        free(result->subject);
        result->subject = name;
    }
    return entry != NULL;
}

static void keep(void *entry)
{
    (void)entry;
}

enum lr_status lr_gate_make_unique(struct lr_gate_report *report, struct lr_error *error)
{
    struct taken *entries = calloc(report->count + 1, sizeof(*entries));
    void *tree = NULL;
    bool ok = entries != NULL;

    for (size_t i = 0; ok && i < report->count; i++)
        ok = make_unique(report, i, &tree, &entries[i]);
    tdestroy(tree, keep);
    free(entries);
    return ok ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

enum lr_status lr_gate_doubt(struct lr_gate_report *report, const char *subject, const char *why,
                             struct lr_error *error)
{
    struct lr_gate_result result = {.rule = LR_GATE_COMPLETENESS, .outcome = LR_GATE_CANNOT_TELL};
    enum lr_status status = lr_gate_say(report, &result, subject, error, "%s", why);

    lr_gate_sort(report);
    return status;
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
