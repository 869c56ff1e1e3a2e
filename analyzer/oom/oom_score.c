/* oom_score.c -- the kernel's badness, computed again from the task table.
 *
 * Stage: JUDGE.  Context: analyzer only.
 * badness = rss + swap entries + page tables, in pages, plus oom_score_adj thousandths of all
 * memory; the score is badness in thousandths of RAM + swap (or of the group's limit).  What
 * changed over time is root's bonus and the rounding: see enum lr_oom_rule.  Whether a process
 * had CAP_SYS_ADMIN is not in the log (uid 0 nearly always has, but not in containers), so both
 * readings are tried and the one that gives the kernel's own figure is kept.
 */
#include "oom_judge.h"

#include <string.h>

#define PERMILLE 1000

static uint64_t pages_of(uint64_t bytes, uint64_t page_size)
{
    return bytes == LR_OOM_UNKNOWN ? 0 : bytes / page_size;
}

static int64_t clamp(uint64_t pages)
{
    return pages > INT64_MAX / 4096 ? INT64_MAX / 4096 : (int64_t)pages;
}

static int64_t used_pages(const struct lr_oom_task *task, uint64_t page_size)
{
    int64_t pages =
        clamp(task->rss) + clamp(task->swap) + clamp(pages_of(task->pgtables, page_size));
    return pages > INT64_MAX / 4096 ? INT64_MAX / 4096 : pages;
}

static int64_t adj_of(const struct lr_oom_task *task)
{
    return task->adj < -PERMILLE ? -PERMILLE : task->adj > PERMILLE ? PERMILLE : task->adj;
}

/* What the kernel takes off for root, in pages (PERMILLE: in thousandths). */
static int64_t bonus_of(int64_t used, enum lr_oom_rule rule, uint64_t total)
{
    switch (rule) {
    case LR_RULE_PERMILLE:
        return 30;
    case LR_RULE_ADJ30:
        return 30 * (clamp(total) / PERMILLE);
    case LR_RULE_USAGE3:
        return used * 3 / 100;
    case LR_RULE_NO_BONUS:
        return 0;
    }
    return 0;
}

int64_t lr_oom_points(const struct lr_oom_task *task, enum lr_oom_rule rule, bool bonus,
                      uint64_t total, uint64_t page_size)
{
    int64_t used = used_pages(task, page_size), pages = clamp(total);
    if (pages == 0)
        return 0;
    int64_t minus = bonus ? bonus_of(used, rule, total) : 0;
    if (rule == LR_RULE_PERMILLE) {
        int64_t points = used * PERMILLE / pages - minus + adj_of(task);
        points = points <= 0 ? 1 : points > PERMILLE ? PERMILLE : points;
        return points * pages / PERMILLE;
    }
    int64_t points = used - minus + adj_of(task) * (pages / PERMILLE);
    return points > 0 || rule == LR_RULE_NO_BONUS ? points : 1;
}

static int64_t score_of(const struct lr_oom_task *task, enum lr_oom_rule rule, bool bonus,
                        uint64_t total, uint64_t page_size)
{
    int64_t points = lr_oom_points(task, rule, bonus, total, page_size), pages = clamp(total);
    if (rule == LR_RULE_PERMILLE && pages) /* undo the scaling to pages without its rounding */
        return (points * PERMILLE + pages - 1) / pages;
    return pages ? points * PERMILLE / pages : 0;
}

static bool at_least(const struct lr_oom_event *event, unsigned major, unsigned minor)
{
    return event->kernel_major > major ||
           (event->kernel_major == major && event->kernel_minor >= minor);
}

static enum lr_oom_rule rule_of(const struct lr_oom_event *event)
{
    if (event->kernel_major == 0) {
        if (event->columns & LR_OOM_HAS_OOM_ADJ)
            return LR_RULE_PERMILLE;
        return event->chosen_score == LR_OOM_UNKNOWN ? LR_RULE_NO_BONUS : LR_RULE_USAGE3;
    }
    if (strstr(event->kernel, ".el7")) /* 3.10 with the 3.14 rule */
        return LR_RULE_USAGE3;
    if (at_least(event, 4, 17))
        return LR_RULE_NO_BONUS;
    if (at_least(event, 3, 14))
        return LR_RULE_USAGE3;
    return at_least(event, 3, 5) ? LR_RULE_ADJ30 : LR_RULE_PERMILLE;
}

/* The row of the chosen process.  The kernel may name a thread that the table doesn't list; then
 * it is the killed process, or the only one of that name. */
static const struct lr_oom_task *find_chosen(const struct lr_oom_event *event,
                                             struct lr_oom_score *score)
{
    const struct lr_oom_victim *victim = event->victim_count ? &event->victims[0] : NULL;
    int64_t chosen = event->chosen_pid ? event->chosen_pid : victim ? victim->pid : 0;
    const struct lr_oom_task *by_pid = NULL, *by_victim = NULL, *by_name = NULL;
    unsigned names = 0;
    for (size_t i = 0; i < event->task_count; i++) {
        const struct lr_oom_task *task = &event->tasks[i];
        if (task->pid == chosen)
            by_pid = task;
        if (victim && task->pid == victim->pid && strcmp(task->name, event->chosen_name) == 0)
            by_victim = task;
        if (event->chosen_name[0] && strcmp(task->name, event->chosen_name) == 0) {
            by_name = task;
            names++;
        }
    }
    if (victim && chosen == victim->pid)
        score->relation = LR_KILL_SELF;
    else if (victim && !by_pid && by_victim)
        score->relation = LR_KILL_THREAD;
    else if (victim && by_pid)
        score->relation = LR_KILL_CHILD;
    if (by_pid || by_victim)
        return by_pid ? by_pid : by_victim;
    return names == 1 ? by_name : NULL;
}

