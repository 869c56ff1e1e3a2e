/* emit_oom_json.c -- findings of `leakring oom` as JSON, schema leakring.oom/1.
 *
 * Stage: EMIT.  Context: analyzer only.
 * Sizes are bytes, with the suffix _bytes; what the log doesn't say is null.  docs/OOM.md lists
 * the keys; more may be added.
 */
#include "emit_oom.h"
#include "oom_line.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

typedef struct json_object json;

static void put(json *to, const char *key, json *value)
{
    json_object_object_add(to, key, value);
}

static json *number(uint64_t value)
{
    return value == LR_OOM_UNKNOWN ? NULL : json_object_new_uint64(value);
}

static json *text(const char *value)
{
    return value[0] ? json_object_new_string(value) : NULL;
}

static json *tenth(double value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%.1f", value);
    return json_object_new_double_s(value, digits);
}

static json *list(const struct lr_oom_texts *texts)
{
    json *array = json_object_new_array();
    for (unsigned i = 0; i < texts->count; i++)
        json_object_array_add(array, json_object_new_string(texts->text[i]));
    return array;
}

static json *killed_json(const struct lr_oom_event *event)
{
    json *array = json_object_new_array();
    for (unsigned i = 0; i < event->victim_count; i++) {
        const struct lr_oom_victim *victim = &event->victims[i];
        json *one = json_object_new_object();
        put(one, "pid", json_object_new_int64(victim->pid));
        put(one, "name", text(victim->name));
        put(one, "uid", number(victim->uid));
        put(one, "total_vm_bytes", number(victim->total_vm));
        put(one, "anon_rss_bytes", number(victim->anon_rss));
        put(one, "file_rss_bytes", number(victim->file_rss));
        put(one, "shmem_rss_bytes", number(victim->shmem_rss));
        put(one, "oom_score_adj", victim->adj_known ? json_object_new_int64(victim->adj) : NULL);
        put(one, "reaped", json_object_new_boolean(victim->reaped));
        json_object_array_add(array, one);
    }
    return array;
}

static json *chosen_json(const struct lr_oom_finding *finding)
{
    static const char *const relations[] = {NULL, "self", "child", "thread"};
    const struct lr_oom_event *event = &finding->event;
    if (event->chosen_pid == 0)
        return NULL;
    json *chosen = json_object_new_object();
    put(chosen, "pid", json_object_new_int64(event->chosen_pid));
    put(chosen, "name", text(event->chosen_name));
    const char *relation = relations[finding->score.relation];
    put(chosen, "killed_is", relation ? json_object_new_string(relation) : NULL);
    return chosen;
}

static json *score_json(const struct lr_oom_finding *finding)
{
    static const char *const matches[] = {"none", "not-printed", "equal",
                                          "near", "range",       "different"};
    const struct lr_oom_score *score = &finding->score;
    json *object = json_object_new_object();
    put(object, "kernel", number(score->kernel_score));
    put(object, "match", json_object_new_string(matches[score->match]));
    if (!score->known) {
        put(object, "recomputed", NULL);
        return object;
    }
    put(object, "recomputed", json_object_new_int64(score->score));
    put(object, "low", json_object_new_int64(score->score_low));
    put(object, "high", json_object_new_int64(score->score_high));
    put(object, "rss_pages", number(score->task.rss));
    put(object, "swap_pages",
        finding->event.columns & LR_OOM_HAS_SWAP ? number(score->task.swap) : NULL);
    put(object, "pgtable_pages",
        finding->event.columns & LR_OOM_HAS_PGTABLES ? number(score->pgtable_pages) : NULL);
    put(object, "oom_score_adj", json_object_new_int64(score->task.adj));
    put(object, "root_bonus_pages", json_object_new_int64(score->bonus_pages));
    put(object, "points", json_object_new_int64(score->points));
    put(object, "total_pages", number(score->total));
    put(object, "rank", number(score->rank));
    put(object, "killable", number(score->killable));
    return object;
}

static json *ledger_json(const struct lr_oom_finding *finding)
{
    const struct lr_oom_ledger *ledger = &finding->ledger;
    bool group = finding->event.constraint == LR_OOM_MEMCG;
    json *object = json_object_new_object(), *items = json_object_new_array();
    put(object, "of", json_object_new_string(group ? "group" : "machine"));
    put(object, "complete", json_object_new_boolean(ledger->known));
    put(object, "ram_bytes", group || !ledger->ram ? NULL : number(ledger->ram));
    put(object, "reserved_bytes", group || !ledger->ram ? NULL : number(ledger->reserved));
    put(object, "total_bytes", ledger->total ? number(ledger->total) : NULL);
    put(object, "limit_bytes", group ? number(finding->event.memcg_limit) : NULL);
    for (unsigned i = 0; i < ledger->count; i++) {
        const struct lr_oom_item *item = &ledger->items[i];
        json *one = json_object_new_object();
        put(one, "name", json_object_new_string(item->name));
        put(one, "bytes", item->known ? number(item->bytes) : NULL);
        json_object_array_add(items, one);
    }
    put(object, "items", items);
    put(object, "unaccounted_bytes",
        ledger->known ? json_object_new_int64(ledger->residual) : NULL);
    return object;
}

