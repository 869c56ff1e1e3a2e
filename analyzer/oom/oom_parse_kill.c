/* oom_parse_kill.c -- whom the kernel chose and whom it killed.
 *
 * Stage: parsing.  Context: analyzer only.
 * To 5.0 the choice and the kill are two lines ("Kill process N (name) score S or sacrifice
 * child", "Killed process M (name) total-vm:…"), and M may be a child of N; from 5.1 on there is
 * one line, "Out of memory: Killed process …", without a score.
 */
#include "oom_parse_internal.h"

#include <string.h>

/* "123 (name)" or "123, UID 5, (name)"; returns the text behind it, NULL when it isn't so.  A
 * name may itself hold brackets, so it ends at the last ')' before `stop`. */
static const char *parse_who(const char *text, const char *stop, int64_t *pid, char *name,
                             size_t size)
{
    uint64_t number;
    if (!lr_oom_digits(&text, &number) || number > INT64_MAX)
        return NULL;
    const char *open = strchr(text, '(');
    if (!open)
        return NULL;
    const char *end = strstr(open, stop);
    if (!end)
        end = open + strlen(open);
    while (end > open && *end != ')')
        end--;
    if (end == open)
        return NULL;
    *pid = (int64_t)number;
    lr_copy_text(name, size, open + 1, (size_t)(end - open - 1));
    return end + 1;
}

static bool parse_chosen(struct lr_oom_event *event, const char *text)
{
    static const char words[] = "Kill process ";
    const char *at = strstr(text, words);
    if (!at)
        return false;
    if (strstr(at, "sharing same memory"))
        return true;
    int64_t pid;
    char name[sizeof event->chosen_name];
    const char *tail = parse_who(at + sizeof words - 1, " score ", &pid, name, sizeof name);
    if (!tail)
        return false;
    event->chosen_pid = pid;
    memcpy(event->chosen_name, name, sizeof name);
    lr_oom_number(tail, " score ", &event->chosen_score);
    event->chosen_current = strstr(text, "oom_kill_allocating_task") != NULL;
    if (strstr(text, "Memory cgroup out of memory"))
        event->constraint = LR_OOM_MEMCG;
    else if (event->constraint == LR_OOM_CONSTRAINT_UNKNOWN)
        event->constraint = LR_OOM_GLOBAL;
    return true;
}

static uint64_t kilobytes(const char *text, const char *key)
{
    uint64_t value;
    return lr_oom_number(text, key, &value) ? lr_oom_scale(value, 1024) : LR_OOM_UNKNOWN;
}

static bool parse_killed(struct lr_oom_event *event, const char *text)
{
    static const char words[] = "Killed process ";
    const char *at = strstr(text, words);
    if (!at)
        return false;
    struct lr_oom_victim victim = {.uid = LR_OOM_UNKNOWN};
    const char *tail =
        parse_who(at + sizeof words - 1, "total-vm:", &victim.pid, victim.name, sizeof victim.name);
    if (!tail)
        return false;
    victim.total_vm = kilobytes(tail, "total-vm:");
    victim.anon_rss = kilobytes(tail, "anon-rss:");
    victim.file_rss = kilobytes(tail, "file-rss:");
    victim.shmem_rss = kilobytes(tail, "shmem-rss:");
    if (!lr_oom_number(tail, "UID:", &victim.uid) && !lr_oom_number(at, "UID ", &victim.uid))
        victim.uid = LR_OOM_UNKNOWN;
    victim.adj_known = lr_oom_signed(tail, "oom_score_adj:", &victim.adj);
    if (strstr(text, "Memory cgroup out of memory"))
        event->constraint = LR_OOM_MEMCG;
    else if (strstr(text, "Out of memory") && event->constraint == LR_OOM_CONSTRAINT_UNKNOWN)
        event->constraint = LR_OOM_GLOBAL;
    if (strstr(text, "oom_kill_allocating_task"))
        event->chosen_current = true;
    if (event->victim_count < LR_OOM_VICTIMS_MAX)
        event->victims[event->victim_count++] = victim;
    else
        event->victims_unheld++;
    return true;
}