/* RAM + swap for the machine; for a group its limit, with or without the swap it may use. */
static void set_totals(const struct lr_oom_event *event, struct lr_oom_score *score)
{
    if (event->constraint == LR_OOM_MEMCG) {
        uint64_t limit = event->memcg_limit;
        if (limit == LR_OOM_UNKNOWN)
            return;
        score->ram = score->total = score->total_high = limit / event->page_size;
        uint64_t with_swap = event->memsw_limit;
        if (event->memcg_swap_limit != LR_OOM_UNKNOWN) {
            uint64_t both[] = {limit, event->memcg_swap_limit};
            with_swap = lr_oom_sum(both, 2);
        }
        score->swap_open = with_swap == LR_OOM_UNKNOWN || with_swap > limit;
        if (with_swap != LR_OOM_UNKNOWN && with_swap > limit)
            score->total_high = with_swap / event->page_size;
        return;
    }
    if (event->ram == LR_OOM_UNKNOWN || event->reserved == LR_OOM_UNKNOWN ||
        event->reserved > event->ram)
        return;
    score->ram = event->ram - event->reserved;
    score->swap =
        event->swap_total == LR_OOM_UNKNOWN ? 0 : event->swap_total / (event->page_size / 1024);
    score->total = score->total_high = score->ram + score->swap;
}

static void match_score(struct lr_oom_score *score)
{
    uint64_t kernel = score->kernel_score;
    if (kernel == LR_OOM_UNKNOWN) {
        score->match = LR_MATCH_NOT_PRINTED;
        return;
    }
    int64_t wanted = kernel > INT64_MAX ? INT64_MAX : (int64_t)kernel;
    int64_t away = score->score > wanted ? score->score - wanted : wanted - score->score;
    if (away == 0)
        score->match = LR_MATCH_EQUAL;
    else if (away == 1)
        score->match = LR_MATCH_NEAR;
    else if (wanted >= score->score_low && wanted <= score->score_high)
        score->match = LR_MATCH_RANGE;
    else
        score->match = LR_MATCH_DIFFERENT;
}

/* Bounds where the log leaves something open: columns that old tables don't have, or the swap
 * that a group may use. */
static void set_bounds(const struct lr_oom_event *event, struct lr_oom_score *score)
{
    struct lr_oom_task most = score->task;
    score->score_low = score->score_high = score->score;
    if (!(event->columns & LR_OOM_HAS_SWAP) && event->swap_total != LR_OOM_UNKNOWN &&
        event->swap_free != LR_OOM_UNKNOWN && event->swap_total >= event->swap_free)
        most.swap = (event->swap_total - event->swap_free) / (event->page_size / 1024);
    if (!(event->columns & LR_OOM_HAS_PGTABLES) &&
        event->counters[LR_OOM_pagetables] != LR_OOM_UNKNOWN)
        most.pgtables =
            lr_oom_sum((uint64_t[]){event->counters[LR_OOM_pagetables]}, 1) * event->page_size;
    score->score_high =
        score_of(&most, score->rule, score->root_bonus, score->total, event->page_size);
    if (score->total_high > score->total)
        score->score_low = score_of(&score->task, score->rule, score->root_bonus, score->total_high,
                                    event->page_size);
}

static void rank(const struct lr_oom_event *event, struct lr_oom_score *score)
{
    int64_t most = 0;
    score->rank = 1;
    for (size_t i = 0; i < event->task_count; i++) {
        const struct lr_oom_task *task = &event->tasks[i];
        if (task->adj <= -PERMILLE || task->pid == 1)
            continue;
        score->killable++;
        int64_t points =
            lr_oom_points(task, score->rule, task->uid == 0 && score->rule != LR_RULE_NO_BONUS,
                          score->total, event->page_size);
        if (points <= score->points || task->pid == score->task.pid)
            continue;
        score->rank++;
        if (points > most) {
            most = points;
            memcpy(score->above, task->name, sizeof score->above);
            score->above_pid = task->pid;
        }
    }
}

void lr_oom_score(const struct lr_oom_event *event, struct lr_oom_score *score)
{
    memset(score, 0, sizeof *score);
    score->kernel_score = event->chosen_score;
    const struct lr_oom_task *task = find_chosen(event, score);
    if (task)
        score->task = *task;
    set_totals(event, score);
    if (!task || score->total == 0)
        return;
    score->known = true;
    score->pgtable_pages = pages_of(task->pgtables, event->page_size);
    score->rule = rule_of(event);
    bool first = task->uid == 0 && score->rule != LR_RULE_NO_BONUS;
    for (int reading = 0; reading < 2; reading++) {
        bool bonus = reading == 0 ? first : !first;
        if (reading == 1 &&
            (score->rule == LR_RULE_NO_BONUS || (uint64_t)score->score == score->kernel_score ||
             (uint64_t)score_of(task, score->rule, bonus, score->total, event->page_size) !=
                 score->kernel_score))
            break;
        score->root_bonus = bonus;
        score->score = score_of(task, score->rule, bonus, score->total, event->page_size);
    }
    int64_t used = used_pages(task, event->page_size);
    score->bonus_pages = score->root_bonus ? bonus_of(used, score->rule, score->total) : 0;
    score->adj_pages = adj_of(task) * (clamp(score->total) / PERMILLE);
    score->points =
        lr_oom_points(task, score->rule, score->root_bonus, score->total, event->page_size);
    set_bounds(event, score);
    match_score(score);
    rank(event, score);
}
