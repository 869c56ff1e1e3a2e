/* emit_sarif.c -- --sarif: SARIF 2.1.0 as GitHub's code scanning reads it (emit_ci.h).
 *
 * Stage: EMIT.  Context: analyzer only.  Every result needs a place in the repository: the
 * culprit's source file where the checkout has it, else the file of rules.
 */
#include "emit_ci.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit_json_parts.h"

enum { RESULTS = 5000 }; /* GitHub takes no more */

static json_object *text_object(const char *key, const char *text)
{
    json_object *object = json_object_new_object();

    lr_json_put_string(object, key, text);
    return object;
}

static json_object *array_of(json_object *only)
{
    json_object *array = json_object_new_array();

    json_object_array_add(array, only);
    return array;
}

static json_object *new_rules(void)
{
    json_object *array = json_object_new_array();

    for (int rule = 0; rule < LR_GATE_RULES; rule++) {
        const char *name = lr_gate_rule_name((enum lr_gate_rule)rule);
        const char *text = lr_gate_rule_text((enum lr_gate_rule)rule);
        json_object *object = json_object_new_object();

        lr_json_put_string(object, "id", name);
        lr_json_put_string(object, "name", name);
        lr_json_put(object, "shortDescription", text_object("text", text));
        lr_json_put(object, "fullDescription", text_object("text", text));
        lr_json_put(object, "help",
                    text_object("text", "leakring check judges recordings of native memory; "
                                        "leakring-check(1) describes the rules."));
        json_object_array_add(array, object);
    }
    return array;
}

static json_object *new_tool(void)
{
    json_object *driver = json_object_new_object(), *tool = json_object_new_object();

    lr_json_put_string(driver, "name", "leakring");
    lr_json_put_string(driver, "version", LEAKRING_VERSION);
    lr_json_put(driver, "rules", new_rules());
    lr_json_put(tool, "driver", driver);
    return tool;
}

/* Of a relative path; what a URI can't hold as it is becomes %XX. */
static void write_uri(char *out, size_t size, const char *path)
{
    size_t length = 0;

    for (; *path && length + 4 < size; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("-._~/", *path);

        length += (size_t)snprintf(out + length, size - length, plain ? "%c" : "%%%02X",
                                   plain ? *path : (unsigned char)*path);
    }
    out[length] = '\0';
}

static json_object *new_location(const struct lr_gate_result *result, const char *fallback)
{
    const struct lr_model_frame *frame = lr_gate_culprit(result);
    json_object *location = json_object_new_object(), *physical = json_object_new_object();
    json_object *artifact = json_object_new_object(), *region = json_object_new_object();
    char source[1024], uri[3100];
    bool known = lr_ci_source(source, sizeof(source), result);

    write_uri(uri, sizeof(uri), known ? source : fallback);
    lr_json_put_string(artifact, "uri", uri);
    lr_json_put_count(region, "startLine", known && frame->line ? frame->line : 1);
    lr_json_put(physical, "artifactLocation", artifact);
    lr_json_put(physical, "region", region);
    lr_json_put(location, "physicalLocation", physical);
    return location;
}

/* The same in every run: FNV-1a of what the result is about. */
static json_object *new_fingerprints(const char *suite, const char *name)
{
    const char *const parts[] = {suite, "\n", name};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    char text[32];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const char *c = parts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    snprintf(text, sizeof(text), "%016" PRIx64 ":1", hash);
    return text_object("primaryLocationLineHash", text);
}

static json_object *new_message(const struct lr_gate_result *result)
{
    char *text = NULL;
    json_object *message;

    if (asprintf(&text, "%s: %s", lr_gate_rule_text(result->rule), result->message) < 0)
        text = NULL;
    message = text_object("text", text ? text : result->message);
    free(text);
    return message;
}

static json_object *new_result(const struct lr_gate_result *result, const char *suite,
                               const char *fallback)
{
    json_object *object = json_object_new_object();
    char name[700];

    lr_json_put_string(object, "ruleId", lr_gate_rule_name(result->rule));
    lr_json_put_count(object, "ruleIndex", result->rule);
    lr_json_put_string(object, "level", result->outcome == LR_GATE_FAIL ? "error" : "warning");
    lr_json_put(object, "message", new_message(result));
    lr_json_put(object, "locations", array_of(new_location(result, fallback)));
    lr_json_put(object, "partialFingerprints",
                new_fingerprints(suite, lr_ci_case(name, sizeof(name), result)));
    return object;
}

static json_object *new_results(const struct lr_gate_report *const *reports, size_t count,
                                const char *fallback)
{
    json_object *array = json_object_new_array();
    char suite[256];

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < reports[i]->count; k++) {
            const struct lr_gate_result *result = &reports[i]->items[k];

            if (result->outcome != LR_GATE_PASS && json_object_array_length(array) < RESULTS)
                json_object_array_add(
                    array,
                    new_result(result, lr_ci_suite(suite, sizeof(suite), reports, i), fallback));
        }
    return array;
}

enum lr_status lr_emit_sarif(FILE *out, const struct lr_gate_report *const *reports, size_t count,
                             const char *fallback, struct lr_error *error)
{
    json_object *document = json_object_new_object(), *run = json_object_new_object();

    lr_json_put(run, "tool", new_tool());
    lr_json_put(run, "results",
                new_results(reports, count, fallback && *fallback != '/' ? fallback : "leakring"));
    lr_json_put_string(document, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    lr_json_put_string(document, "version", "2.1.0");
    lr_json_put(document, "runs", array_of(run));
    return lr_json_print(out, document, error);
}
