/* oom_ledger.c -- where the memory was: a sum that ends in what nothing accounts for.
 *
 * Stage: JUDGE.  Context: analyzer only.
 * The machine: RAM the kernel manages minus the LRU lists, slab, page tables, kernel stacks, free
 * pages, per-CPU lists and huge pages.  The LRU is used, not the processes' rss, which counts
 * shared pages twice and misses the page and swap caches.
 * A group: its usage minus what its statistics name.
 */
#include "oom_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct lr_oom_item *add_item(struct lr_oom_ledger *ledger, const char *name, uint64_t bytes)
{
    if (ledger->count == LR_OOM_ITEMS_MAX)
        return NULL;
    struct lr_oom_item *item = &ledger->items[ledger->count++];
    memset(item, 0, sizeof *item);
    snprintf(item->name, sizeof item->name, "%s", name);
    item->known = bytes != LR_OOM_UNKNOWN;
    item->bytes = item->known ? bytes : 0;
    return item;
}

const struct lr_oom_item *lr_oom_item(const struct lr_oom_ledger *ledger, const char *name)
{
    for (unsigned i = 0; i < ledger->count; i++)
        if (strcmp(ledger->items[i].name, name) == 0 && ledger->items[i].known)
            return &ledger->items[i];
    return NULL;
}

static void detail(struct lr_oom_item *item, const char *name, uint64_t value)
{
    char number[LR_OOM_TEXT_SIZE / 8];
    size_t used;
    if (!item || value == LR_OOM_UNKNOWN || value == 0)
        return;
    used = strlen(item->detail);
    snprintf(number, sizeof number, "%" PRIu64, value);
    snprintf(item->detail + used, sizeof item->detail - used, "%s%s %s", used ? " + " : "", name,
             number);
}

/* The item of some of Mem-Info's counters, with its parts as detail when there are several. */
static void add_counters(const struct lr_oom_event *event, struct lr_oom_ledger *ledger,
                         const char *name, const enum lr_oom_counter *counters,
                         const char *const *names, size_t count)
{
    uint64_t pages = LR_OOM_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        uint64_t both[] = {pages, event->counters[counters[i]]};
        pages = lr_oom_sum(both, 2);
    }
    struct lr_oom_item *item = add_item(ledger, name, lr_oom_scale(pages, event->page_size));
    for (size_t i = 0; count > 1 && i < count; i++)
        detail(item, names[i], event->counters[counters[i]]);
}

#define COUNTERS(ledger_name, ...)                                                                 \
    do {                                                                                           \
        static const enum lr_oom_counter list[] = {__VA_ARGS__};                                   \
        add_counters(event, ledger, ledger_name, list, parts, sizeof list / sizeof *list);         \
    } while (0)

static void add_huge(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    uint64_t bytes = LR_OOM_UNKNOWN;
    for (unsigned i = 0; i < event->huge_count; i++) {
        uint64_t kb = lr_oom_scale(event->huge[i].size_kb, 1024);
        uint64_t both[] = {bytes, lr_oom_scale(event->huge[i].total, kb)};
        bytes = lr_oom_sum(both, 2);
    }
    struct lr_oom_item *item = add_item(ledger, "huge pages", bytes);
    for (unsigned i = 0; item && i < event->huge_count; i++)
        if (event->huge[i].total) {
            size_t used = strlen(item->detail);
            snprintf(item->detail + used, sizeof item->detail - used,
                     "%s%" PRIu64 " of %" PRIu64 " kB, %" PRIu64 " unused", used ? "; " : "",
                     event->huge[i].total, event->huge[i].size_kb, event->huge[i].free);
        }
}

static void add_zone(const struct lr_oom_event *event, struct lr_oom_ledger *ledger,
                     const char *name, enum lr_oom_zone_counter counter, bool always)
{
    uint64_t kb = event->zone_kb[counter];
    if (always || (kb != LR_OOM_UNKNOWN && kb > 0))
        add_item(ledger, name, lr_oom_scale(kb, 1024));
}

static void add_per_cpu(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    uint64_t pages = event->counters[LR_OOM_free_pcp];
    if (pages == LR_OOM_UNKNOWN)
        pages = event->pcp_used;
    add_item(ledger, "per-CPU page lists", lr_oom_scale(pages, event->page_size));
}

static void finish(struct lr_oom_ledger *ledger)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < ledger->count; i++)
        if (ledger->items[i].known) {
            uint64_t both[] = {sum, ledger->items[i].bytes};
            sum = lr_oom_sum(both, 2);
        }
    bool less = sum > ledger->total;
    uint64_t away = less ? sum - ledger->total : ledger->total - sum;
    if (away > INT64_MAX)
        away = INT64_MAX;
    ledger->residual = less ? -(int64_t)away : (int64_t)away;
}

/* A balloon whose pages have left the managed memory (virtio, Xen) is among the reserved pages
 * already: it is subtracted only where that much is really missing. */
static void add_balloon(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    uint64_t bytes = lr_oom_scale(event->zone_kb[LR_OOM_ZONE_Balloon], 1024);
    if (bytes == LR_OOM_UNKNOWN || bytes == 0 || ledger->residual <= 0 ||
        (double)ledger->residual < 0.9 * (double)bytes)
        return;
    add_item(ledger, "balloon", bytes);
    finish(ledger);
}