static json *suspects_json(const struct lr_oom_finding *finding)
{
    json *array = json_object_new_array();
    for (unsigned i = 0; i < finding->suspect_count; i++) {
        const struct lr_oom_suspect *suspect = &finding->suspects[i];
        json *one = json_object_new_object();
        put(one, "kind", json_object_new_string(suspect->kind));
        put(one, "confidence", json_object_new_string(suspect->likely ? "likely" : "possible"));
        put(one, "bytes", number(suspect->bytes));
        put(one, "percent", tenth(suspect->percent));
        put(one, "text", text(suspect->text));
        json_object_array_add(array, one);
    }
    return array;
}

static json *native_json(const struct lr_oom_native *native)
{
    static const char *const kinds[] = {"cannot-tell", "none", "possible", "likely"};
    json *object = json_object_new_object();
    put(object, "kind", json_object_new_string(kinds[native->kind]));
    bool known = native->kind != LR_LEAK_CANNOT_TELL || native->bytes;
    put(object, "rss_bytes", known ? number(native->bytes) : NULL);
    put(object, "swap_bytes", known ? number(native->swap_bytes) : NULL);
    put(object, "heap_bytes", number(native->heap));
    put(object, "text", text(native->text));
    return object;
}

static json *tasks_json(const struct lr_oom_finding *finding)
{
    uint64_t page = finding->event.page_size;
    json *array = json_object_new_array();
    for (unsigned i = 0; i < finding->top_count; i++) {
        const struct lr_oom_task *task = &finding->top[i];
        bool swap = finding->event.columns & LR_OOM_HAS_SWAP;
        json *one = json_object_new_object();
        put(one, "pid", json_object_new_int64(task->pid));
        put(one, "uid", json_object_new_int64(task->uid));
        put(one, "name", text(task->name));
        put(one, "rss_bytes", number(lr_oom_scale(task->rss, page)));
        put(one, "swap_bytes", swap ? number(lr_oom_scale(task->swap, page)) : NULL);
        put(one, "oom_score_adj", json_object_new_int64(task->adj));
        json_object_array_add(array, one);
    }
    return array;
}

static json *trigger_json(const struct lr_oom_event *event)
{
    json *object = json_object_new_object();
    put(object, "name", text(event->trigger));
    put(object, "order", number(event->order));
    put(object, "gfp", text(event->gfp));
    return object;
}

static json *event_json(const struct lr_oom_finding *finding)
{
    static const char *const constraints[] = {NULL, "global", "memcg", "cpuset", "mempolicy"};
    const struct lr_oom_event *event = &finding->event;
    json *object = json_object_new_object(), *verdict = json_object_new_object();
    put(object, "number", number(event->number));
    put(object, "first_line", number(event->first_line));
    put(object, "last_line", number(event->last_line));
    put(object, "time", text(event->stamp));
    put(object, "host", text(event->host));
    put(object, "kernel", text(event->kernel));
    put(object, "hardware", text(event->hardware));
    const char *constraint = constraints[event->constraint];
    put(object, "constraint", constraint ? json_object_new_string(constraint) : NULL);
    put(object, "oom_memcg", text(event->oom_memcg));
    put(object, "task_memcg", text(event->task_memcg));
    put(object, "trigger", trigger_json(event));
    put(verdict, "kind", json_object_new_string(finding->verdict));
    put(verdict, "summary", text(finding->summary));
    put(verdict, "evidence", list(&finding->evidence));
    put(verdict, "missing", list(&finding->missing));
    put(verdict, "next", list(&finding->next));
    put(object, "verdict", verdict);
    put(object, "chosen", chosen_json(finding));
    put(object, "killed", killed_json(event));
    put(object, "score", score_json(finding));
    put(object, "page_size", number(event->page_size));
    put(object, "ledger", ledger_json(finding));
    put(object, "suspects", suspects_json(finding));
    put(object, "native_leak", native_json(&finding->native));
    put(object, "processes", event->table ? number(event->task_count + event->tasks_unheld) : NULL);
    put(object, "top", tasks_json(finding));
    return object;
}

static json *trace_json(const struct lr_oom_trace *trace)
{
    if (!trace)
        return NULL;
    json *object = json_object_new_object();
    put(object, "path", text(trace->path));
    put(object, "pid", json_object_new_uint64(trace->pid));
    put(object, "exe", text(trace->exe));
    put(object, "live_bytes", number(trace->live_bytes));
    put(object, "live_blocks", number(trace->live_blocks));
    put(object, "mapped_bytes", number(trace->mapped_bytes));
    put(object, "pairs_live", number(trace->pairs_live));
    put(object, "complete", json_object_new_boolean(!trace->incomplete));
    return object;
}

/* The path is the user's and need not be UTF-8. */
static json *path_json(const char *path)
{
    char copy[512];
    lr_copy_text(copy, sizeof copy, path, strlen(path));
    return json_object_new_string(copy);
}

void lr_oom_print_json(const struct lr_oom_report *report)
{
    json *root = json_object_new_object(), *tally = json_object_new_array();
    put(root, "schema", json_object_new_string("leakring.oom/1"));
    put(root, "file", path_json(report->path));
    put(root, "lines", number(report->lines));
    put(root, "event_count", number(report->events));
    for (unsigned i = 0; i < report->killed_count; i++) {
        json *one = json_object_new_object();
        put(one, "name", text(report->killed[i].name));
        put(one, "count", number(report->killed[i].count));
        json_object_array_add(tally, one);
    }
    put(root, "killed", tally);
    put(root, "trace", trace_json(report->trace));
    json *events = json_object_new_array();
    for (size_t i = 0; i < report->finding_count; i++)
        json_object_array_add(events, event_json(report->findings[i]));
    put(root, "events", events);
    puts(json_object_to_json_string_ext(root,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}
