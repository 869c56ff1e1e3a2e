/* oom_event.c -- an event's beginning and end, and arithmetic on numbers that may be unknown.
 *
 * Stage: model of `leakring oom`.  Context: analyzer only.
 */
#include "oom_event.h"

#include <stdlib.h>
#include <string.h>

uint64_t lr_oom_sum(const uint64_t *values, size_t count)
{
    uint64_t sum = LR_OOM_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        if (values[i] == LR_OOM_UNKNOWN)
            continue;
        uint64_t base = sum == LR_OOM_UNKNOWN ? 0 : sum;
        if (__builtin_add_overflow(base, values[i], &sum))
            sum = LR_OOM_UNKNOWN - 1;
    }
    return sum;
}

uint64_t lr_oom_scale(uint64_t value, uint64_t factor)
{
    uint64_t product;
    if (value == LR_OOM_UNKNOWN)
        return value;
    return __builtin_mul_overflow(value, factor, &product) ? LR_OOM_UNKNOWN - 1 : product;
}

uint64_t lr_oom_stat(const struct lr_oom_event *event, const char *name)
{
    for (unsigned i = 0; i < event->stat_count; i++)
        if (strcmp(event->stats[i].name, name) == 0)
            return event->stats[i].bytes;
    return LR_OOM_UNKNOWN;
}

void lr_oom_event_init(struct lr_oom_event *event)
{
    struct lr_oom_task *tasks = event->tasks;
    size_t capacity = event->task_capacity;
    memset(event, 0, sizeof *event);
    event->tasks = tasks;
    event->task_capacity = capacity;
    event->page_size = 4096;
    for (int i = 0; i < LR_OOM_COUNTER_COUNT; i++)
        event->counters[i] = LR_OOM_UNKNOWN;
    for (int i = 0; i < LR_OOM_ZONE_COUNTER_COUNT; i++)
        event->zone_kb[i] = LR_OOM_UNKNOWN;
    event->pcp_used = event->order = LR_OOM_UNKNOWN;
    event->ram = event->reserved = event->highmem = LR_OOM_UNKNOWN;
    event->pagecache = event->swapcache = LR_OOM_UNKNOWN;
    event->swap_total = event->swap_free = LR_OOM_UNKNOWN;
    event->lowest_zone_free_kb = event->lowest_zone_min_kb = LR_OOM_UNKNOWN;
    event->memcg_usage = event->memcg_limit = event->memcg_failcnt = LR_OOM_UNKNOWN;
    event->memsw_usage = event->memsw_limit = LR_OOM_UNKNOWN;
    event->memcg_swap_usage = event->memcg_swap_limit = LR_OOM_UNKNOWN;
    event->memcg_kmem_usage = event->chosen_score = LR_OOM_UNKNOWN;
}

void lr_oom_event_free(struct lr_oom_event *event)
{
    free(event->tasks);
    event->tasks = NULL;
    event->task_count = event->task_capacity = 0;
}
