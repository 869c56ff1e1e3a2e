/* oom_event.h -- one out-of-memory report of the kernel, as facts: what the log says, unjudged.
 *
 * Stage: model, filled by oom_parse.c, read by oom_judge.c and the emitters.
 * Context: analyzer only, one thread.
 * Numbers that the log doesn't give are LR_OOM_UNKNOWN; strings are "" then.  All text is
 * printable UTF-8, terminated, cut to the field.
 */
#ifndef LEAKRING_OOM_EVENT_H
#define LEAKRING_OOM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LR_OOM_UNKNOWN UINT64_MAX

/* clang-format off */
/* The page counters of Mem-Info's summary, by the kernel's own names. */
#define LR_OOM_COUNTERS(X)                                                                        \
    X(active_anon) X(inactive_anon) X(isolated_anon) X(active_file) X(inactive_file)              \
    X(isolated_file) X(unevictable) X(dirty) X(writeback) X(unstable) X(slab_reclaimable)         \
    X(slab_unreclaimable) X(mapped) X(shmem) X(pagetables) X(sec_pagetables) X(bounce)            \
    X(kernel_misc_reclaimable) X(free) X(free_pcp) X(free_cma)

/* Counters that only the zone and node lines have; kB, summed over the lines. */
#define LR_OOM_ZONE_COUNTERS(X)                                                                   \
    X(present) X(managed) X(kernel_stack) X(shadow_call_stack) X(Balloon) X(gpu_active)           \
    X(gpu_reclaim) X(mlocked)

enum lr_oom_counter {
#define X(name) LR_OOM_##name,
    LR_OOM_COUNTERS(X)
#undef X
    LR_OOM_COUNTER_COUNT
};

enum lr_oom_zone_counter {
#define X(name) LR_OOM_ZONE_##name,
    LR_OOM_ZONE_COUNTERS(X)
#undef X
    LR_OOM_ZONE_COUNTER_COUNT
};
/* clang-format on */

/* One row of the task table.  total_vm, rss*, swap in pages, page tables in bytes. */
struct lr_oom_task {
    int64_t pid, tgid, uid, adj;
    uint64_t total_vm, rss, rss_anon, rss_file, rss_shmem, swap, pgtables;
    char name[32];
};

/* Which columns the table's header named. */
#define LR_OOM_HAS_SWAP 1u
#define LR_OOM_HAS_PGTABLES 2u
#define LR_OOM_HAS_RSS_SPLIT 4u
#define LR_OOM_HAS_PMDS 8u
#define LR_OOM_HAS_PGTABLES_BYTES 16u
#define LR_OOM_HAS_OOM_ADJ 32u /* the 2.6.36 … 3.7 form */

enum lr_oom_constraint {
    LR_OOM_CONSTRAINT_UNKNOWN,
    LR_OOM_GLOBAL,
    LR_OOM_MEMCG,
    LR_OOM_CPUSET,
    LR_OOM_MEMPOLICY,
};

/* Drivers that take memory from a guest, seen in a call trace or a work queue's name. */
#define LR_BALLOON_VMWARE 1u
#define LR_BALLOON_VIRTIO 2u
#define LR_BALLOON_XEN 4u
#define LR_BALLOON_HYPERV 8u

struct lr_oom_victim {
    int64_t pid;
    uint64_t uid;
    uint64_t total_vm, anon_rss, file_rss, shmem_rss; /* bytes */
    int64_t adj;
    bool adj_known;
    bool reaped; /* the oom_reaper says that it took its memory */
    char name[32];
};

struct lr_oom_stat { /* one line of a control group's memory.stat */
    char name[32];
    uint64_t bytes;
};

struct lr_oom_slab { /* one line of "Unreclaimable slab info" */
    char name[32];
    uint64_t bytes;
};

#define LR_OOM_VICTIMS_MAX 8
#define LR_OOM_STATS_MAX 64
#define LR_OOM_SLABS_MAX 8
#define LR_OOM_HUGE_SIZES 8
#define LR_OOM_TASKS_MAX 65536