static void machine_ledger(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    static const char *const lru[] = {"active_anon",   "inactive_anon", "active_file",
                                      "inactive_file", "isolated_anon", "isolated_file",
                                      "unevictable"};
    static const char *const slab[] = {"reclaimable", "unreclaimable"};
    const char *const *parts = lru;
    COUNTERS("LRU lists", LR_OOM_active_anon, LR_OOM_inactive_anon, LR_OOM_active_file,
             LR_OOM_inactive_file, LR_OOM_isolated_anon, LR_OOM_isolated_file, LR_OOM_unevictable);
    parts = slab;
    COUNTERS("slab", LR_OOM_slab_reclaimable, LR_OOM_slab_unreclaimable);
    COUNTERS("page tables", LR_OOM_pagetables);
    if (event->counters[LR_OOM_sec_pagetables] != LR_OOM_UNKNOWN)
        COUNTERS("page tables of guests and IOMMUs", LR_OOM_sec_pagetables);
    add_zone(event, ledger, "kernel stacks", LR_OOM_ZONE_kernel_stack, true);
    add_zone(event, ledger, "shadow call stacks", LR_OOM_ZONE_shadow_call_stack, false);
    COUNTERS("free", LR_OOM_free);
    add_per_cpu(event, ledger);
    add_huge(event, ledger);
    uint64_t misc = event->counters[LR_OOM_kernel_misc_reclaimable];
    if (misc != LR_OOM_UNKNOWN && misc > 0)
        COUNTERS("other reclaimable kernel memory", LR_OOM_kernel_misc_reclaimable);
    uint64_t bounce = event->counters[LR_OOM_bounce];
    if (bounce != LR_OOM_UNKNOWN && bounce > 0)
        COUNTERS("bounce buffers", LR_OOM_bounce);
    add_zone(event, ledger, "GPU, active", LR_OOM_ZONE_gpu_active, false);
    add_zone(event, ledger, "GPU, reclaimable", LR_OOM_ZONE_gpu_reclaim, false);
    if (event->ram == LR_OOM_UNKNOWN || event->reserved == LR_OOM_UNKNOWN ||
        event->reserved > event->ram)
        return;
    ledger->ram = lr_oom_scale(event->ram, event->page_size);
    ledger->reserved = lr_oom_scale(event->reserved, event->page_size);
    ledger->total = ledger->ram - ledger->reserved;
    ledger->known = lr_oom_item(ledger, "LRU lists") && lr_oom_item(ledger, "slab") &&
                    lr_oom_item(ledger, "free");
    finish(ledger);
    add_balloon(event, ledger);
}

static void add_stat_item(const struct lr_oom_event *event, struct lr_oom_ledger *ledger,
                          const char *name, const char *const *stats, size_t count)
{
    uint64_t bytes = LR_OOM_UNKNOWN;
    char parts[200] = "";
    for (size_t i = 0; i < count; i++) {
        uint64_t value = lr_oom_stat(event, stats[i]);
        uint64_t both[] = {bytes, value};
        bytes = lr_oom_sum(both, 2);
        size_t used = strlen(parts);
        if (count > 1 && value != LR_OOM_UNKNOWN && value > 0)
            snprintf(parts + used, sizeof parts - used, "%s%s %" PRIu64, used ? " + " : "",
                     stats[i], value);
    }
    struct lr_oom_item *item = add_item(ledger, name, bytes);
    if (item)
        memcpy(item->detail, parts, sizeof parts);
}

#define STATS(ledger_name, ...)                                                                    \
    do {                                                                                           \
        static const char *const list[] = {__VA_ARGS__};                                           \
        add_stat_item(event, ledger, ledger_name, list, sizeof list / sizeof *list);               \
    } while (0)

static void group_ledger(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    ledger->total = event->memcg_usage == LR_OOM_UNKNOWN ? 0 : event->memcg_usage;
    if (event->stats_in_kb) {
        STATS("anonymous memory", "rss");
        STATS("page cache, tmpfs included", "cache");
        if (event->memcg_kmem_usage != LR_OOM_UNKNOWN)
            add_item(ledger, "kernel memory", event->memcg_kmem_usage);
    } else {
        STATS("anonymous memory", "anon");
        STATS("page cache, tmpfs included", "file");
        if (lr_oom_stat(event, "kernel") != LR_OOM_UNKNOWN)
            STATS("kernel memory", "kernel");
        else
            STATS("kernel memory", "slab", "kernel_stack", "pagetables", "sec_pagetables", "percpu",
                  "vmalloc");
        STATS("socket buffers", "sock");
    }
    ledger->known = event->memcg_usage != LR_OOM_UNKNOWN && lr_oom_item(ledger, "anonymous memory");
    finish(ledger);
}

void lr_oom_ledger(const struct lr_oom_event *event, struct lr_oom_ledger *ledger)
{
    memset(ledger, 0, sizeof *ledger);
    if (event->constraint == LR_OOM_MEMCG)
        group_ledger(event, ledger);
    else
        machine_ledger(event, ledger);
}
