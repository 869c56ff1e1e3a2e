/* oom_parse_memcg.c -- the report of a control group that reached its limit.
 *
 * Stage: parsing.  Context: analyzer only.
 * Three forms: to 4.x "Task in A killed as a result of limit of B" and statistics in KB on one
 * line per group (local figures, to be added up); from 5.3 on memory.stat, one "name bytes" a
 * line, for the whole subtree.
 */
#include "oom_parse_internal.h"

#include <ctype.h>
#include <string.h>

static void copy_path(char *to, size_t size, const char *from, const char *end)
{
    lr_copy_text(to, size, from, end ? (size_t)(end - from) : strlen(from));
}

/* "Task in /a/b killed as a result of limit of /a" */
static bool parse_task_in(struct lr_oom_event *event, const char *text)
{
    static const char in[] = "Task in ", limit[] = " killed as a result of limit of ";
    const char *at = strstr(text, in);
    const char *mid = at ? strstr(at, limit) : NULL;
    if (!mid)
        return false;
    copy_path(event->task_memcg, sizeof event->task_memcg, at + sizeof in - 1, mid);
    copy_path(event->oom_memcg, sizeof event->oom_memcg, mid + sizeof limit - 1, NULL);
    event->constraint = LR_OOM_MEMCG;
    return true;
}

static uint64_t kilobytes(const char *text, const char *key)
{
    uint64_t value;
    return lr_oom_number(text, key, &value) ? lr_oom_scale(value, 1024) : LR_OOM_UNKNOWN;
}

/* "memory: usage 204800kB, limit 204800kB, failcnt 5" and its relatives */
static bool parse_usage(struct lr_oom_event *event, const char *text)
{
    const char *usage = strstr(text, ": usage ");
    if (!usage || !strstr(usage, "kB, limit "))
        return false;
    uint64_t used = kilobytes(usage, "usage "), limit = kilobytes(usage, "limit ");
    const char *key = usage;
    while (key > text && key[-1] != ' ')
        key--;
    if (strncmp(key, "memory: ", 8) == 0) {
        event->memcg_usage = used;
        event->memcg_limit = limit;
        if (!lr_oom_number(usage, "failcnt ", &event->memcg_failcnt))
            event->memcg_failcnt = LR_OOM_UNKNOWN;
        if (event->constraint == LR_OOM_CONSTRAINT_UNKNOWN)
            event->constraint = LR_OOM_MEMCG;
    } else if (strncmp(key, "memory+swap: ", 13) == 0) {
        event->memsw_usage = used;
        event->memsw_limit = limit;
    } else if (strncmp(key, "swap: ", 6) == 0) {
        event->memcg_swap_usage = used;
        event->memcg_swap_limit = limit;
    } else if (strncmp(key, "kmem: ", 6) == 0) {
        event->memcg_kmem_usage = used;
    } else {
        return false;
    }
    return true;
}

static void add_stat(struct lr_oom_event *event, const char *name, size_t length, uint64_t bytes)
{
    char copy[sizeof event->stats[0].name];
    lr_copy_text(copy, sizeof copy, name, length);
    for (unsigned i = 0; i < event->stat_count; i++)
        if (strcmp(event->stats[i].name, copy) == 0) {
            uint64_t both[] = {event->stats[i].bytes, bytes};
            event->stats[i].bytes = lr_oom_sum(both, 2);
            return;
        }
    if (event->stat_count == LR_OOM_STATS_MAX)
        return;
    memcpy(event->stats[event->stat_count].name, copy, sizeof copy);
    event->stats[event->stat_count++].bytes = bytes;
}

/* "cache:0KB rss:204800KB …"; some kernels wrote the KB of one name with a blank. */
static bool parse_stats_kb(struct lr_oom_event *event, const char *text)
{
    bool any = false;
    for (const char *s = text; *s;) {
        s += strspn(s, " ");
        size_t n = strcspn(s, " ");
        const char *colon = memchr(s, ':', n);
        const char *number = colon ? colon + 1 : s;
        uint64_t value;
        if (colon && lr_oom_digits(&number, &value) && strncmp(number, "KB", 2) == 0) {
            add_stat(event, s, (size_t)(colon - s), lr_oom_scale(value, 1024));
            any = true;
        }
        s += n;
    }
    if (any)
        event->stats_in_kb = true;
    return any;
}

static bool parse_stats_line(struct lr_oom_event *event, const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
    const char *s = text + n;
    uint64_t value;
    if (n < 2 || *s != ' ' || isdigit((unsigned char)*text))
        return false;
    s++;
    if (!lr_oom_digits(&s, &value) || *s)
        return false;
    add_stat(event, text, n, value);
    return true;
}

bool lr_oom_parse_memcg(struct lr_oom_parser *parser, char *text)
{
    struct lr_oom_event *event = &parser->event;
    static const char stats[] = "Memory cgroup stats for ";
    if (event->victim_count)
        return false;
    if (parse_task_in(event, text) || parse_usage(event, text))
        return true;
    const char *at = strstr(text, stats);
    if (at) {
        at += sizeof stats - 1;
        const char *colon = strchr(at, ':');
        if (!event->oom_memcg[0] && colon)
            copy_path(event->oom_memcg, sizeof event->oom_memcg, at, colon);
        if (event->constraint == LR_OOM_CONSTRAINT_UNKNOWN)
            event->constraint = LR_OOM_MEMCG;
        /* A group's name may hold colons, so the figures start at the first "name:NKB". */
        parse_stats_kb(event, at);
        parser->block = LR_BLOCK_STATS;
        return true;
    }
    if (parser->block != LR_BLOCK_STATS)
        return false;
    return parse_stats_line(event, text) || parse_stats_kb(event, text);
}