struct lr_oom_event {
    uint64_t number;                /* 1, 2, … in the file */
    uint64_t first_line, last_line; /* from 1 */
    char stamp[64];                 /* time as the log has it */
    char host[64];
    bool began;   /* the "invoked oom-killer" line is there */
    bool meminfo; /* Mem-Info is there */

    char trigger[32]; /* who asked for memory */
    int64_t trigger_pid;
    char gfp[96];
    uint64_t order;
    char kernel[64];                     /* 3.10.0-957.1.3.el7.x86_64 */
    unsigned kernel_major, kernel_minor; /* 0.0: unknown */
    char hardware[128];                  /* DMI line */
    char workqueue[64];
    unsigned trace_balloon; /* LR_BALLOON_* seen in the trace */
    char trace_symbol[64];  /* the trace entry that says so */
    bool sysrq;             /* asked for by hand (moom_callback, sysrq f) */
    bool panic;             /* the kernel stopped: panic_on_oom, nothing killable */

    enum lr_oom_constraint constraint;
    char oom_memcg[192], task_memcg[192];

    uint64_t page_size; /* bytes; 4096 unless the log shows another */
    bool page_size_known;
    uint64_t counters[LR_OOM_COUNTER_COUNT];     /* pages */
    uint64_t zone_kb[LR_OOM_ZONE_COUNTER_COUNT]; /* kB */
    uint64_t pcp_used;                           /* pages, Σ "usd:" of old kernels */
    uint64_t ram, reserved, highmem;             /* pages */
    uint64_t pagecache, swapcache;               /* pages */
    uint64_t swap_total, swap_free;              /* kB */
    struct {
        uint64_t total, free, size_kb;
    } huge[LR_OOM_HUGE_SIZES];
    unsigned huge_count;
    uint64_t lowest_zone_free_kb, lowest_zone_min_kb; /* the zone that is most below its min */
    char lowest_zone[32];

    uint64_t memcg_usage, memcg_limit, memcg_failcnt; /* bytes */
    uint64_t memsw_usage, memsw_limit;                /* bytes; v1, memory + swap */
    uint64_t memcg_swap_usage, memcg_swap_limit;      /* bytes; v2 */
    uint64_t memcg_kmem_usage;                        /* bytes; v1 */
    bool stats_in_kb; /* "cache:12KB rss:…" on one line (to 5.2) */
    struct lr_oom_stat stats[LR_OOM_STATS_MAX];
    unsigned stat_count;
    struct lr_oom_slab slabs[LR_OOM_SLABS_MAX]; /* biggest first */
    unsigned slab_count;

    unsigned columns; /* LR_OOM_HAS_* */
    bool table;       /* a table header was seen */
    struct lr_oom_task *tasks;
    size_t task_count, task_capacity;
    uint64_t tasks_unheld;      /* rows beyond LR_OOM_TASKS_MAX, in the sums only */
    uint64_t rows_cut;          /* rows that end before their last column */
    uint64_t sum_rss, sum_swap; /* pages, all rows */

    int64_t chosen_pid; /* "Kill process N (name) score S"; 0: unknown */
    char chosen_name[32];
    uint64_t chosen_score; /* the kernel's; LR_OOM_UNKNOWN from 5.1 on */
    bool chosen_current;   /* oom_kill_allocating_task */
    struct lr_oom_victim victims[LR_OOM_VICTIMS_MAX];
    unsigned victim_count;
    uint64_t victims_unheld;
    bool group_kill; /* memory.oom.group */
};

/* Σ of the values that are known; LR_OOM_UNKNOWN when none is. */
uint64_t lr_oom_sum(const uint64_t *values, size_t count);
uint64_t lr_oom_scale(uint64_t value, uint64_t factor); /* saturates below LR_OOM_UNKNOWN */
uint64_t lr_oom_stat(const struct lr_oom_event *event, const char *name); /* bytes, or unknown */

void lr_oom_event_init(struct lr_oom_event *event); /* tasks stay allocated across uses */
void lr_oom_event_free(struct lr_oom_event *event);

#endif
