/* host_judge.c -- what is wrong with this machine's memory, if anything.
 *
 * Stage: `leakring host`, judging.  Context: analyzer only.
 * A finding that is `wrong` makes the exit code 1; the others are told because they may be what
 * the reader is looking for.  docs/OOM.md argues the thresholds.
 */
#include "host_model.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oom_units.h"

#define LARGE (256u << 20) /* smaller amounts are noise on any machine */
#define UNACCOUNTED_PERCENT 10.0
#define RESERVED_PERCENT 10.0 /* the kernel itself keeps a few per cent back */
#define BALLOON_PERCENT 10.0
#define AVAILABLE_PERCENT 5.0   /* less: the machine is about to run out */
#define AVAILABLE_SWAPLESS 10.0 /* the same once swap is full */
#define SWAP_FULL_PERCENT 10.0  /* free */
#define PRESSURE_PERCENT 5.0    /* of the time nothing could run for want of memory */
#define SLAB_PERCENT 20.0
#define PAGE_TABLES_PERCENT 8.0
#define HUGE_UNUSED_PERCENT 10.0
#define TMPFS_PERCENT 30.0
#define GROUP_FULL_PERCENT 95.0

static void find(struct lr_host *host, const char *kind, bool wrong, uint64_t bytes,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

static void find(struct lr_host *host, const char *kind, bool wrong, uint64_t bytes,
                 const char *format, ...)
{
    if (host->finding_count == LR_HOST_FINDINGS_MAX)
        return;
    struct lr_host_finding *finding = &host->findings[host->finding_count++];
    va_list arguments;
    snprintf(finding->kind, sizeof finding->kind, "%s", kind);
    finding->wrong = wrong;
    finding->bytes = bytes;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
}

static double share(const struct lr_host *host, uint64_t bytes)
{
    return bytes == LR_HOST_UNKNOWN ? 0 : lr_percent(bytes, host->meminfo[LR_MI_total]);
}

static bool large(const struct lr_host *host, uint64_t bytes, double percent)
{
    return bytes != LR_HOST_UNKNOWN && bytes >= LARGE && share(host, bytes) >= percent;
}

/* --- the machine --------------------------------------------------------------------------- */

static void judge_residual(struct lr_host *host)
{
    char a[LR_UNIT_SIZE], why[160];
    uint64_t missing = host->residual > 0 ? (uint64_t)host->residual : 0;
    if (!host->ledger_known || !large(host, missing, UNACCOUNTED_PERCENT))
        return;
    lr_unit_binary(a, missing);
    bool guest = host->virt.hypervisor[0] && strcmp(host->virt.hypervisor, "Amazon") != 0;
    if (host->virt.driver[0] && guest)
        snprintf(why, sizeof why,
                 "this is a guest of %s with the driver %s: its balloon is the "
                 "first suspect",
                 host->virt.hypervisor, host->virt.driver);
    else if (guest)
        snprintf(why, sizeof why,
                 "this is a guest (%s): a balloon, or a driver that allocates "
                 "pages itself",
                 host->virt.hypervisor);
    else
        snprintf(why, sizeof why,
                 "a driver that allocates pages itself (GPU, RDMA, ZFS), or a "
                 "leak in the kernel");
    find(host, guest ? "balloon" : "unaccounted", true, missing,
         "%s, %.0f %% of memory, is in none of the kernel's counters; %s", a, share(host, missing),
         why);
}

static void judge_balloon(struct lr_host *host)
{
    const struct lr_host_virt *virt = &host->virt;
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];
    if (virt->balloon != LR_HOST_UNKNOWN && virt->balloon > 0)
        find(host, "balloon", large(host, virt->balloon, BALLOON_PERCENT), virt->balloon,
             "the hypervisor holds %s of this machine in its balloon (%s)%s%s",
             lr_unit_binary(a, virt->balloon), virt->balloon_source,
             virt->target != LR_HOST_UNKNOWN && virt->target > virt->balloon ? "; it wants " : "",
             virt->target != LR_HOST_UNKNOWN && virt->target > virt->balloon
                 ? lr_unit_binary(b, virt->target)
                 : "");
    if (host->reserved == LR_HOST_UNKNOWN || host->reserved < LARGE ||
        lr_percent(host->reserved, host->present) < RESERVED_PERCENT)
        return;
    bool told = virt->balloon != LR_HOST_UNKNOWN && virt->balloon >= host->reserved / 2;
    if (strcmp(virt->hypervisor, "Xen") == 0)
        find(host, "balloon", true, host->reserved,
             "Xen has taken %s of this %s: it was started with %s and manages %s now",
             lr_unit_binary(a, host->reserved), virt->dom0 ? "dom0" : "guest",
             lr_unit_binary((char[LR_UNIT_SIZE]){0}, host->present),
             lr_unit_binary(b, host->meminfo[LR_MI_total]));
    else if (!told)
        find(host, virt->hypervisor[0] ? "balloon" : "reserved", virt->hypervisor[0] != 0,
             host->reserved, "%s of RAM is present but not managed by the kernel: %s",
             lr_unit_binary(a, host->reserved),
             virt->hypervisor[0] ? "a balloon that was inflated since the start, or memory "
                                   "reserved at boot"
                                 : "reserved at boot, by the firmware or on the command line");
}

