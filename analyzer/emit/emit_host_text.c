/* emit_host_text.c -- `leakring host` as text.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "host_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "emit_folded.h"
#include "oom_units.h"

#define INDENT 12

static const char *size_or(char *out, uint64_t bytes, const char *otherwise)
{
    return bytes == LR_HOST_UNKNOWN ? otherwise : lr_unit_binary(out, bytes);
}

static void print_machine(const struct lr_host *host)
{
    const struct lr_host_virt *virt = &host->virt;
    char text[2 * LR_HOST_TEXT_SIZE], a[LR_UNIT_SIZE];
    int used = snprintf(text, sizeof text, "%s%s%s, %s of memory", host->hostname,
                        host->hostname[0] ? ", kernel " : "kernel ",
                        host->release[0] ? host->release : "unknown",
                        lr_unit_binary(a, host->meminfo[LR_MI_total]));
    if (virt->hypervisor[0])
        used += snprintf(text + used, sizeof text - (size_t)used, ", a %s of %s (%s)",
                         virt->dom0 ? "control domain" : "guest", virt->hypervisor, virt->evidence);
    if (virt->driver[0] && virt->hypervisor[0])
        snprintf(text + used, sizeof text - (size_t)used, ", balloon driver %s", virt->driver);
    lr_print_folded("Machine     ", INDENT, text);
}

static void print_findings(const struct lr_host *host)
{
    char text[LR_HOST_TEXT_SIZE + 32];
    bool first_note = true;
    lr_print_folded("Verdict     ", INDENT, host->verdict);
    for (unsigned i = 0; i < host->finding_count; i++) {
        const struct lr_host_finding *finding = &host->findings[i];
        const char *lead = finding->wrong ? i == 0 ? "Wrong       " : ""
                           : first_note   ? "Note        "
                                          : "";
        first_note &= finding->wrong;
        snprintf(text, sizeof text, "%s: %s", finding->kind, finding->text);
        lr_print_folded(lead, INDENT, text);
    }
    for (unsigned i = 0; i < host->note_count; i++)
        lr_print_folded(i == 0 ? "Not read    " : "", INDENT, host->notes[i]);
}

static void row(const char *sign, uint64_t bytes, const char *name, const char *more)
{
    char kb[LR_UNIT_SIZE], size[LR_UNIT_SIZE];
    printf("  %s %15s %11s  %s%s\n", sign, lr_unit_count(kb, bytes / 1024),
           lr_unit_binary(size, bytes), name, more);
}

static void print_ledger(const struct lr_host *host)
{
    char text[80];
    printf("\nWhere memory is, in KiB\n");
    if (host->present != LR_HOST_UNKNOWN && host->reserved != LR_HOST_UNKNOWN) {
        row(" ", host->present, "present", "");
        row("-", host->present - host->meminfo[LR_MI_total], "not managed by the kernel", "");
    }
    row(host->reserved != LR_HOST_UNKNOWN ? "=" : " ", host->meminfo[LR_MI_total], "MemTotal", "");
    for (unsigned i = 0; i < host->item_count; i++)
        row("-", host->items[i].bytes, host->items[i].name, "");
    uint64_t away = (uint64_t)(host->residual < 0 ? -host->residual : host->residual);
    snprintf(text, sizeof text, ": %.1f %%", lr_percent(away, host->meminfo[LR_MI_total]));
    row(host->residual < 0 ? "-" : "=", away,
        !host->ledger_known  ? "left over, but counters are missing"
        : host->residual < 0 ? "counted twice: the counters are of different moments"
                             : "that nothing in this machine accounts for",
        text);
}

static void print_use(const struct lr_host *host)
{
    const uint64_t *mi = host->meminfo;
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE], c[LR_UNIT_SIZE], d[LR_UNIT_SIZE];
    uint64_t swap_used =
        mi[LR_MI_swap_total] != LR_HOST_UNKNOWN && mi[LR_MI_swap_free] <= mi[LR_MI_swap_total]
            ? mi[LR_MI_swap_total] - mi[LR_MI_swap_free]
            : LR_HOST_UNKNOWN;
    printf("\nAvailable %s%s; swap %s of %s used; tmpfs and shared memory %s; processes %s",
           size_or(a, host->available, "unknown"), host->available_estimated ? " (estimated)" : "",
           size_or(b, swap_used, "?"), size_or(c, mi[LR_MI_swap_total], "?"),
           size_or(d, mi[LR_MI_shmem], "?"), host->pss_sum ? "Pss " : "rss ");
    printf("%s", lr_unit_binary(a, host->pss_sum));
    if (host->rss_unknown_sum)
        printf("%s%s as rss", host->pss_sum ? " and " : "",
               lr_unit_binary(b, host->rss_unknown_sum));
    printf(" in %zu\n", host->process_count);
}

static void print_processes(const struct lr_host *host, unsigned count)
{
    char pss[LR_UNIT_SIZE], swap[LR_UNIT_SIZE];
    if (host->process_count == 0 || count == 0)
        return;
    printf("\nThe order in which the kernel would kill, now\n");
    printf("  %4s %8s %6s %6s %11s %11s  %s\n", "", "pid", "score", "adj", "Pss", "swap", "name");
    unsigned shown = 0;
    for (size_t i = 0; i < host->process_count; i++) {
        const struct lr_host_process *process = &host->processes[i];
        bool rss = process->pss == LR_HOST_UNKNOWN;
        bool safe = process->pid == 1 || process->adj <= -1000;
        if (shown >= count && !process->critical)
            continue;
        char place[16], score[24], adj[24];
        snprintf(place, sizeof place, safe ? "safe" : "%zu", i + 1);
        snprintf(score, sizeof score, process->score == LR_HOST_UNKNOWN ? "?" : "%" PRIu64,
                 process->score);
        snprintf(adj, sizeof adj, process->adj_known ? "%" PRId64 : "?", process->adj);
        printf("  %4s %8" PRId64 " %6s %6s %11s %11s  %s%s%s\n", place, process->pid, score, adj,
               lr_unit_binary(pss, rss ? process->rss : process->pss),
               size_or(swap, process->swap, "?"), process->name, rss ? " (rss)" : "",
               !process->critical         ? ""
               : safe || process->adj < 0 ? " (critical, protected)"
                                          : " (critical, NOT protected)");
        shown++;
    }
}

static void print_groups(const struct lr_host *host)
{
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE];
    if (host->group_count == 0)
        return;
    printf("\nControl groups with a limit or kills (version %d, %" PRIu64 " groups seen)\n",
           host->cgroup_version, host->groups_seen);
    for (unsigned i = 0; i < host->group_count && i < 10; i++) {
        const struct lr_host_group *group = &host->groups[i];
        printf("  %11s of %11s  %s", size_or(a, group->current, "?"),
               size_or(b, group->limit, "no limit"), group->path);
        if (group->oom_kills)
            printf(", %" PRIu64 " killed", group->oom_kills);
        putchar('\n');
    }
}

void lr_host_print_text(const struct lr_host *host, unsigned processes)
{
    print_machine(host);
    print_findings(host);
    print_ledger(host);
    print_use(host);
    print_processes(host, processes);
    print_groups(host);
}
