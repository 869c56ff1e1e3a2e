/* emit_oom_text.c -- findings of `leakring oom` as text.
 *
 * Stage: EMIT.  Context: analyzer only.
 * Every sum is written out line by line, so that a reader can follow it with a calculator.
 */
#include "emit_oom.h"
#include "oom_line.h"
#include "emit_folded.h"
#include "oom_units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INDENT 12 /* of folded paragraphs */

static uint64_t page_bytes(const struct lr_oom_finding *finding, uint64_t pages)
{
    return lr_oom_scale(pages, finding->event.page_size);
}

static const char *constraint_text(const struct lr_oom_event *event)
{
    switch (event->constraint) {
    case LR_OOM_GLOBAL:
        return "the whole machine ran out of memory";
    case LR_OOM_MEMCG:
        return "a control group reached its limit";
    case LR_OOM_CPUSET:
        return "the memory nodes of a cpuset were full";
    case LR_OOM_MEMPOLICY:
        return "the memory nodes of a memory policy were full";
    case LR_OOM_CONSTRAINT_UNKNOWN:
        break;
    }
    return "out of memory (the log doesn't say of what)";
}

static void print_heading(const struct lr_oom_report *report, const struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    printf("\nEvent %" PRIu64 " of %" PRIu64, event->number, report->events);
    if (event->stamp[0])
        printf(", %s", event->stamp);
    if (event->host[0])
        printf(", %s", event->host);
    printf(" (lines %" PRIu64 "-%" PRIu64 ")\n", event->first_line, event->last_line);
    lr_print_folded("  Verdict   ", INDENT, finding->summary);
}

static void print_what(const struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    char text[2 * LR_OOM_TEXT_SIZE];
    int used = snprintf(text, sizeof text, "%s", constraint_text(event));
    if (event->trigger[0])
        used += snprintf(text + used, sizeof text - (size_t)used, "; %s asked for %s",
                         event->trigger, event->order == 0 ? "one page" : "memory");
    if (event->order != LR_OOM_UNKNOWN && event->order > 0 && event->order < 32)
        snprintf(text + used, sizeof text - (size_t)used, " (%u contiguous pages)",
                 1u << event->order);
    lr_print_folded("  What      ", INDENT, text);
    if (event->oom_memcg[0])
        lr_print_folded("  Group     ", INDENT, event->oom_memcg);
    if (event->task_memcg[0] && strcmp(event->task_memcg, event->oom_memcg) != 0 &&
        event->constraint == LR_OOM_MEMCG)
        lr_print_folded("  Killed in ", INDENT, event->task_memcg);
    if (event->kernel[0] || event->hardware[0]) {
        snprintf(text, sizeof text, "%s%s%s", event->kernel,
                 event->kernel[0] && event->hardware[0] ? ", " : "", event->hardware);
        lr_print_folded("  Machine   ", INDENT, text);
    }
}

static void print_victims(const struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    const struct lr_oom_score *score = &finding->score;
    char text[2 * LR_OOM_TEXT_SIZE], size[LR_UNIT_SIZE];
    if (event->chosen_pid) {
        int used = snprintf(text, sizeof text, "pid %" PRId64 " (%s)", event->chosen_pid,
                            event->chosen_name);
        if (score->relation == LR_KILL_THREAD)
            used += snprintf(text + used, sizeof text - (size_t)used, ", a thread of pid %" PRId64,
                             event->victims[0].pid);
        if (event->chosen_current)
            snprintf(text + used, sizeof text - (size_t)used,
                     ", because it asked (vm.oom_kill_allocating_task)");
        lr_print_folded("  Chosen    ", INDENT, text);
    }
    for (unsigned i = 0; i < event->victim_count; i++) {
        const struct lr_oom_victim *victim = &event->victims[i];
        uint64_t parts[] = {victim->anon_rss, victim->file_rss, victim->shmem_rss};
        uint64_t rss = lr_oom_sum(parts, 3);
        int used = snprintf(text, sizeof text, "pid %" PRId64 " (%s)", victim->pid, victim->name);
        if (i == 0 && score->relation == LR_KILL_CHILD)
            used += snprintf(text + used, sizeof text - (size_t)used, ", a child of the chosen");
        if (rss != LR_OOM_UNKNOWN)
            used += snprintf(text + used, sizeof text - (size_t)used, ", rss %s%s",
                             lr_unit_binary(size, rss), rss == 0 ? ": nothing to free" : "");
        if (victim->reaped)
            snprintf(text + used, sizeof text - (size_t)used, ", reaped");
        lr_print_folded("  Killed    ", INDENT, text);
    }
    if (event->victims_unheld)
        printf("            and %" PRIu64 " more\n", event->victims_unheld);
    if (event->victim_count == 0)
        printf("  Killed    %s\n", event->panic ? "nobody: the kernel stopped" : "not in the log");
}

