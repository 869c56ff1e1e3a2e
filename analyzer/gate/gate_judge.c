/* gate_judge.c -- is the recording fit to be judged; rules on the whole process; all in order
 * (gate.h).
 *
 * Stage: GATE.  Context: analyzer only.
 */
#include "gate_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "units.h"

enum lr_gate_outcome lr_gate_against(const struct lr_estimate *measured, double limit)
{
    if (measured->low > limit)
        return LR_GATE_FAIL;
    return measured->high <= limit ? LR_GATE_PASS : LR_GATE_CANNOT_TELL;
}

static enum lr_status say_incomplete(struct lr_gate_work *work, struct lr_gate_result *result)
{
    const struct lr_model_completeness *complete = &work->model->completeness;
    char value[LR_UNIT_SIZE];

    result->outcome = LR_GATE_CANNOT_TELL;
    if (complete->verdict == LR_BLIND)
        return lr_gate_say(work->report, result, "", work->error, "the tracer was blind: %s",
                           complete->notes.count ? complete->notes.items[0] : "it saw no calls");
    if (complete->loss_count > 0)
        return lr_gate_say(
            work->report, result, "", work->error, "the recording is incomplete: %s %s%s",
            lr_unit_count(value, complete->losses[0].value), complete->losses[0].text,
            complete->loss_count > 1 ? ", and more was lost" : "");
    return lr_gate_say(work->report, result, "", work->error, "the recording is incomplete: %s",
                       complete->notes.count ? complete->notes.items[0]
                                             : "parts of it are damaged");
}

static enum lr_status pass_complete(struct lr_gate_work *work)
{
    struct lr_gate_result result = {.rule = LR_GATE_COMPLETENESS};
    uint64_t forks = work->model->run.forks - work->model->run.forks_replaced;
    const char *sampled =
        work->model->completeness.max_interval > 0 ? ", with blocks sampled" : "";
    char count[LR_UNIT_SIZE];

    if (forks == 0)
        return lr_gate_say(work->report, &result, "", work->error, "the recording is complete%s",
                           sampled);
    return lr_gate_say(work->report, &result, "", work->error,
                       "the recording is complete%s; what %s forked child%s did is not in it",
                       sampled, lr_unit_count(count, forks), forks == 1 ? "" : "ren");
}

/* A server that forks its workers does nothing itself that could leak. */
static enum lr_status say_forked(struct lr_gate_work *work, struct lr_gate_result *result,
                                 double forked)
{
    bool one = forked == 1;
    char count[LR_UNIT_SIZE], most[LR_UNIT_SIZE], allowed[LR_UNIT_SIZE + 16] = "";

    if (result->limit > 0)
        snprintf(allowed, sizeof(allowed), "; the limit is %s",
                 lr_unit_count(most, lr_model_round(result->limit)));
    result->unit = LR_GATE_COUNT;
    result->measured = (struct lr_estimate){forked, forked, forked};
    return lr_gate_say(work->report, result, "forked children", work->error,
                       "%s forked child%s went on with the program and %s not recorded%s: run it "
                       "as one process in the foreground, or say --limit-forked=off if what %s did "
                       "does not matter",
                       lr_unit_count(count, lr_model_round(forked)), one ? "" : "ren",
                       one ? "was" : "were", allowed, one ? "it" : "they");
}

static enum lr_status judge_completeness(struct lr_gate_work *work)
{
    const struct lr_gate_rules *rules = work->rules;
    const struct lr_model_completeness *complete = &work->model->completeness;
    double seconds = (double)lr_model_span_ms(work->model) / 1000;
    double forked = (double)(work->model->run.forks - work->model->run.forks_replaced);
    struct lr_gate_result result = {.rule = LR_GATE_COMPLETENESS, .outcome = LR_GATE_CANNOT_TELL};
    char interval[LR_UNIT_SIZE], most[LR_UNIT_SIZE];

    if (complete->verdict != LR_COMPLETE)
        return say_incomplete(work, &result);
    if (seconds < rules->min_duration_s)
        return lr_gate_say(work->report, &result, "", work->error,
                           "the recording lasts %s; %s are wanted",
                           lr_unit_duration(interval, lr_model_span_ms(work->model)),
                           lr_unit_duration(most, lr_model_round(rules->min_duration_s * 1000)));
    if (rules->max_interval >= 0 && (double)complete->max_interval > rules->max_interval)
        return lr_gate_say(work->report, &result, "", work->error,
                           "one block for %s was recorded; %s is wanted",
                           lr_unit_bytes(interval, complete->max_interval, false),
                           rules->max_interval > 0
                               ? lr_unit_bytes(most, lr_model_round(rules->max_interval), false)
                               : "every block");
    if (rules->limit_forked >= 0 && forked > rules->limit_forked) {
        result.limit = rules->limit_forked;
        return say_forked(work, &result, forked);
    }
    return pass_complete(work);
}

/* The largest value of a column, and how many are known. */
static size_t largest(const struct lr_model_series *series, const char *name, uint64_t *most)
{
    const struct lr_model_column *column = lr_model_column(series, name);
    size_t known = 0;

    *most = 0;
    for (size_t i = 0; column && i < series->points; i++)
        if (column->values[i] != LR_MODEL_UNKNOWN) {
            *most = *most > column->values[i] ? *most : column->values[i];
            known++;
        }
    return known;
}

/* The kernel's peak is that of the whole run: does it tell of the phase?  It is read every ten
 * seconds, or less often on a slow machine; what rises half a minute behind the mark or later rises
 * in the phase. */