static bool parse_reaped(struct lr_oom_event *event, const char *text)
{
    static const char words[] = "oom_reaper: reaped process ";
    const char *at = strstr(text, words);
    if (!at)
        return false;
    at += sizeof words - 1;
    uint64_t pid;
    if (!lr_oom_digits(&at, &pid))
        return false;
    for (unsigned i = 0; i < event->victim_count; i++)
        if ((uint64_t)event->victims[i].pid == pid)
            event->victims[i].reaped = true;
    return true;
}

static enum lr_oom_constraint constraint_of(const char *text)
{
    static const struct {
        const char *word;
        enum lr_oom_constraint constraint;
    } words[] = {{"CONSTRAINT_NONE", LR_OOM_GLOBAL},
                 {"CONSTRAINT_MEMCG", LR_OOM_MEMCG},
                 {"CONSTRAINT_CPUSET", LR_OOM_CPUSET},
                 {"CONSTRAINT_MEMORY_POLICY", LR_OOM_MEMPOLICY}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(text, words[i].word, strlen(words[i].word)) == 0)
            return words[i].constraint;
    return LR_OOM_CONSTRAINT_UNKNOWN;
}

static void copy_member(const char *text, const char *key, char *to, size_t size)
{
    const char *at = strstr(text, key);
    if (at) {
        at += strlen(key);
        lr_copy_text(to, size, at, strcspn(at, ","));
    }
}

/* oom-kill:constraint=…,nodemask=…,cpuset=…,mems_allowed=…,oom_memcg=…,task_memcg=…,task=…,
 * pid=…,uid=… (from 5.0 on) */
static bool parse_summary(struct lr_oom_event *event, const char *text)
{
    static const char words[] = "oom-kill:constraint=";
    const char *at = strstr(text, words);
    if (!at)
        return false;
    at += sizeof words - 1;
    event->constraint = constraint_of(at);
    copy_member(at, ",oom_memcg=", event->oom_memcg, sizeof event->oom_memcg);
    copy_member(at, ",task_memcg=", event->task_memcg, sizeof event->task_memcg);
    copy_member(at, ",task=", event->chosen_name, sizeof event->chosen_name);
    lr_oom_signed(at, ",pid=", &event->chosen_pid);
    return true;
}

bool lr_oom_parse_kill(struct lr_oom_parser *parser, char *text)
{
    struct lr_oom_event *event = &parser->event;
    if (strstr(text, "are going to be killed due to memory.oom.group set")) {
        event->group_kill = true;
        return true;
    }
    if (strstr(text, "Kernel panic - not syncing: Out of memory") ||
        strstr(text, "Kernel panic - not syncing: System is deadlocked on memory") ||
        strstr(text, "Out of memory and no killable processes")) {
        event->panic = true;
        return true;
    }
    return parse_summary(event, text) || parse_chosen(event, text) || parse_killed(event, text) ||
           parse_reaped(event, text);
}

bool lr_oom_starts_new(const struct lr_oom_event *event, const char *text)
{
    bool over = event->victim_count > 0;
    if (strstr(text, "Mem-Info:"))
        return over || event->meminfo;
    if (strstr(text, "oom-kill:constraint="))
        return over;
    if (strstr(text, "sharing same memory"))
        return false;
    if (strstr(text, "Killed process ")) {
        /* One choice has one "Out of memory: Killed" (or a bare "Killed"), unless its whole
         * group goes. */
        bool prefixed = strstr(text, "ut of memory") != NULL;
        return over && !event->group_kill && (prefixed || event->chosen_score == LR_OOM_UNKNOWN);
    }
    if (strstr(text, "Kill process "))
        return over || event->chosen_score != LR_OOM_UNKNOWN;
    if (strstr(text, "total_vm"))
        return over || event->table;
    return false;
}