static void judge_shortage(struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];
    double available = host->available == LR_HOST_UNKNOWN ? 100 : share(host, host->available);
    uint64_t swap_total = mi[LR_MI_swap_total], swap_free = mi[LR_MI_swap_free];
    bool has_swap = swap_total != LR_HOST_UNKNOWN && swap_total > 0 && swap_free <= swap_total;
    bool full = has_swap && lr_percent(swap_free, swap_total) < SWAP_FULL_PERCENT;
    bool short_of = available < (has_swap && !full ? AVAILABLE_PERCENT : AVAILABLE_SWAPLESS);
    host->squeezed = short_of || (full && available < 2 * AVAILABLE_SWAPLESS);
    if (short_of)
        find(host, "shortage", true, host->available, "only %s (%.0f %%) is available%s%s",
             lr_unit_binary(a, host->available), available,
             host->available_estimated ? ", estimated" : "",
             !has_swap ? ", and there is no swap"
             : full    ? ", and swap is full"
                       : "");
    if (full)
        find(host, "swap", host->squeezed, swap_total - swap_free, "swap is full: %s of %s in use",
             lr_unit_binary(a, swap_total - swap_free), lr_unit_binary(b, swap_total));
    if (host->pressure_full >= PRESSURE_PERCENT) {
        host->squeezed = true;
        find(host, "pressure", true, LR_HOST_UNKNOWN,
             "everything stood still for want of memory %.0f %% of the last minute",
             host->pressure_full);
    }
}

static void judge_parts(struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    char a[LR_UNIT_SIZE];
    if (large(host, mi[LR_MI_sunreclaim], SLAB_PERCENT))
        find(host, "slab", true, mi[LR_MI_sunreclaim],
             "%s of slab that can't be reclaimed "
             "(%.0f %%): `slabtop -o -s c` names the table that grows",
             lr_unit_binary(a, mi[LR_MI_sunreclaim]), share(host, mi[LR_MI_sunreclaim]));
    if (large(host, mi[LR_MI_page_tables], PAGE_TABLES_PERCENT))
        find(host, "page-tables", true, mi[LR_MI_page_tables],
             "%s of page tables (%.0f %%): many "
             "processes that map the same big shared memory",
             lr_unit_binary(a, mi[LR_MI_page_tables]), share(host, mi[LR_MI_page_tables]));
    uint64_t unused = LR_HOST_UNKNOWN;
    if (mi[LR_MI_huge_free] != LR_HOST_UNKNOWN && mi[LR_MI_huge_size] != LR_HOST_UNKNOWN &&
        !__builtin_mul_overflow(mi[LR_MI_huge_free], mi[LR_MI_huge_size], &unused) &&
        large(host, unused, HUGE_UNUSED_PERCENT))
        find(host, "hugepages", true, unused,
             "%s is set aside as huge pages and unused (%.0f %%): "
             "lower vm.nr_hugepages",
             lr_unit_binary(a, unused), share(host, unused));
    if (large(host, mi[LR_MI_shmem], TMPFS_PERCENT))
        find(host, "tmpfs", true, mi[LR_MI_shmem],
             "%s in tmpfs and shared memory (%.0f %%); only "
             "deleting it frees it",
             lr_unit_binary(a, mi[LR_MI_shmem]), share(host, mi[LR_MI_shmem]));
    if (host->vmstat[LR_VS_oom_kill] != LR_HOST_UNKNOWN && host->vmstat[LR_VS_oom_kill] > 0)
        find(host, "oom-kills", false, LR_HOST_UNKNOWN,
             "the kernel has killed %" PRIu64
             " processes for want of memory since it started: `dmesg | leakring oom -`",
             host->vmstat[LR_VS_oom_kill]);
}

static void judge_groups(struct lr_host *host)
{
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];
    for (unsigned i = 0; i < host->group_count; i++) {
        const struct lr_host_group *group = &host->groups[i];
        if (group->limit == LR_HOST_UNKNOWN || group->current == LR_HOST_UNKNOWN)
            continue;
        uint64_t cache = group->cache == LR_HOST_UNKNOWN ? 0 : group->cache;
        uint64_t held = group->current > cache ? group->current - cache : 0;
        if (lr_percent(held, group->limit) >= GROUP_FULL_PERCENT)
            find(host, "group-full", true, held,
                 "the control group %.100s holds %s of %s that it "
                 "can't give back",
                 group->path, lr_unit_binary(a, held), lr_unit_binary(b, group->limit));
    }
}

/* --- processes ----------------------------------------------------------------------------- */

static const char *const critical_names[] = {"sshd",  "dropbear",       "cron",
                                             "crond", "systemd-logind", "dbus-daemon"};

static bool named_by_user(const struct lr_host *host, const char *name)
{
    for (unsigned i = 0; i < host->critical_count; i++)
        if (strncmp(host->critical[i], name, 15) == 0) /* the kernel keeps 15 characters */
            return true;
    return false;
}