/* --- the score ----------------------------------------------------------------------------- */

static void score_row(const char *sign, int64_t pages, const char *what)
{
    char number[LR_UNIT_SIZE];
    printf("    %s %15s  %s\n", sign, lr_unit_count(number, (uint64_t)(pages < 0 ? -pages : pages)),
           what);
}

static const char *match_text(enum lr_oom_match match)
{
    switch (match) {
    case LR_MATCH_EQUAL:
        return "equal to the kernel's";
    case LR_MATCH_NEAR:
        return "one off the kernel's: memory moved between choice and table";
    case LR_MATCH_RANGE:
        return "the kernel's lies within what this log leaves open";
    case LR_MATCH_DIFFERENT:
        return "differs from the kernel's: the table isn't of that moment, or "
               "the kernel counts otherwise";
    case LR_MATCH_NOT_PRINTED:
        return "this kernel prints no score to compare with";
    case LR_MATCH_NONE:
        break;
    }
    return "";
}

static void print_score_result(const struct lr_oom_finding *finding)
{
    const struct lr_oom_score *score = &finding->score;
    char a[LR_UNIT_SIZE], b[LR_UNIT_SIZE], c[LR_UNIT_SIZE];
    if (finding->event.constraint == LR_OOM_MEMCG)
        printf("    / %15s  pages: the group's limit\n", lr_unit_count(a, score->total));
    else
        printf("    / %15s  pages: RAM %s + swap %s\n", lr_unit_count(a, score->total),
               lr_unit_count(b, score->ram), lr_unit_count(c, score->swap));
    printf("    = %11" PRId64 " / 1000", score->score);
    if (score->kernel_score != LR_OOM_UNKNOWN)
        printf("  kernel: %" PRIu64, score->kernel_score);
    printf("  (%s)\n", match_text(score->match));
    if (score->match == LR_MATCH_RANGE)
        printf("      from %" PRId64 " to %" PRId64 ": %s\n", score->score_low, score->score_high,
               score->swap_open ? "how much swap the group may use isn't in the log"
                                : "the kernel also counted swap and page tables, which its table "
                                  "doesn't show");
}

static void print_score(const struct lr_oom_finding *finding)
{
    const struct lr_oom_score *score = &finding->score;
    char text[200], number[LR_UNIT_SIZE];
    if (!score->known) {
        printf("  Score     can't be recomputed: %s\n",
               score->total ? "the chosen process isn't in the table" : "no totals in the log");
        return;
    }
    printf("  Score of %s (%" PRId64 "), in pages of %" PRIu64 " KiB\n", score->task.name,
           score->task.pid, finding->event.page_size / 1024);
    score_row(" ", (int64_t)score->task.rss, "rss");
    if (finding->event.columns & LR_OOM_HAS_SWAP)
        score_row("+", (int64_t)score->task.swap, "swap entries");
    if (finding->event.columns & LR_OOM_HAS_PGTABLES)
        score_row("+", (int64_t)score->pgtable_pages, "page tables");
    if (score->root_bonus && score->rule != LR_RULE_PERMILLE)
        score_row("-", score->bonus_pages,
                  score->rule == LR_RULE_ADJ30 ? "root's bonus: 30 / 1000 of all memory"
                                               : "root's bonus: 3 % of its use");
    if (score->task.adj && score->rule != LR_RULE_PERMILLE) {
        snprintf(text, sizeof text, "oom_score_adj %" PRId64 ", in thousandths of all memory",
                 score->task.adj);
        score_row(score->adj_pages < 0 ? "-" : "+", score->adj_pages, text);
    }
    if (score->rule == LR_RULE_PERMILLE && (score->root_bonus || score->task.adj))
        printf("      then, in thousandths: %sroot's bonus 30, oom_score_adj %" PRId64 "\n",
               score->root_bonus ? "minus " : "no ", score->task.adj);
    else if (score->rule != LR_RULE_PERMILLE)
        score_row("=", score->points, "badness");
    print_score_result(finding);
    if (score->rank == 1)
        printf("    the highest of %s that could be killed\n",
               lr_unit_count(number, score->killable));
    else
        printf("    number %" PRIu64 " of %" PRIu64 "; %s (%" PRId64 ") is above it%s\n",
               score->rank, score->killable, score->above, score->above_pid,
               finding->event.chosen_current ? "" : ", already dying or not killable");
}

