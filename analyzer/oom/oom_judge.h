/* oom_judge.h -- what an OOM event means: who, why, where the memory was, whose fault.
 *
 * Stage: JUDGE, between oom_parse.h and the emitters.  Context: analyzer only, one thread.
 * A finding is small and self-contained (no pointers), so that many can be kept.
 *
 * docs/OOM.md has the rules and where their thresholds come from.
 */
#ifndef LEAKRING_OOM_JUDGE_H
#define LEAKRING_OOM_JUDGE_H

#include "oom_event.h"

#define LR_OOM_ITEMS_MAX 20
#define LR_OOM_SUSPECTS_MAX 10
#define LR_OOM_TOP 10
#define LR_OOM_TEXTS 6
#define LR_OOM_TEXT_SIZE 320

/* How the kernel counted badness; changed with 3.5, 3.14 and 4.17. */
enum lr_oom_rule {
    LR_RULE_PERMILLE, /* 2.6.36: rounded to per mille first, root -30, clamped to 1000 */
    LR_RULE_ADJ30,    /* 3.5: pages, root's oom_score_adj - 30 */
    LR_RULE_USAGE3,   /* 3.14: pages, root's usage - 3 % */
    LR_RULE_NO_BONUS, /* 4.17: pages, no bonus */
};

enum lr_oom_match {
    LR_MATCH_NONE,        /* the chosen process isn't in the table, or totals are missing */
    LR_MATCH_NOT_PRINTED, /* this kernel doesn't print the score */
    LR_MATCH_EQUAL,
    LR_MATCH_NEAR,  /* one off: memory moved between the choice and the table */
    LR_MATCH_RANGE, /* within what the columns that are missing leave open */
    LR_MATCH_DIFFERENT,
};

struct lr_oom_score {
    bool known;
    struct lr_oom_task task;
    uint64_t pgtable_pages;
    uint64_t ram, swap, total; /* pages; total = ram + swap */
    uint64_t total_high;       /* a group's limit with all the swap it may use */
    bool swap_open;            /* the log doesn't say how much swap the group may use */
    enum lr_oom_rule rule;
    bool root_bonus; /* the rule's bonus was applied */
    int64_t bonus_pages, adj_pages, points;
    int64_t score, score_low, score_high; /* equal unless columns are missing */
    uint64_t kernel_score;                /* LR_OOM_UNKNOWN when not printed */
    enum lr_oom_match match;
    uint64_t rank, killable; /* 1: nobody in the table was worse */
    char above[32];          /* the worst of those above it, when rank > 1 */
    int64_t above_pid;
    enum { LR_KILL_UNKNOWN, LR_KILL_SELF, LR_KILL_CHILD, LR_KILL_THREAD } relation;
};

struct lr_oom_item {
    char name[40];
    char detail[200];
    uint64_t bytes;
    bool known;
};

/* total - Σ items = residual */
struct lr_oom_ledger {
    bool known;             /* the total and the big items are there */
    uint64_t total;         /* bytes: managed RAM, or the group's usage */
    uint64_t ram, reserved; /* bytes; machine only: total = ram - reserved */
    struct lr_oom_item items[LR_OOM_ITEMS_MAX];
    unsigned count;
    int64_t residual; /* < 0: the counters were read at different moments */
};

struct lr_oom_suspect {
    char kind[24];  /* balloon, unaccounted, slab, page-tables, hugepages, tmpfs, … */
    uint64_t bytes; /* LR_OOM_UNKNOWN when it has no size */
    double percent; /* of the ledger's total */
    bool likely;    /* else possible */
    char text[LR_OOM_TEXT_SIZE];
};

enum lr_oom_leak { LR_LEAK_CANNOT_TELL, LR_LEAK_NONE, LR_LEAK_POSSIBLE, LR_LEAK_LIKELY };

struct lr_oom_native {
    enum lr_oom_leak kind;
    uint64_t bytes, swap_bytes; /* rss, swap of the chosen process */
    uint64_t heap;              /* as told by the user; LR_OOM_UNKNOWN */
    char text[LR_OOM_TEXT_SIZE];
};

struct lr_oom_group { /* processes of the same name */
    char name[32];
    uint64_t count, rss, swap; /* pages */
};

struct lr_oom_texts {
    char text[LR_OOM_TEXTS][LR_OOM_TEXT_SIZE];
    unsigned count;
};

struct lr_oom_finding {
    struct lr_oom_event event; /* without its tasks */
    struct lr_oom_score score;
    struct lr_oom_ledger ledger;
    struct lr_oom_suspect suspects[LR_OOM_SUSPECTS_MAX]; /* biggest first */
    unsigned suspect_count;
    struct lr_oom_native native;
    struct lr_oom_task top[LR_OOM_TOP]; /* by badness */
    int64_t top_points[LR_OOM_TOP];
    unsigned top_count;
    struct lr_oom_task largest; /* by rss + swap, killable or not; its name is "" without a table */
    struct lr_oom_group groups[LR_OOM_TOP]; /* by rss + swap */
    unsigned group_count;
    char verdict[24]; /* outside, process, many-processes, tmpfs, slab, page-tables, hugepages,
                         kernel-stacks, limit, fragmentation, nodes, by-hand, spread, cannot-tell */
    char summary[LR_OOM_TEXT_SIZE];
    struct lr_oom_texts evidence, next, missing;
};

struct lr_oom_judging {
    uint64_t heap; /* --heap: the killed JVM's -Xmx in bytes, LR_OOM_UNKNOWN when not told */
    /* What an earlier event of the same log showed at work; lr_oom_judge keeps it up to date. */
    unsigned balloon;
    char balloon_symbol[64];
};

void lr_oom_judge(const struct lr_oom_event *event, struct lr_oom_judging *judging,
                  struct lr_oom_finding *finding);

/* The parts, for tests. */
void lr_oom_score(const struct lr_oom_event *event, struct lr_oom_score *score);
int64_t lr_oom_points(const struct lr_oom_task *task, enum lr_oom_rule rule, bool bonus,
                      uint64_t total, uint64_t page_size);
void lr_oom_ledger(const struct lr_oom_event *event, struct lr_oom_ledger *ledger);
void lr_oom_judge_native(struct lr_oom_finding *finding, const struct lr_oom_judging *judging);
void lr_oom_suspects(struct lr_oom_finding *finding, const struct lr_oom_judging *judging);
const struct lr_oom_item *lr_oom_item(const struct lr_oom_ledger *ledger, const char *name);

void lr_oom_set_native(struct lr_oom_native *native, enum lr_oom_leak kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lr_oom_add_text(struct lr_oom_texts *texts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
