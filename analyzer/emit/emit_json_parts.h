/* emit_json_parts.h -- the parts that JSON documents of several commands have in common.
 *
 * Stage: EMIT, below emit_*json*.c.  Context: analyzer only.  Objects are json-c's, and the
 * caller's; NULL is null.
 */
#ifndef LEAKRING_EMIT_JSON_PARTS_H
#define LEAKRING_EMIT_JSON_PARTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "model.h"
#include "status.h"

void lr_json_put(json_object *object, const char *key, json_object *value);
void lr_json_put_string(json_object *object, const char *key, const char *text);
void lr_json_put_string_or_null(json_object *object, const char *key, const char *text); /* "" */
void lr_json_put_count(json_object *object, const char *key, uint64_t value);
void lr_json_put_bool(json_object *object, const char *key, bool value);

/* {"value", "low", "high"}, whole numbers. */
json_object *lr_json_estimate(const struct lr_estimate *estimate);
json_object *lr_json_texts(const struct lr_model_texts *texts); /* a list of strings */
json_object *lr_json_seconds(uint64_t milliseconds);            /* 12.345 */

json_object *lr_json_run(const struct lr_model_run *run);
json_object *lr_json_completeness(const struct lr_model_completeness *complete);
/* A list of {"name", "t_s", "source", "tid"}. */
json_object *lr_json_marks(const struct lr_model *model);
/* {"from", "to", "from_s", "to_s", "duration_s"}; NULL: the whole run. */
json_object *lr_json_phase(const struct lr_model *model);
/* {"function", "file", "line"}; NULL without frames. */
json_object *lr_json_culprit(const struct lr_model_path *path);
json_object *lr_json_frame(const struct lr_model_frame *frame);
json_object *lr_json_stack(const struct lr_model_path *path); /* a list, innermost first */

/* Writes a small document as a whole, with a newline, and frees it. */
enum lr_status lr_json_print(FILE *out, json_object *document, struct lr_error *error);

/* A document is written member by member and place by place, so that a trace with 100,000
 * stacks doesn't have to fit into memory as json-c's objects. */
struct lr_json_writer {
    FILE *out;
    bool no_memory;
    bool comma; /* a value was written before, at this level */
};

/* What stands before a value; `key` NULL: in an array. */
void lr_json_begin(struct lr_json_writer *writer, const char *indent, const char *key);
/* Writes and frees `value`; NULL is null. */
void lr_json_write(struct lr_json_writer *writer, const char *indent, const char *key,
                   json_object *value);
void lr_json_begin_array(struct lr_json_writer *writer, const char *key);
void lr_json_end_array(struct lr_json_writer *writer);

#endif
