/* emit_gate_json.c -- the answers of the gate as JSON, schema leakring.check/1.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_gate.h"
#include "emit_json_parts.h"

#include <math.h>

static const char *const units[] = {NULL, "bytes", "bytes/hour", "count"};

static json_object *number(double value)
{
    return isfinite(value) ? json_object_new_double(value) : NULL;
}

static json_object *new_result(const struct lr_gate_result *result)
{
    json_object *object = json_object_new_object();
    bool measured = result->unit != LR_GATE_NONE;

    lr_json_put_string(object, "rule", lr_gate_rule_name(result->rule));
    lr_json_put_string(object, "outcome", lr_gate_outcome_name(result->outcome));
    lr_json_put_string(object, "subject", result->subject);
    lr_json_put_string(object, "message", result->message);
    lr_json_put(object, "unit", measured ? json_object_new_string(units[result->unit]) : NULL);
    lr_json_put(object, "value", measured ? number(result->measured.value) : NULL);
    lr_json_put(object, "low", measured ? number(result->measured.low) : NULL);
    lr_json_put(object, "high", measured ? number(result->measured.high) : NULL);
    lr_json_put(object, "limit", measured ? number(result->limit) : NULL);
    lr_json_put(object, "culprit", result->path ? lr_json_culprit(result->path) : NULL);
    return object;
}

static json_object *new_file(const struct lr_gate_report *report)
{
    json_object *object = json_object_new_object(), *results = json_object_new_array();

    lr_json_put_string(object, "file", report->path);
    lr_json_put_string(object, "outcome", lr_gate_outcome_name(report->outcome));
    lr_json_put(object, "run", report->model ? lr_json_run(&report->model->run) : NULL);
    for (size_t i = 0; i < report->count; i++)
        json_object_array_add(results, new_result(&report->items[i]));
    lr_json_put(object, "results", results);
    return object;
}

enum lr_status lr_emit_gate_json(FILE *out, const struct lr_gate_report *const *reports,
                                 size_t count, struct lr_error *error)
{
    enum lr_gate_outcome worst = LR_GATE_PASS;
    json_object *document = json_object_new_object(), *files = json_object_new_array();

    for (size_t i = 0; i < count; i++) {
        worst = reports[i]->outcome > worst ? reports[i]->outcome : worst;
        json_object_array_add(files, new_file(reports[i]));
    }
    lr_json_put_string(document, "schema", "leakring.check/1");
    lr_json_put_string(document, "outcome", lr_gate_outcome_name(worst));
    lr_json_put(document, "files", files);
    return lr_json_print(out, document, error);
}