/* --- the ledger ---------------------------------------------------------------------------- */

static void ledger_row(const struct lr_oom_finding *finding, const char *sign, uint64_t bytes,
                       const char *name, const char *more)
{
    char pages[LR_UNIT_SIZE], size[LR_UNIT_SIZE];
    uint64_t unit = finding->event.constraint == LR_OOM_MEMCG ? 1024 : finding->event.page_size;
    printf("    %s %15s %11s  %s%s%s\n", sign, lr_unit_count(pages, bytes / unit),
           lr_unit_binary(size, bytes), name, more[0] ? ": " : "", more);
}

static void print_ledger(const struct lr_oom_finding *finding)
{
    const struct lr_oom_ledger *ledger = &finding->ledger;
    const struct lr_oom_event *event = &finding->event;
    bool group = event->constraint == LR_OOM_MEMCG;
    char text[200], size[LR_UNIT_SIZE];
    if (ledger->total == 0)
        return;
    if (group) {
        printf("  Where the group's memory was, in KiB\n");
        snprintf(text, sizeof text, "limit %s, reached %s%s times",
                 event->memcg_limit == LR_OOM_UNKNOWN ? "unknown"
                                                      : lr_unit_binary(size, event->memcg_limit),
                 event->memcg_failcnt == LR_OOM_UNKNOWN ? "unknown" : "",
                 event->memcg_failcnt == LR_OOM_UNKNOWN
                     ? ""
                     : lr_unit_count((char[LR_UNIT_SIZE]){0}, event->memcg_failcnt));
        ledger_row(finding, " ", ledger->total, "usage", text);
    } else {
        printf("  Where memory was, in pages of %" PRIu64 " KiB\n", event->page_size / 1024);
        ledger_row(finding, " ", ledger->ram, "RAM", "");
        ledger_row(finding, "-", ledger->reserved, "reserved, not managed", "");
        ledger_row(finding, "=", ledger->total, "managed by the kernel", "");
    }
    for (unsigned i = 0; i < ledger->count; i++) {
        const struct lr_oom_item *item = &ledger->items[i];
        if (item->known)
            ledger_row(finding, "-", item->bytes, item->name, item->detail);
        else
            printf("    - %15s %11s  %s\n", "?", "", item->name);
    }
    uint64_t away = (uint64_t)(ledger->residual < 0 ? -ledger->residual : ledger->residual);
    snprintf(text, sizeof text, "%.1f %% of it", lr_percent(away, ledger->total));
    ledger_row(finding, ledger->residual < 0 ? "-" : "=", away,
               ledger->residual < 0 ? "counted twice: the counters are of different moments"
               : ledger->known
                   ? group ? "not in the statistics" : "that nothing in this machine accounts for"
                   : "left over, but parts are missing from the log",
               ledger->residual < 0 ? "" : text);
}

static void print_suspects(const struct lr_oom_finding *finding)
{
    for (unsigned i = 0; i < finding->suspect_count; i++) {
        const struct lr_oom_suspect *suspect = &finding->suspects[i];
        char text[LR_OOM_TEXT_SIZE + 64];
        snprintf(text, sizeof text, "%s, %s: %s", suspect->kind,
                 suspect->likely ? "likely" : "possible", suspect->text);
        lr_print_folded(i == 0 ? "  Suspects  " : "", INDENT, text);
    }
}

