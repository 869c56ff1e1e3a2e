/* emit_host_json.c -- `leakring host` as JSON, schema leakring.host/1.
 *
 * Stage: EMIT.  Context: analyzer only.
 * Sizes are bytes; what couldn't be read is null.  docs/OOM.md lists the keys.
 */
#include "host_model.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "oom_line.h"

typedef struct json_object json;

static void put(json *to, const char *key, json *value)
{
    json_object_object_add(to, key, value);
}

static json *number(uint64_t value)
{
    return value == LR_HOST_UNKNOWN ? NULL : json_object_new_uint64(value);
}

/* Names come from a file system and need not be UTF-8. */
static json *text(const char *value)
{
    char copy[LR_HOST_TEXT_SIZE];
    lr_copy_text(copy, sizeof copy, value, strlen(value));
    return copy[0] ? json_object_new_string(copy) : NULL;
}

static json *findings_json(const struct lr_host *host)
{
    json *array = json_object_new_array();
    for (unsigned i = 0; i < host->finding_count; i++) {
        const struct lr_host_finding *finding = &host->findings[i];
        json *one = json_object_new_object();
        put(one, "kind", text(finding->kind));
        put(one, "wrong", json_object_new_boolean(finding->wrong));
        put(one, "bytes", number(finding->bytes));
        put(one, "text", text(finding->text));
        json_object_array_add(array, one);
    }
    return array;
}

static json *ledger_json(const struct lr_host *host)
{
    json *object = json_object_new_object(), *items = json_object_new_array();
    put(object, "complete", json_object_new_boolean(host->ledger_known));
    put(object, "present_bytes", number(host->present));
    put(object, "managed_bytes", number(host->managed));
    put(object, "total_bytes", number(host->meminfo[LR_MI_total]));
    for (unsigned i = 0; i < host->item_count; i++) {
        json *one = json_object_new_object();
        put(one, "name", text(host->items[i].name));
        put(one, "bytes", number(host->items[i].bytes));
        json_object_array_add(items, one);
    }
    put(object, "items", items);
    put(object, "unaccounted_bytes",
        host->ledger_known ? json_object_new_int64(host->residual) : NULL);
    return object;
}

static json *process_json(const struct lr_host_process *process, size_t place)
{
    bool safe = process->pid == 1 || process->adj <= -1000;
    json *one = json_object_new_object();
    put(one, "place", safe ? NULL : json_object_new_uint64(place));
    put(one, "pid", json_object_new_int64(process->pid));
    put(one, "name", text(process->name));
    put(one, "uid", json_object_new_int64(process->uid));
    put(one, "oom_score", number(process->score));
    put(one, "oom_score_adj", process->adj_known ? json_object_new_int64(process->adj) : NULL);
    put(one, "rss_bytes", number(process->rss));
    put(one, "pss_bytes", number(process->pss));
    put(one, "swap_bytes", number(process->swap));
    put(one, "critical", json_object_new_boolean(process->critical));
    return one;
}

static json *processes_json(const struct lr_host *host, unsigned count)
{
    json *object = json_object_new_object(), *order = json_object_new_array();
    put(object, "count", json_object_new_uint64(host->process_count));
    put(object, "pss_bytes", number(host->pss_sum));
    put(object, "pss_anon_bytes", number(host->pss_anon_sum));
    put(object, "swap_pss_bytes", number(host->swap_pss_sum));
    put(object, "without_pss", json_object_new_uint64(host->pss_denied + host->pss_absent));
    put(object, "without_pss_rss_bytes", number(host->rss_unknown_sum));
    unsigned shown = 0;
    for (size_t i = 0; i < host->process_count; i++)
        if (shown < count || host->processes[i].critical) {
            json_object_array_add(order, process_json(&host->processes[i], i + 1));
            shown++;
        }
    put(object, "kill_order", order);
    return object;
}

static json *groups_json(const struct lr_host *host)
{
    json *object = json_object_new_object(), *array = json_object_new_array();
    put(object, "version", host->cgroup_version ? json_object_new_int(host->cgroup_version) : NULL);
    put(object, "seen", json_object_new_uint64(host->groups_seen));
    for (unsigned i = 0; i < host->group_count; i++) {
        const struct lr_host_group *group = &host->groups[i];
        json *one = json_object_new_object();
        put(one, "path", text(group->path));
        put(one, "current_bytes", number(group->current));
        put(one, "limit_bytes", number(group->limit));
        put(one, "swap_bytes", number(group->swap));
        put(one, "inactive_file_bytes", number(group->cache));
        put(one, "oom_kills", number(group->oom_kills));
        json_object_array_add(array, one);
    }
    put(object, "groups", array);
    return object;
}

static json *virt_json(const struct lr_host *host)
{
    const struct lr_host_virt *virt = &host->virt;
    json *object = json_object_new_object();
    put(object, "hypervisor", text(virt->hypervisor));
    put(object, "evidence", text(virt->evidence));
    put(object, "dom0", json_object_new_boolean(virt->dom0));
    put(object, "driver", text(virt->driver));
    put(object, "balloon_bytes", number(virt->balloon));
    put(object, "balloon_source", text(virt->balloon_source));
    put(object, "target_bytes", number(virt->target));
    put(object, "xen_current_bytes", number(virt->xen_current));
    put(object, "xen_target_bytes", number(virt->xen_target));
    return object;
}

void lr_host_print_json(const struct lr_host *host, unsigned processes)
{
    json *root = json_object_new_object(), *notes = json_object_new_array();
    put(root, "schema", json_object_new_string("leakring.host/1"));
    put(root, "root", text(host->root_path));
    put(root, "host", text(host->hostname));
    put(root, "kernel", text(host->release));
    put(root, "verdict", text(host->verdict));
    put(root, "squeezed", json_object_new_boolean(host->squeezed));
    put(root, "findings", findings_json(host));
    for (unsigned i = 0; i < host->note_count; i++)
        json_object_array_add(notes, text(host->notes[i]));
    put(root, "not_read", notes);
    put(root, "available_bytes", number(host->available));
    put(root, "swap_total_bytes", number(host->meminfo[LR_MI_swap_total]));
    put(root, "swap_free_bytes", number(host->meminfo[LR_MI_swap_free]));
    put(root, "ledger", ledger_json(host));
    put(root, "virtualization", virt_json(host));
    put(root, "processes", processes_json(host, processes));
    put(root, "cgroups", groups_json(host));
    puts(json_object_to_json_string_ext(root,
                                        JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}
