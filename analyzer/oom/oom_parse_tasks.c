/* oom_parse_tasks.c -- the kernel's task table, read by its header.
 *
 * Stage: parsing.  Context: analyzer only.
 * Columns came and went with the kernels (2.6.36 had cpu and oom_adj, 3.8 nr_ptes and swapents,
 * 4.1 nr_pmds, 4.14 nr_puds, 4.15 pgtables_bytes, 6.8 the three parts of rss).  The header names
 * what the rows hold; a column that we don't know is skipped.
 */
#include "oom_parse_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum lr_oom_column column;
    unsigned has;
} known_columns[] = {
    {"uid", LR_COL_UID, 0},
    {"tgid", LR_COL_TGID, 0},
    {"total_vm", LR_COL_TOTAL_VM, 0},
    {"rss", LR_COL_RSS, 0},
    {"rss_anon", LR_COL_RSS_ANON, LR_OOM_HAS_RSS_SPLIT},
    {"rss_file", LR_COL_RSS_FILE, LR_OOM_HAS_RSS_SPLIT},
    {"rss_shmem", LR_COL_RSS_SHMEM, LR_OOM_HAS_RSS_SPLIT},
    {"nr_ptes", LR_COL_PTES, LR_OOM_HAS_PGTABLES},
    {"nr_pmds", LR_COL_PTES, LR_OOM_HAS_PGTABLES | LR_OOM_HAS_PMDS},
    {"nr_puds", LR_COL_PTES, LR_OOM_HAS_PGTABLES | LR_OOM_HAS_PMDS},
    {"pgtables_bytes", LR_COL_PGTABLES, LR_OOM_HAS_PGTABLES | LR_OOM_HAS_PGTABLES_BYTES},
    {"swapents", LR_COL_SWAP, LR_OOM_HAS_SWAP},
    {"oom_adj", LR_COL_IGNORED, LR_OOM_HAS_OOM_ADJ},
    {"oom_score_adj", LR_COL_ADJ, 0},
};

/* "[ pid ]   uid  tgid total_vm … name" */
static bool parse_header(struct lr_oom_parser *parser, const char *text)
{
    const char *s = strchr(text, '[');
    const char *close = s ? strchr(s, ']') : NULL;
    if (!close || !strstr(close, " total_vm ") || !strstr(close, " name"))
        return false;
    const char *pid = s + 1 + strspn(s + 1, " ");
    if (strncmp(pid, "pid", 3) != 0)
        return false;
    struct lr_oom_columns *columns = &parser->columns;
    columns->count = 0;
    parser->event.columns = 0;
    for (s = close + 1; *s;) {
        s += strspn(s, " ");
        size_t n = strcspn(s, " ");
        if (n == 0 || (n == 4 && memcmp(s, "name", 4) == 0))
            break;
        if (columns->count == LR_OOM_COLUMNS_MAX)
            return false;
        enum lr_oom_column column = LR_COL_IGNORED;
        for (size_t i = 0; i < sizeof known_columns / sizeof *known_columns; i++)
            if (strlen(known_columns[i].name) == n && memcmp(known_columns[i].name, s, n) == 0) {
                column = known_columns[i].column;
                parser->event.columns |= known_columns[i].has;
            }
        columns->column[columns->count++] = column;
        s += n;
    }
    parser->event.table = true;
    return true;
}

static bool next_integer(const char **text, int64_t *value)
{
    const char *s = *text + strspn(*text, " ");
    bool negative = *s == '-';
    s += negative;
    uint64_t magnitude;
    if (!lr_oom_digits(&s, &magnitude) || magnitude > INT64_MAX || (*s && *s != ' '))
        return false;
    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    *text = s;
    return true;
}

static void set_column(struct lr_oom_task *task, enum lr_oom_column column, int64_t value,
                       uint64_t page_size)
{
    uint64_t positive = value > 0 ? (uint64_t)value : 0; /* counters may dip below 0 by races */
    switch (column) {
    case LR_COL_UID:
        task->uid = value;
        break;
    case LR_COL_TGID:
        task->tgid = value;
        break;
    case LR_COL_ADJ:
        task->adj = value;
        break;
    case LR_COL_TOTAL_VM:
        task->total_vm = positive;
        break;
    case LR_COL_RSS:
        task->rss = positive;
        break;
    case LR_COL_RSS_ANON:
        task->rss_anon = positive;
        break;
    case LR_COL_RSS_FILE:
        task->rss_file = positive;
        break;
    case LR_COL_RSS_SHMEM:
        task->rss_shmem = positive;
        break;
    case LR_COL_SWAP:
        task->swap = positive;
        break;
    case LR_COL_PGTABLES:
        task->pgtables = positive;
        break;
    case LR_COL_PTES: {
        uint64_t parts[] = {task->pgtables, lr_oom_scale(positive, page_size)};
        task->pgtables = lr_oom_sum(parts, 2);
        break;
    }
    case LR_COL_IGNORED:
        break;
    }
}

static bool add_task(struct lr_oom_event *event, const struct lr_oom_task *task)
{
    uint64_t rss[] = {event->sum_rss, task->rss}, swap[] = {event->sum_swap, task->swap};
    event->sum_rss = lr_oom_sum(rss, 2);
    event->sum_swap = lr_oom_sum(swap, 2);
    if (event->task_count == event->task_capacity) {
        size_t wanted = event->task_capacity ? 2 * event->task_capacity : 256;
        struct lr_oom_task *more = NULL;
        if (wanted <= LR_OOM_TASKS_MAX)
            more = realloc(event->tasks, wanted * sizeof *more);
        if (!more) {
            event->tasks_unheld++;
            return true;
        }
        event->tasks = more;
        event->task_capacity = wanted;
    }
    event->tasks[event->task_count++] = *task;
    return true;
}

/* "[16070]   495 16070 47122631 … java": the bracket holds nothing but the pid. */
static bool parse_row(struct lr_oom_parser *parser, const char *text)
{
    const char *s = strchr(text, '[');
    struct lr_oom_task task = {0};
    for (; s; s = strchr(s + 1, '[')) {
        const char *in = s + 1;
        if (next_integer(&in, &task.pid) && *(in += strspn(in, " ")) == ']') {
            s = in + 1;
            break;
        }
        const char *glued = s + 1 + strspn(s + 1, " ");
        uint64_t pid;
        if (lr_oom_digits(&glued, &pid) && *glued == ']' && pid <= INT64_MAX) {
            task.pid = (int64_t)pid;
            s = glued + 1;
            break;
        }
    }
    if (!s)
        return false;
    unsigned i = 0;
    for (int64_t value; i < parser->columns.count && next_integer(&s, &value); i++)
        set_column(&task, parser->columns.column[i], value, parser->event.page_size);
    if (i < 2)
        return false;
    s += strspn(s, " ");
    if (i < parser->columns.count || !*s) {
        parser->event.rows_cut++;
        return true;
    }
    lr_copy_text(task.name, sizeof task.name, s, strlen(s));
    return add_task(&parser->event, &task);
}

bool lr_oom_parse_table(struct lr_oom_parser *parser, char *text)
{
    if (parse_header(parser, text))
        return true;
    return parser->event.table && parser->event.victim_count == 0 && parse_row(parser, text);
}
