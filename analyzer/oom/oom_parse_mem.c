/* oom_parse_mem.c -- Mem-Info: the machine's counters at the moment of the OOM.
 *
 * Stage: parsing.  Context: analyzer only.
 * The summary lines ("active_anon:123 …") are in pages, the lines of nodes and zones in kB.
 * Everything is read by name, because every few kernels a counter moves to another line.
 */
#include "oom_parse_internal.h"

#include <ctype.h>
#include <string.h>

static const char *const counter_names[] = {
#define X(name) #name,
    LR_OOM_COUNTERS(X)
#undef X
};

static const char *const zone_names[] = {
#define X(name) #name,
    LR_OOM_ZONE_COUNTERS(X)
#undef X
};

static int find_name(const char *const *names, int count, const char *name, size_t length)
{
    for (int i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return i;
    return -1;
}

static void add_to(uint64_t *sum, uint64_t value)
{
    uint64_t both[] = {*sum, value};
    *sum = lr_oom_sum(both, 2);
}

/* The next "key:123" or "key:123kB" of the line; *text moves behind it. */
static bool next_pair(const char **text, const char **key, size_t *length, uint64_t *value,
                      bool *kilobytes)
{
    const char *s = *text;
    while (*s) {
        s += strspn(s, " ");
        size_t n = strcspn(s, " ");
        const char *colon = memchr(s, ':', n);
        const char *number = colon ? colon + 1 : s;
        if (colon && lr_oom_digits(&number, value)) {
            *key = s;
            *length = (size_t)(colon - s);
            *kilobytes = number[0] == 'k' && number[1] == 'B';
            *text = s + n;
            return true;
        }
        s += n;
    }
    *text = s;
    return false;
}

/* " active_anon:3649243 inactive_anon:439380 isolated_anon:0" */
static bool parse_counters(struct lr_oom_event *event, const char *text)
{
    const char *key;
    size_t length;
    uint64_t value;
    bool kilobytes, any = false;
    if (strstr(text, "Node "))
        return false;
    while (next_pair(&text, &key, &length, &value, &kilobytes)) {
        int i = find_name(counter_names, LR_OOM_COUNTER_COUNT, key, length);
        if (i < 0 || kilobytes)
            continue;
        event->counters[i] = value;
        any = true;
    }
    return any;
}

static void note_low_zone(struct lr_oom_event *event, const char *text, uint64_t free_kb,
                          uint64_t min_kb)
{
    bool lower = event->lowest_zone_min_kb == LR_OOM_UNKNOWN ||
                 (double)free_kb * (double)event->lowest_zone_min_kb <
                     (double)event->lowest_zone_free_kb * (double)min_kb;
    if (min_kb == 0 || !lower)
        return;
    event->lowest_zone_free_kb = free_kb;
    event->lowest_zone_min_kb = min_kb;
    const char *end = strstr(text, " free:");
    const char *node = strstr(text, "Node ");
    if (node && end && end > node)
        lr_copy_text(event->lowest_zone, sizeof event->lowest_zone, node, (size_t)(end - node));
}

/* "Node 0 DMA32 free:122768kB min:5972kB …", "Node 0 active_anon:…kB … kernel_stack:…kB" */
static bool parse_zone(struct lr_oom_event *event, const char *text)
{
    const char *s = strstr(text, "Node "), *key;
    size_t length;
    uint64_t value, free_kb = LR_OOM_UNKNOWN, min_kb = LR_OOM_UNKNOWN;
    bool kilobytes, any = false;
    if (!s)
        return false;
    while (next_pair(&s, &key, &length, &value, &kilobytes)) {
        if (!kilobytes)
            continue;
        any = true;
        int i = find_name(zone_names, LR_OOM_ZONE_COUNTER_COUNT, key, length);
        if (i >= 0)
            add_to(&event->zone_kb[i], value);
        if (length == 4 && memcmp(key, "free", 4) == 0)
            free_kb = value;
        if (length == 3 && memcmp(key, "min", 3) == 0)
            min_kb = value;
    }
    if (free_kb != LR_OOM_UNKNOWN && min_kb != LR_OOM_UNKNOWN)
        note_low_zone(event, text, free_kb, min_kb);
    return any;
}

/* "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB" */
static bool parse_hugepages(struct lr_oom_event *event, const char *text)
{
    uint64_t total, unused, size;
    if (!lr_oom_number(text, "hugepages_total=", &total) ||
        !lr_oom_number(text, "hugepages_size=", &size))
        return false;
    if (!lr_oom_number(text, "hugepages_free=", &unused))
        unused = 0;
    unsigned i = 0;
    while (i < event->huge_count && event->huge[i].size_kb != size)
        i++;
    if (i == LR_OOM_HUGE_SIZES)
        return true;
    if (i == event->huge_count) {
        event->huge[i].size_kb = size;
        event->huge[i].total = event->huge[i].free = 0;
        event->huge_count++;
    }
    add_to(&event->huge[i].total, total);
    add_to(&event->huge[i].free, unused);
    return true;
}

/* "Node 0 DMA: 1*4kB (U) 0*8kB …": order 0 is one page. */
static bool parse_buddy(struct lr_oom_event *event, const char *text)
{
    const char *star = strchr(text, '*');
    uint64_t size;
    if (!star || !strstr(text, "kB"))
        return false;
    star++;
    if (!lr_oom_digits(&star, &size) || strncmp(star, "kB", 2) != 0)
        return false;
    if (!event->page_size_known && size >= 4 && size <= 1024 && (size & (size - 1)) == 0) {
        event->page_size = size * 1024;
        event->page_size_known = true;
    }
    return true;
}

/* "8388478 pages RAM" and its relatives: the number stands in front of the words. */
static bool parse_footer(struct lr_oom_event *event, const char *text)
{
    const struct {
        const char *words;
        uint64_t *value;
    } lines[] = {
        {" pages RAM", &event->ram},
        {" pages reserved", &event->reserved},
        {" pages HighMem", &event->highmem},
        {" total pagecache pages", &event->pagecache},
        {" pages in swap cache", &event->swapcache},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *words = strstr(text, lines[i].words);
        if (!words)
            continue;
        const char *s = words;
        while (s > text && isdigit((unsigned char)s[-1]))
            s--;
        uint64_t value;
        if (lr_oom_digits(&s, &value))
            *lines[i].value = value;
        return true;
    }
    return lr_oom_number(text, "Free swap  =", &event->swap_free) ||
           lr_oom_number(text, "Total swap =", &event->swap_total) ||
           strstr(text, " pages cma reserved") || strstr(text, " pages hwpoisoned") ||
           strstr(text, " pages shared") || strstr(text, " pages non-shared");
}

/* "CPU    0: hi:  186, btch:  31 usd:   5" (to 3.x): pages on this CPU's free lists. */
static bool parse_percpu(struct lr_oom_event *event, const char *text)
{
    uint64_t used;
    if (!strstr(text, "btch:") || !lr_oom_number(text, "usd:", &used))
        return false;
    add_to(&event->pcp_used, used);
    return true;
}

/* "Unreclaimable slab info:" then "name   used KB   total KB", the biggest are kept. */
static void keep_slab(struct lr_oom_event *event, const char *name, size_t length, uint64_t bytes)
{
    unsigned at = event->slab_count;
    while (at > 0 && event->slabs[at - 1].bytes < bytes)
        at--;
    if (at == LR_OOM_SLABS_MAX)
        return;
    unsigned last =
        event->slab_count < LR_OOM_SLABS_MAX ? event->slab_count++ : LR_OOM_SLABS_MAX - 1;
    for (unsigned i = last; i > at; i--)
        event->slabs[i] = event->slabs[i - 1];
    lr_copy_text(event->slabs[at].name, sizeof event->slabs[at].name, name, length);
    event->slabs[at].bytes = bytes;
}

static bool parse_slab(struct lr_oom_parser *parser, const char *text)
{
    if (strstr(text, "Unreclaimable slab info:")) {
        parser->block = LR_BLOCK_SLABS;
        return true;
    }
    if (parser->block != LR_BLOCK_SLABS)
        return false;
    if (strncmp(text, "Name ", 5) == 0)
        return true;
    size_t length = strcspn(text, " ");
    const char *s = text + length;
    uint64_t used, total;
    s += strspn(s, " ");
    if (!lr_oom_digits(&s, &used) || strncmp(s, "KB", 2) != 0)
        return false;
    s += 2 + strspn(s + 2, " ");
    if (!lr_oom_digits(&s, &total))
        return false;
    keep_slab(&parser->event, text, length, lr_oom_scale(total, 1024));
    return true;
}

bool lr_oom_parse_memory(struct lr_oom_parser *parser, char *text)
{
    struct lr_oom_event *event = &parser->event;
    if (strstr(text, "Mem-Info:")) {
        event->meminfo = true;
        return true;
    }
    if (parse_slab(parser, text))
        return true;
    if (event->victim_count)
        return false; /* the machine's state belongs to what comes before the kill */
    return parse_hugepages(event, text) || parse_zone(event, text) || parse_buddy(event, text) ||
           parse_percpu(event, text) || parse_footer(event, text) || parse_counters(event, text);
}
