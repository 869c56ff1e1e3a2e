/* emit_junit.c -- --junit: what Jenkins, GitLab and others show as tests (emit_ci.h).
 *
 * Stage: EMIT.  Context: analyzer only.  Jenkins drops suites without cases and shows message and
 * body; GitLab shows the body only, and one case of each name: so figures are in both, and names
 * differ.  XML is written by hand: four elements, and one function that escapes every text.
 */
#include "emit_ci.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* XML has no escape for control characters, U+FFFE and U+FFFF: they become '?'. */
static void put_escaped(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        switch (*c) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            if ((*c < 0x20 && *c != '\n') || *c == 0x7f)
                fputc('?', out);
            else if (*c == 0xef && c[1] == 0xbf && (c[2] == 0xbe || c[2] == 0xbf)) {
                fputc('?', out);
                c += 2;
            } else
                fputc(*c, out);
        }
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    put_escaped(out, value);
    fputc('"', out);
}

static bool is_skipped(const struct lr_gate_result *result)
{
    return result->rule == LR_GATE_SUPPRESSION && result->outcome == LR_GATE_PASS;
}

struct counts {
    size_t tests, failures, errors, skipped;
};

static struct counts count_cases(const struct lr_gate_report *report)
{
    struct counts counts = {.tests = report->count};

    for (size_t i = 0; i < report->count; i++) {
        counts.failures += report->items[i].outcome == LR_GATE_FAIL;
        counts.errors += report->items[i].outcome == LR_GATE_CANNOT_TELL;
        counts.skipped += is_skipped(&report->items[i]);
    }
    return counts;
}

/* The culprit and who called it, as a debugger lists them. */
static void put_path(FILE *out, const struct lr_model_path *path)
{
    char text[600];

    for (size_t i = path->culprit; i < path->key_end && i < path->count; i++) {
        if (i > path->culprit && !path->frames[i].user)
            continue;
        fputs("    at ", out);
        put_escaped(out, lr_model_frame_text(text, sizeof(text), &path->frames[i]));
        fputc('\n', out);
    }
}

static void put_body(FILE *out, const struct lr_gate_report *report,
                     const struct lr_gate_result *result)
{
    put_escaped(out, result->message);
    fputc('\n', out);
    if (result->path)
        put_path(out, result->path);
    fputs("\nrule: ", out);
    put_escaped(out, lr_gate_rule_text(result->rule));
    fputs("\nrecording: ", out);
    put_escaped(out, report->path);
    fputc('\n', out);
}

static void put_trouble(FILE *out, const char *element, const struct lr_gate_report *report,
                        const struct lr_gate_result *result)
{
    fprintf(out, "\n      <%s", element);
    put_attribute(out, "type", lr_gate_rule_name(result->rule));
    put_attribute(out, "message", result->message);
    fputc('>', out);
    put_body(out, report, result);
    fprintf(out, "</%s>\n    ", element);
}

static void put_case(FILE *out, const struct lr_gate_report *report, const char *suite,
                     const struct lr_gate_result *result)
{
    const struct lr_model_frame *frame = lr_gate_culprit(result);
    bool completeness = result->rule == LR_GATE_COMPLETENESS;
    uint64_t duration = completeness && report->model ? report->model->run.duration_ms : 0;
    char name[700], class[300];

    snprintf(class, sizeof(class), "leakring.%s", suite);
    fputs("    <testcase", out);
    put_attribute(out, "classname", class);
    put_attribute(out, "name", lr_ci_case(name, sizeof(name), result));
    if (frame && *frame->file)
        put_attribute(out, "file", frame->file);
    fprintf(out, " time=\"%" PRIu64 ".%03u\">", duration / 1000, (unsigned)(duration % 1000));
    if (result->outcome == LR_GATE_FAIL) {
        put_trouble(out, "failure", report, result);
    } else if (result->outcome == LR_GATE_CANNOT_TELL) {
        put_trouble(out, "error", report, result);
    } else if (is_skipped(result)) {
        fputs("\n      <skipped", out);
        put_attribute(out, "message", result->message);
        fputs("/>\n    ", out);
    } else {
        fputs("\n      <system-out>", out);
        put_escaped(out, result->message);
        fputs("</system-out>\n    ", out);
    }
    fputs("</testcase>\n", out);
}

static void put_suite(FILE *out, const struct lr_gate_report *const *reports, size_t index)
{
    const struct lr_gate_report *report = reports[index];
    const struct lr_model_run *run = report->model ? &report->model->run : NULL;
    struct counts counts = count_cases(report);
    time_t start = run ? (time_t)(run->start_unix_ns / 1000000000) : 0;
    uint64_t duration = run ? run->duration_ms : 0;
    char suite[256], when[32] = "";
    struct tm parts;

    lr_ci_suite(suite, sizeof(suite), reports, index);
    fputs("  <testsuite", out);
    put_attribute(out, "name", suite);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", counts.tests,
            counts.failures, counts.errors, counts.skipped);
    fprintf(out, " time=\"%" PRIu64 ".%03u\"", duration / 1000, (unsigned)(duration % 1000));
    if (start && gmtime_r(&start, &parts) &&
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts))
        put_attribute(out, "timestamp", when);
    fputs(">\n", out);
    for (size_t i = 0; i < report->count; i++)
        put_case(out, report, suite, &report->items[i]);
    fputs("  </testsuite>\n", out);
}

enum lr_status lr_emit_junit(FILE *out, const struct lr_gate_report *const *reports, size_t count,
                             struct lr_error *error)
{
    struct counts sum = {0};

    for (size_t i = 0; i < count; i++) {
        struct counts counts = count_cases(reports[i]);

        sum.tests += counts.tests;
        sum.failures += counts.failures;
        sum.errors += counts.errors;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out, "<testsuites name=\"leakring\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
            sum.tests, sum.failures, sum.errors);
    for (size_t i = 0; i < count; i++)
        put_suite(out, reports, i);
    fputs("</testsuites>\n", out);
    return LR_OK;
}