static bool peak_is_older(const struct lr_model *model)
{
    const struct lr_model_column *column = lr_model_column(&model->series, "rss_peak");
    uint64_t settled_ms = model->phase.from_ms + 30000, before = LR_MODEL_UNKNOWN;

    if (!model->phase.set || model->phase.from_ms == 0)
        return false;
    for (size_t i = 0; column && i < model->series.points; i++) {
        if (column->values[i] == LR_MODEL_UNKNOWN)
            continue;
        if (before != LR_MODEL_UNKNOWN && column->values[i] > before &&
            model->series.time_ms[i] > settled_ms)
            return false;
        before = column->values[i];
    }
    return true;
}

static enum lr_status say_rss(struct lr_gate_work *work, const struct lr_gate_result *result,
                              uint64_t peak, size_t looks)
{
    char text[LR_UNIT_SIZE], most[LR_UNIT_SIZE], high[LR_UNIT_SIZE];

    lr_unit_bytes(text, lr_model_round(result->measured.value), false);
    lr_unit_bytes(most, lr_model_round(result->limit), false);
    if (looks > 0)
        return lr_gate_say(work->report, result, "", work->error,
                           "resident memory was %s at most in %zu looks at this phase (the peak of "
                           "%s may be from before it); the limit is %s",
                           text, looks, lr_unit_bytes(high, peak, false), most);
    return lr_gate_say(work->report, result, "", work->error,
                       "resident memory was %s at most; the limit is %s", text, most);
}

static enum lr_status judge_rss(struct lr_gate_work *work)
{
    const struct lr_model_series *series = &work->model->series;
    struct lr_gate_result result = {
        .rule = LR_GATE_PEAK_RSS, .unit = LR_GATE_BYTES, .limit = work->rules->limit_rss};
    uint64_t peak, sampled;
    bool known = largest(series, "rss_peak", &peak) > 0;
    size_t looks = largest(series, "rss", &sampled);
    bool older = looks > 0 && peak > sampled && peak_is_older(work->model);
    double most = (double)(sampled > peak || older ? sampled : peak);

    result.measured = (struct lr_estimate){most, most, most};
    result.outcome = lr_gate_against(&result.measured, result.limit);
    if (result.outcome == LR_GATE_PASS && !known) {
        result.outcome = LR_GATE_CANNOT_TELL;
        result.unit = looks ? LR_GATE_BYTES : LR_GATE_NONE;
        return lr_gate_say(work->report, &result, "", work->error,
                           "the peak of resident memory is not known");
    }
    return say_rss(work, &result, peak, older ? looks : 0);
}

/* In bytes; LR_GATE_NO_LIMIT: not asked. */
static double limit_unexplained(const struct lr_gate_work *work)
{
    double percent = work->rules->limit_unexplained_percent;

    return percent >= 0 ? percent / 100 * (double)work->model->ledger.resident
                        : work->rules->limit_unexplained;
}

static enum lr_status judge_unexplained(struct lr_gate_work *work)
{
    const struct lr_model_ledger *ledger = &work->model->ledger;
    double unknown = (double)ledger->bytes[LR_LEDGER_UNKNOWN];
    struct lr_gate_result result = {.rule = LR_GATE_UNEXPLAINED,
                                    .unit = LR_GATE_BYTES,
                                    .measured = {unknown, unknown, unknown},
                                    .limit = limit_unexplained(work)};
    char text[LR_UNIT_SIZE], most[LR_UNIT_SIZE];

    if (!ledger->known) {
        result.unit = LR_GATE_NONE;
        result.outcome = LR_GATE_CANNOT_TELL;
        return lr_gate_say(work->report, &result, "", work->error,
                           "nobody looked at what resident memory is for");
    }
    result.outcome = lr_gate_against(&result.measured, result.limit);
    return lr_gate_say(work->report, &result, "", work->error,
                       "%s of resident memory can't be explained; the limit is %s",
                       lr_unit_bytes(text, lr_model_round(unknown), false),
                       lr_unit_bytes(most, lr_model_round(result.limit), false));
}

enum lr_status lr_gate_process(struct lr_gate_work *work)
{
    enum lr_status status = judge_completeness(work);

    if (status == LR_OK && work->rules->limit_rss >= 0)
        status = judge_rss(work);
    if (status == LR_OK && limit_unexplained(work) >= 0)
        status = judge_unexplained(work);
    return status;
}

enum lr_status lr_gate_judge(const struct lr_gate_rules *rules, const struct lr_model *model,
                             const struct lr_model *baseline, struct lr_gate_report *report,
                             struct lr_error *error)
{
    struct lr_gate_rules asked = *rules;
    struct lr_gate_work work = {&asked, model, baseline, report, error};
    enum lr_status status;

    *report =
        (struct lr_gate_report){.path = model->run.path, .model = model, .baseline = baseline};
    /* Against a baseline only what is worse than that fails, unless more is asked. */
    if (baseline && rules->increase && !rules->unended_asked)
        asked.limit_unended = LR_GATE_NO_LIMIT;
    if (baseline && rules->increase && !rules->growth_asked)
        asked.growth = false;
    status = lr_gate_process(&work);
    if (status == LR_OK)
        status = lr_gate_streams(&work);
    if (status == LR_OK)
        status = lr_gate_memory(&work);
    work.rules = rules;
    if (status == LR_OK && baseline && rules->increase)
        status = lr_gate_increase(&work);
    if (status == LR_OK)
        status = lr_gate_suppressions(&work);
    lr_gate_sort(report);
    return status == LR_OK ? lr_gate_make_unique(report, error) : status;
}

enum lr_status lr_gate_unreadable(const char *path, const char *why, struct lr_gate_report *report,
                                  struct lr_error *error)
{
    struct lr_gate_result result = {.rule = LR_GATE_COMPLETENESS, .outcome = LR_GATE_CANNOT_TELL};

    *report = (struct lr_gate_report){.path = path};
    return lr_gate_say(report, &result, "", error, "the recording can't be read: %s", why);
}
