/* oom_judge.c -- the verdict on one OOM event.
 *
 * Stage: JUDGE, after score, ledger and suspects.  Context: analyzer only.
 * The question is what would have to be different for the machine not to run out.  A part that
 * takes a fifth of memory beside a process that would have fitted without it comes before the
 * process; a process that takes most of memory by itself comes first.
 */
#include "oom_judge.h"
#include "oom_units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTSIDE_PERCENT 20.0 /* of managed RAM: a suspect that explains the shortage */
#define ALONE_PERCENT 70.0   /* of RAM + swap: a process that explains it whatever else */
#define PROCESS_PERCENT 40.0 /* … that is the largest part */
#define GROUP_PERCENT 40.0   /* many processes of one name */

void lr_oom_add_text(struct lr_oom_texts *texts, const char *format, ...)
{
    if (texts->count == LR_OOM_TEXTS)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(texts->text[texts->count++], LR_OOM_TEXT_SIZE, format, arguments);
    va_end(arguments);
}

static void set_verdict(struct lr_oom_finding *finding, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void set_verdict(struct lr_oom_finding *finding, const char *kind, const char *format, ...)
{
    va_list arguments;
    snprintf(finding->verdict, sizeof finding->verdict, "%s", kind);
    va_start(arguments, format);
    vsnprintf(finding->summary, sizeof finding->summary, format, arguments);
    va_end(arguments);
}

static uint64_t page_bytes(const struct lr_oom_finding *finding, uint64_t pages)
{
    return lr_oom_scale(pages, finding->event.page_size);
}

/* What all of memory is for this event: RAM + swap, or the group's limit; bytes, 0 unknown. */
static uint64_t whole_of(const struct lr_oom_finding *finding)
{
    return page_bytes(finding, finding->score.total);
}

static uint64_t size_of(const struct lr_oom_task *task) /* pages */
{
    uint64_t both[] = {task->rss, task->swap};
    return lr_oom_sum(both, 2);
}

/* --- tables -------------------------------------------------------------------------------- */

static void fill_top(const struct lr_oom_event *event, struct lr_oom_finding *finding)
{
    for (size_t i = 0; i < event->task_count; i++) {
        const struct lr_oom_task *task = &event->tasks[i];
        enum lr_oom_rule rule = finding->score.rule;
        if (size_of(task) > size_of(&finding->largest))
            finding->largest = *task;
        int64_t points =
            lr_oom_points(task, rule, task->uid == 0, finding->score.total, event->page_size);
        if (finding->score.total == 0) /* no totals: by size alone */
            points = (int64_t)((task->rss + task->swap) & INT64_MAX);
        unsigned at = finding->top_count;
        while (at > 0 && finding->top_points[at - 1] < points)
            at--;
        if (at == LR_OOM_TOP)
            continue;
        unsigned last = finding->top_count < LR_OOM_TOP ? finding->top_count++ : LR_OOM_TOP - 1;
        for (unsigned k = last; k > at; k--) {
            finding->top[k] = finding->top[k - 1];
            finding->top_points[k] = finding->top_points[k - 1];
        }
        finding->top[at] = *task;
        finding->top_points[at] = points;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct lr_oom_task *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void keep_group(struct lr_oom_finding *finding, const struct lr_oom_group *group)
{
    unsigned at = finding->group_count;
    uint64_t size = group->rss + group->swap;
    while (at > 0 && finding->groups[at - 1].rss + finding->groups[at - 1].swap < size)
        at--;
    if (at == LR_OOM_TOP)
        return;
    unsigned last = finding->group_count < LR_OOM_TOP ? finding->group_count++ : LR_OOM_TOP - 1;
    for (unsigned k = last; k > at; k--)
        finding->groups[k] = finding->groups[k - 1];
    finding->groups[at] = *group;
}

static void fill_groups(const struct lr_oom_event *event, struct lr_oom_finding *finding)
{
    const struct lr_oom_task **order = calloc(event->task_count + 1, sizeof *order);
    if (!order)
        return;
    for (size_t i = 0; i < event->task_count; i++)
        order[i] = &event->tasks[i];
    qsort(order, event->task_count, sizeof *order, by_name);
    for (size_t i = 0; i < event->task_count;) {
        struct lr_oom_group group = {.count = 0};
        memcpy(group.name, order[i]->name, sizeof group.name);
        size_t k = i;
        for (; k < event->task_count && strcmp(order[k]->name, group.name) == 0; k++) {
            uint64_t rss[] = {group.rss, order[k]->rss}, swap[] = {group.swap, order[k]->swap};
            group.rss = lr_oom_sum(rss, 2) & INT64_MAX;
            group.swap = lr_oom_sum(swap, 2) & INT64_MAX;
            group.count++;
        }
        keep_group(finding, &group);
        i = k;
    }
    free(order);
}

/* --- the verdict --------------------------------------------------------------------------- */

/* Of the largest process, which needn't be the chosen one: oom_score_adj may protect it. */
static double process_share(const struct lr_oom_finding *finding)
{
    return lr_percent(size_of(&finding->largest), finding->score.total);
}

/* What a group's statistics lack is kernel memory of its own, not something outside. */
static const char *verdict_of_suspect(const struct lr_oom_finding *finding, const char *kind)
{
    bool group = finding->event.constraint == LR_OOM_MEMCG;
    if (!group && (strcmp(kind, "balloon") == 0 || strcmp(kind, "unaccounted") == 0 ||
                   strcmp(kind, "reserved") == 0))
        return "outside";
    return kind;
}

static bool verdict_by_suspect(struct lr_oom_finding *finding)
{
    if (finding->suspect_count == 0)
        return false;
    const struct lr_oom_suspect *worst = &finding->suspects[0];
    if (worst->bytes == LR_OOM_UNKNOWN || worst->percent < OUTSIDE_PERCENT ||
        process_share(finding) >= ALONE_PERCENT)
        return false;
    char size[LR_UNIT_SIZE];
    const char *kind = verdict_of_suspect(finding, worst->kind);
    lr_unit_binary(size, worst->bytes);
    if (strcmp(worst->kind, "balloon") == 0)
        set_verdict(finding, kind,
                    "outside the process: %s (%.0f %% of RAM) was taken from this "
                    "machine, %s by the hypervisor's balloon",
                    size, worst->percent, worst->likely ? "very likely" : "possibly");
    else if (strcmp(worst->kind, "reserved") == 0)
        set_verdict(finding, kind,
                    "outside the process: %s (%.0f %% of RAM) is held back from "
                    "the kernel",
                    size, worst->percent);
    else if (strcmp(kind, "outside") == 0)
        set_verdict(finding, kind,
                    "outside the process: %s (%.0f %%) of memory is in none of the "
                    "kernel's counters",
                    size, worst->percent);
    else
        set_verdict(finding, kind, "not a process: %s, %s (%.0f %%)", worst->kind, size,
                    worst->percent);
    return true;
}

static bool verdict_by_processes(struct lr_oom_finding *finding)
{
    const struct lr_oom_score *score = &finding->score;
    const struct lr_oom_group *group = finding->group_count ? &finding->groups[0] : NULL;
    uint64_t sum[2] = {group ? group->rss : 0, group ? group->swap : 0};
    uint64_t group_bytes = page_bytes(finding, lr_oom_sum(sum, 2));
    double group_share = group ? lr_percent(group_bytes, whole_of(finding)) : 0;
    char size[LR_UNIT_SIZE], killed[80] = "";
    if (process_share(finding) >= PROCESS_PERCENT) {
        const struct lr_oom_task *task = &finding->largest;
        if (score->known && score->task.pid != task->pid)
            snprintf(killed, sizeof killed, "; oom_score_adj made the kernel choose %s",
                     score->task.name);
        set_verdict(finding, "process",
                    "the process %s (%" PRId64 "): %s of rss and swap, %.0f %% "
                    "of %s%s",
                    task->name, task->pid, lr_unit_binary(size, page_bytes(finding, size_of(task))),
                    process_share(finding),
                    finding->event.constraint == LR_OOM_MEMCG ? "the group's limit"
                                                              : "RAM and swap",
                    killed);
        return true;
    }
    if (group && group->count > 1 && group_share >= GROUP_PERCENT) {
        set_verdict(finding, "many-processes",
                    "%" PRIu64 " processes named %s: together %s, %.0f "
                    "%% of memory, none of them large by itself (shared pages count more than "
                    "once)",
                    group->count, group->name, lr_unit_binary(size, group_bytes), group_share);
        return true;
    }
    return false;
}

static void verdict_by_request(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    uint64_t free_pages = event->counters[LR_OOM_free];
    bool plenty = finding->ledger.known && free_pages != LR_OOM_UNKNOWN &&
                  lr_percent(page_bytes(finding, free_pages), finding->ledger.total) >= 5;
    if (event->constraint == LR_OOM_CPUSET || event->constraint == LR_OOM_MEMPOLICY)
        set_verdict(finding, "nodes",
                    "only some memory nodes were allowed (%s), and those were "
                    "full",
                    event->constraint == LR_OOM_CPUSET ? "cpuset" : "memory policy");
    else if (plenty && event->order != LR_OOM_UNKNOWN && event->order > 0)
        set_verdict(finding, "fragmentation",
                    "memory was free but in pieces: %" PRIu64 " contiguous pages were asked for",
                    event->order < 32 ? UINT64_C(1) << event->order : 0);
    else if (event->constraint == LR_OOM_MEMCG)
        set_verdict(finding, "limit",
                    "the control group reached its limit; no single process or "
                    "kind of memory stands out");
    else
        set_verdict(finding, "spread",
                    "memory was used up by many; no process and no kind of "
                    "memory stands out");
}

static void choose_verdict(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    bool group = event->constraint == LR_OOM_MEMCG;
    if (event->sysrq)
        set_verdict(finding, "by-hand", "somebody asked for this kill by hand (sysrq f)");
    else if (verdict_by_suspect(finding) || verdict_by_processes(finding))
        return;
    else if (!finding->ledger.known && !(group && event->memcg_limit != LR_OOM_UNKNOWN) &&
             event->task_count == 0)
        set_verdict(finding, "cannot-tell",
                    "the log says that there was a kill, but not where the "
                    "memory was");
    else
        verdict_by_request(finding);
}

static void note_missing(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    struct lr_oom_texts *missing = &finding->missing;
    if (!event->began)
        lr_oom_add_text(missing, "the line \"invoked oom-killer\": who asked for memory, and how");
    if (event->constraint != LR_OOM_MEMCG && !finding->ledger.known)
        lr_oom_add_text(missing, "%s: where the memory was can't be added up",
                        event->meminfo ? "part of Mem-Info" : "Mem-Info");
    if (event->constraint == LR_OOM_MEMCG && !finding->ledger.known)
        lr_oom_add_text(missing, "the group's usage or statistics");
    if (!event->table)
        lr_oom_add_text(missing, "the table of processes (vm.oom_dump_tasks=0, or cut off)");
    else if (event->rows_cut || event->tasks_unheld)
        lr_oom_add_text(missing,
                        "%" PRIu64 " rows of the process table that were cut, %" PRIu64
                        " beyond what is kept",
                        event->rows_cut, event->tasks_unheld);
    if (event->victim_count == 0 && !event->panic)
        lr_oom_add_text(missing, "the line \"Killed process\": who died");
}

static void gather_evidence(struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    struct lr_oom_texts *evidence = &finding->evidence;
    char size[LR_UNIT_SIZE];
    if (event->constraint != LR_OOM_MEMCG && event->swap_total != LR_OOM_UNKNOWN &&
        event->swap_free != LR_OOM_UNKNOWN) {
        uint64_t total = lr_oom_scale(event->swap_total, 1024);
        if (event->swap_total == 0)
            lr_oom_add_text(evidence, "there is no swap");
        else if (lr_percent(event->swap_free, event->swap_total) < 2)
            lr_oom_add_text(evidence, "swap was exhausted: %s, all in use",
                            lr_unit_binary(size, total));
        else
            lr_oom_add_text(evidence, "%.0f %% of the swap (%s) was still free",
                            lr_percent(event->swap_free, event->swap_total),
                            lr_unit_binary(size, total));
    }
    const struct lr_oom_victim *victim = event->victim_count ? &event->victims[0] : NULL;
    if (victim && finding->score.relation == LR_KILL_CHILD) {
        uint64_t parts[] = {victim->anon_rss, victim->file_rss, victim->shmem_rss};
        lr_oom_add_text(evidence,
                        "the child %s (%" PRId64 ") died first, as kernels before 5.1 "
                        "try; that freed %s",
                        victim->name, victim->pid,
                        lr_unit_binary(size, lr_oom_sum(parts, 3) == LR_OOM_UNKNOWN
                                                 ? 0
                                                 : lr_oom_sum(parts, 3)));
    }
    if (event->trace_balloon)
        lr_oom_add_text(evidence, "a balloon driver is in the call trace: %s", event->trace_symbol);
    if (event->panic)
        lr_oom_add_text(evidence, "the kernel stopped: nothing was left to kill, or "
                                  "vm.panic_on_oom is set");
}

static void advise(struct lr_oom_finding *finding)
{
    struct lr_oom_texts *next = &finding->next;
    const char *kind = finding->verdict;
    bool balloon = finding->suspect_count && strcmp(finding->suspects[0].kind, "balloon") == 0;
    if (strcmp(kind, "outside") == 0 && balloon) {
        lr_oom_add_text(next,
                        "ask the hypervisor's administrator for this guest's balloon history "
                        "at that time; reserve the guest's memory, or end the overcommitment");
        lr_oom_add_text(
            next, "on the guest, `leakring host` shows what is missing now and "
                  "whether a balloon is inflated (VMware: `vmware-toolbox-cmd stat balloon`)");
    } else if (strcmp(kind, "outside") == 0) {
        lr_oom_add_text(next,
                        "`leakring host` on the machine shows whether it is missing now; look "
                        "for drivers with page pools (GPU, RDMA, ZFS) and for a hypervisor");
    } else if (strcmp(kind, "process") == 0) {
        lr_oom_add_text(next,
                        "start %s under `leakring run` and read `leakring report`: it names "
                        "what the memory was acquired for",
                        finding->largest.name);
        if (finding->event.constraint == LR_OOM_MEMCG)
            lr_oom_add_text(next, "if the trace shows no leak, the limit is too low for its heap "
                                  "plus native memory");
    } else if (strcmp(kind, "tmpfs") == 0) {
        lr_oom_add_text(next, "look for large files: `df -t tmpfs`, `du -x /dev/shm /tmp /run`, "
                              "`ipcs -m`; give tmpfs mounts a size limit");
    } else if (strcmp(kind, "slab") == 0 || strcmp(kind, "kernel-memory") == 0) {
        lr_oom_add_text(next, "`slabtop -o -s c` names the kernel's tables that grow");
    } else if (strcmp(kind, "hugepages") == 0) {
        lr_oom_add_text(next, "lower vm.nr_hugepages to what is used (HugePages_Total minus "
                              "HugePages_Free in /proc/meminfo)");
    } else if (strcmp(kind, "cannot-tell") == 0) {
        lr_oom_add_text(next, "get the whole report: `journalctl -k -b -1`, or dmesg with a larger "
                              "log_buf_len");
    }
}

void lr_oom_judge(const struct lr_oom_event *event, struct lr_oom_judging *judging,
                  struct lr_oom_finding *finding)
{
    memset(finding, 0, sizeof *finding);
    finding->event = *event;
    finding->event.tasks = NULL;
    finding->event.task_capacity = 0;
    lr_oom_score(event, &finding->score);
    lr_oom_ledger(event, &finding->ledger);
    fill_top(event, finding);
    fill_groups(event, finding);
    lr_oom_suspects(finding, judging);
    choose_verdict(finding);
    lr_oom_judge_native(finding, judging);
    gather_evidence(finding);
    note_missing(finding);
    advise(finding);
    if (event->trace_balloon && !judging->balloon) {
        judging->balloon = event->trace_balloon;
        memcpy(judging->balloon_symbol, event->trace_symbol, sizeof judging->balloon_symbol);
    }
}