static void print_tasks(const struct lr_oom_finding *finding)
{
    const struct lr_oom_event *event = &finding->event;
    char rss[LR_UNIT_SIZE], swap[LR_UNIT_SIZE], sums[2][LR_UNIT_SIZE];
    unsigned shown = finding->top_count < 5 ? finding->top_count : 5;
    bool swapped = event->columns & LR_OOM_HAS_SWAP;
    if (shown == 0)
        return;
    printf("  Processes the kernel would take first, of %" PRIu64 " (together rss %s%s%s)\n",
           (uint64_t)event->task_count + event->tasks_unheld,
           lr_unit_binary(sums[0], page_bytes(finding, event->sum_rss)), swapped ? ", swap " : "",
           swapped ? lr_unit_binary(sums[1], page_bytes(finding, event->sum_swap)) : "");
    printf("    %8s %11s %11s %6s  %s\n", "pid", "rss", "swap", "adj", "name");
    for (unsigned i = 0; i < shown; i++) {
        const struct lr_oom_task *task = &finding->top[i];
        printf("    %8" PRId64 " %11s %11s %6" PRId64 "  %s\n", task->pid,
               lr_unit_binary(rss, page_bytes(finding, task->rss)),
               swapped ? lr_unit_binary(swap, page_bytes(finding, task->swap)) : "?", task->adj,
               task->name);
    }
}

static void print_texts(const char *lead, const struct lr_oom_texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++)
        lr_print_folded(i == 0 ? lead : "", INDENT, texts->text[i]);
}

static void print_finding(const struct lr_oom_report *report, const struct lr_oom_finding *finding)
{
    print_heading(report, finding);
    print_what(finding);
    print_victims(finding);
    lr_print_folded("  Leak?     ", INDENT, finding->native.text);
    print_suspects(finding);
    print_texts("  Evidence  ", &finding->evidence);
    print_texts("  Missing   ", &finding->missing);
    print_texts("  Next      ", &finding->next);
    print_ledger(finding);
    print_score(finding);
    print_tasks(finding);
}

static void print_killed(const struct lr_oom_report *report)
{
    char number[LR_UNIT_SIZE];
    for (unsigned i = 0; i < report->killed_count; i++) {
        printf("%s%s", i ? ", " : "; killed: ", report->killed[i].name);
        if (report->killed[i].count > 1)
            printf(" (%s times)", lr_unit_count(number, report->killed[i].count));
    }
    if (report->killed_others)
        printf(" and %s others", lr_unit_count(number, report->killed_others));
}

static void print_trace(const struct lr_oom_report *report)
{
    const struct lr_oom_trace *trace = report->trace;
    bool any = false;
    if (!trace)
        return;
    for (size_t i = 0; i < report->finding_count; i++)
        any |= lr_oom_trace_matches(trace, report->findings[i]);
    char live[LR_UNIT_SIZE], count[LR_UNIT_SIZE], pairs[LR_UNIT_SIZE];
    printf("Trace %s: pid %" PRIu32 " (%s), %s live in %s blocks, %s resources not ended%s\n",
           trace->path, trace->pid, trace->exe, lr_unit_binary(live, trace->live_bytes),
           lr_unit_count(count, trace->live_blocks), lr_unit_count(pairs, trace->pairs_live),
           any ? "" : "; none of these events is about this process");
}

void lr_oom_print_text(const struct lr_oom_report *report)
{
    char number[LR_UNIT_SIZE];
    if (report->events == 0) {
        printf("%s: no out-of-memory report in %s lines\n", report->path,
               lr_unit_count(number, report->lines));
        return;
    }
    printf("%s: %s out-of-memory %s", report->path, lr_unit_count(number, report->events),
           report->events == 1 ? "event" : "events");
    print_killed(report);
    putchar('\n');
    if (report->finding_count < report->events)
        printf("Showing the newest %zu; --last N shows more.\n", report->finding_count);
    print_trace(report);
    for (size_t i = 0; i < report->finding_count; i++)
        print_finding(report, report->findings[i]);
    if (report->lines_cut)
        printf("\n%s lines were longer than %u bytes and were cut.\n",
               lr_unit_count(number, report->lines_cut), LR_LINE_MAX);
}