static bool known_critical(const struct lr_host_process *process)
{
    for (size_t i = 0; i < sizeof critical_names / sizeof *critical_names; i++)
        if (process->ppid <= 1 && strcmp(critical_names[i], process->name) == 0)
            return true;
    return false;
}

static bool child_of_init_named(const struct lr_host *host, const char *name)
{
    for (size_t i = 0; i < host->process_count; i++)
        if (host->processes[i].ppid <= 1 && strcmp(host->processes[i].name, name) == 0)
            return true;
    return false;
}

static int by_kill_order(const void *x, const void *y)
{
    const struct lr_host_process *a = x, *b = y;
    bool a_safe = a->pid == 1 || a->adj <= -1000, b_safe = b->pid == 1 || b->adj <= -1000;
    uint64_t a_score = a->score == LR_HOST_UNKNOWN ? 0 : a->score;
    uint64_t b_score = b->score == LR_HOST_UNKNOWN ? 0 : b->score;
    if (a_safe != b_safe)
        return a_safe ? 1 : -1;
    if (a_score != b_score)
        return a_score > b_score ? -1 : 1;
    if (a->points != b->points)
        return a->points > b->points ? -1 : 1;
    return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void order_processes(struct lr_host *host)
{
    uint64_t total = lr_host_add(host->meminfo[LR_MI_total], host->meminfo[LR_MI_swap_total]);
    int64_t thousandth = (int64_t)(total / host->page_size / 1000);
    for (size_t i = 0; i < host->process_count; i++) {
        struct lr_host_process *process = &host->processes[i];
        uint64_t bytes =
            lr_host_add(lr_host_add(process->rss, process->swap), process->page_tables);
        process->points = (int64_t)(bytes / host->page_size) + process->adj * thousandth;
        bool user = named_by_user(host, process->name);
        process->critical =
            known_critical(process) ||
            (user && (process->ppid <= 1 || !child_of_init_named(host, process->name)));
    }
    if (host->process_count)
        qsort(host->processes, host->process_count, sizeof *host->processes, by_kill_order);
}

static bool unprotected(const struct lr_host_process *process)
{
    return process->critical && process->adj_known && process->adj >= 0 && process->pid != 1;
}

/* One finding a name, at the first of that name to go. */
static void judge_critical(struct lr_host *host)
{
    for (size_t i = 0; i < host->process_count; i++) {
        const struct lr_host_process *process = &host->processes[i];
        char others[64] = "";
        size_t before = 0, same = 0;
        if (!unprotected(process))
            continue;
        for (size_t k = 0; k < host->process_count; k++)
            if (unprotected(&host->processes[k]) &&
                strcmp(host->processes[k].name, process->name) == 0) {
                before += k < i;
                same++;
            }
        if (before)
            continue;
        if (same > 1)
            snprintf(others, sizeof others, " and %zu more of that name", same - 1);
        bool wrong = host->squeezed || named_by_user(host, process->name);
        find(host, "unprotected", wrong, LR_HOST_UNKNOWN,
             "%s (%" PRId64 ")%s is not protected from the OOM killer: oom_score_adj is %" PRId64
             ", number %zu to go. `choom -p %" PRId64 " -n -900` now, OOMScoreAdjust=-900 in its "
             "unit for good",
             process->name, process->pid, others, process->adj, i + 1, process->pid);
    }
    for (unsigned i = 0; i < host->critical_count; i++) {
        bool found = false;
        for (size_t k = 0; k < host->process_count && !found; k++)
            found = strncmp(host->critical[i], host->processes[k].name, 15) == 0;
        if (!found)
            find(host, "not-running", false, LR_HOST_UNKNOWN, "no process named %.100s is running",
                 host->critical[i]);
    }
}

static void sort_findings(struct lr_host *host)
{
    for (unsigned i = 1; i < host->finding_count; i++)
        for (unsigned k = i; k > 0 && host->findings[k].wrong && !host->findings[k - 1].wrong;
             k--) {
            struct lr_host_finding swap = host->findings[k];
            host->findings[k] = host->findings[k - 1];
            host->findings[k - 1] = swap;
        }
}

void lr_host_judge(struct lr_host *host)
{
    char a[LR_UNIT_SIZE];
    unsigned wrong = 0;
    judge_balloon(host);
    judge_residual(host);
    judge_shortage(host);
    judge_parts(host);
    judge_groups(host);
    order_processes(host);
    judge_critical(host);
    sort_findings(host);
    while (wrong < host->finding_count && host->findings[wrong].wrong)
        wrong++;
    if (wrong == 1)
        snprintf(host->verdict, sizeof host->verdict, "one thing is wrong");
    else if (wrong > 1)
        snprintf(host->verdict, sizeof host->verdict, "%u things are wrong", wrong);
    else if (!host->ledger_known)
        snprintf(host->verdict, sizeof host->verdict, "cannot tell: counters are missing");
    else
        snprintf(host->verdict, sizeof host->verdict,
                 "nothing is wrong: %s (%.0f %%) available, "
                 "%.1f %% unaccounted for",
                 lr_unit_binary(a, host->available), share(host, host->available),
                 share(host, host->residual > 0 ? (uint64_t)host->residual : 0));
}
