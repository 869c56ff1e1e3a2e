/* host_ledger.c -- where the machine's memory is now: MemTotal minus all the kernel counts.
 *
 * Stage: `leakring host`, judging.  Context: analyzer only.
 * As in oom_ledger.c the LRU lists stand for what processes and the page cache have.  Two traps:
 * pages on per-CPU lists and in per-CPU allocations are in neither free nor LRU (left out, a
 * large idle machine seems to miss 4-5 %); and kernel stacks usually lie in vmalloc space, so
 * VmallocUsed would count them a second time.
 */
#include "host_model.h"

static void add(struct lr_host *host, const char *name, uint64_t bytes)
{
    if (bytes == LR_HOST_UNKNOWN || host->item_count == LR_HOST_ITEMS_MAX)
        return;
    host->items[host->item_count++] = (struct lr_host_item){name, bytes};
}

static void add_some(struct lr_host *host, const char *name, uint64_t bytes)
{
    if (bytes != 0)
        add(host, name, bytes);
}

static uint64_t pages(const struct lr_host *host, enum lr_vmstat line)
{
    uint64_t bytes;
    if (host->vmstat[line] == LR_HOST_UNKNOWN ||
        __builtin_mul_overflow(host->vmstat[line], host->page_size, &bytes))
        return LR_HOST_UNKNOWN;
    return bytes;
}

/* From 5.2 on VmallocUsed is what it says; before, it was 0 or counted address space. */
static uint64_t vmalloc_besides_stacks(const struct lr_host *host)
{
    uint64_t used = host->meminfo[LR_MI_vmalloc_used], stacks = host->meminfo[LR_MI_kernel_stack];
    bool trusted = host->major > 5 || (host->major == 5 && host->minor >= 2);
    if (!trusted || used == LR_HOST_UNKNOWN)
        return LR_HOST_UNKNOWN;
    return stacks != LR_HOST_UNKNOWN && used > stacks ? used - stacks : 0;
}

static uint64_t huge_pages(const struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    uint64_t bytes;
    if (mi[LR_MI_hugetlb] != LR_HOST_UNKNOWN)
        return mi[LR_MI_hugetlb];
    if (mi[LR_MI_huge_total] == LR_HOST_UNKNOWN || mi[LR_MI_huge_size] == LR_HOST_UNKNOWN ||
        __builtin_mul_overflow(mi[LR_MI_huge_total], mi[LR_MI_huge_size], &bytes))
        return LR_HOST_UNKNOWN;
    return bytes;
}

static int64_t residual_of(const struct lr_host *host)
{
    uint64_t sum = 0, total = host->meminfo[LR_MI_total];
    for (unsigned i = 0; i < host->item_count; i++)
        sum = lr_host_add(sum, host->items[i].bytes);
    bool less = sum > total;
    uint64_t away = less ? sum - total : total - sum;
    if (away > INT64_MAX)
        away = INT64_MAX;
    return less ? -(int64_t)away : (int64_t)away;
}

/* A balloon that takes its pages out of MemTotal must not be subtracted again: it is subtracted
 * only where that much is really missing (a tenth of it may differ, since drivers round and the
 * counters are of different moments). */
static void add_balloon(struct lr_host *host)
{
    uint64_t bytes = host->virt.balloon;
    int64_t missing = residual_of(host);
    if (bytes == LR_HOST_UNKNOWN || bytes == 0 || missing <= 0)
        return;
    if ((double)missing >= 0.9 * (double)bytes)
        add(host, "balloon", bytes);
}

static void set_available(struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    host->available = mi[LR_MI_available];
    if (host->available != LR_HOST_UNKNOWN || mi[LR_MI_free] == LR_HOST_UNKNOWN)
        return;
    /* Before 3.14: half of what could be reclaimed, as the kernel reckons since. */
    uint64_t cache = lr_host_add(mi[LR_MI_active_file], mi[LR_MI_inactive_file]);
    cache = lr_host_add(cache, mi[LR_MI_sreclaimable]);
    host->available = lr_host_add(mi[LR_MI_free], cache == LR_HOST_UNKNOWN ? 0 : cache / 2);
    host->available_estimated = true;
}

void lr_host_ledger(struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    uint64_t anon = lr_host_add(mi[LR_MI_active_anon], mi[LR_MI_inactive_anon]);
    uint64_t file = lr_host_add(mi[LR_MI_active_file], mi[LR_MI_inactive_file]);
    uint64_t isolated =
        lr_host_add(pages(host, LR_VS_nr_isolated_anon), pages(host, LR_VS_nr_isolated_file));
    host->item_count = 0;
    add(host, "free", mi[LR_MI_free]);
    add(host, "anonymous memory and tmpfs (LRU)", anon);
    add(host, "page cache (LRU)", file);
    add(host, "unevictable: locked, ramfs (LRU)", mi[LR_MI_unevictable]);
    add_some(host, "isolated for reclaim", isolated);
    add(host, "slab", mi[LR_MI_slab]);
    if (mi[LR_MI_kreclaimable] != LR_HOST_UNKNOWN && mi[LR_MI_sreclaimable] != LR_HOST_UNKNOWN &&
        mi[LR_MI_kreclaimable] > mi[LR_MI_sreclaimable])
        add(host, "other reclaimable kernel memory",
            mi[LR_MI_kreclaimable] - mi[LR_MI_sreclaimable]);
    add(host, "page tables", mi[LR_MI_page_tables]);
    add_some(host, "page tables of guests and IOMMUs", mi[LR_MI_sec_page_tables]);
    add(host, "kernel stacks", mi[LR_MI_kernel_stack]);
    add_some(host, "shadow call stacks", mi[LR_MI_shadow_call_stack]);
    add(host, "per-CPU allocations", mi[LR_MI_percpu]);
    add(host, "per-CPU page lists", host->pcp);
    add(host, "vmalloc besides stacks", vmalloc_besides_stacks(host));
    add_some(host, "huge pages", huge_pages(host));
    add_some(host, "compressed swap (zsmalloc)", pages(host, LR_VS_nr_zspages));
    add_some(host, "bounce buffers", mi[LR_MI_bounce]);
    add_some(host, "FUSE writeback", mi[LR_MI_writeback_tmp]);
    add_some(host, "broken pages", mi[LR_MI_hardware_corrupted]);
    add_some(host, "GPU, active", mi[LR_MI_gpu_active]);
    add_some(host, "GPU, reclaimable", mi[LR_MI_gpu_reclaim]);
    host->ledger_known = mi[LR_MI_free] != LR_HOST_UNKNOWN && anon != LR_HOST_UNKNOWN &&
                         file != LR_HOST_UNKNOWN && mi[LR_MI_slab] != LR_HOST_UNKNOWN;
    add_balloon(host);
    host->residual = residual_of(host);
    set_available(host);
    /* Not the sum of the zones' managed pages: on some guests (seen on 6.18 after memory was
     * added) the zones don't follow what MemTotal says. */
    if (host->present != LR_HOST_UNKNOWN && host->present >= mi[LR_MI_total]) {
        uint64_t crash = host->crash_kernel == LR_HOST_UNKNOWN ? 0 : host->crash_kernel;
        host->reserved = host->present - mi[LR_MI_total];
        host->reserved -= crash < host->reserved ? crash : host->reserved;
    }
}
