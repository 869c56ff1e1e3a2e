/* host_model.h -- what a machine's /proc and /sys say of its memory, and what that means.
 *
 * Stage: `leakring host`, all of it: host_read.c, host_procs.c, host_cgroup.c and host_virt.c fill
 * struct lr_host, host_ledger.c and host_judge.c judge it, emit_host_*.c print it.
 * Context: analyzer only, one thread.
 *
 * Sizes are bytes; LR_HOST_UNKNOWN is what couldn't be read.  Nothing in a tree is trusted: it may
 * be a recording from anywhere.
 */
#ifndef LEAKRING_HOST_MODEL_H
#define LEAKRING_HOST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define LR_HOST_UNKNOWN UINT64_MAX

/* clang-format off */
/* Lines of /proc/meminfo that are used: X(identifier, "name as in the file"). */
#define LR_MEMINFO(X)                                                                             \
    X(total, "MemTotal") X(free, "MemFree") X(available, "MemAvailable")                          \
    X(buffers, "Buffers") X(cached, "Cached") X(swap_cached, "SwapCached")                        \
    X(active_anon, "Active(anon)") X(inactive_anon, "Inactive(anon)")                             \
    X(active_file, "Active(file)") X(inactive_file, "Inactive(file)")                             \
    X(unevictable, "Unevictable") X(swap_total, "SwapTotal") X(swap_free, "SwapFree")             \
    X(anon_pages, "AnonPages") X(mapped, "Mapped") X(shmem, "Shmem")                              \
    X(kreclaimable, "KReclaimable") X(slab, "Slab") X(sreclaimable, "SReclaimable")               \
    X(sunreclaim, "SUnreclaim") X(kernel_stack, "KernelStack")                                    \
    X(shadow_call_stack, "ShadowCallStack") X(page_tables, "PageTables")                          \
    X(sec_page_tables, "SecPageTables") X(bounce, "Bounce") X(writeback_tmp, "WritebackTmp")      \
    X(vmalloc_used, "VmallocUsed") X(percpu, "Percpu")                                            \
    X(hardware_corrupted, "HardwareCorrupted") X(balloon, "Balloon")                              \
    X(gpu_active, "GPUActive") X(gpu_reclaim, "GPUReclaim") X(hugetlb, "Hugetlb")                 \
    X(huge_total, "HugePages_Total") X(huge_free, "HugePages_Free")                               \
    X(huge_size, "Hugepagesize")

enum lr_meminfo {
#define X(id, name) LR_MI_##id,
    LR_MEMINFO(X)
#undef X
    LR_MI_COUNT
};

/* Lines of /proc/vmstat that are used (pages or events). */
#define LR_VMSTAT(X)                                                                              \
    X(nr_isolated_anon) X(nr_isolated_file) X(nr_zspages) X(balloon_inflate) X(balloon_deflate)   \
    X(nr_balloon_pages) X(oom_kill)

enum lr_vmstat {
#define X(name) LR_VS_##name,
    LR_VMSTAT(X)
#undef X
    LR_VS_COUNT
};
/* clang-format on */

struct lr_host_process {
    int64_t pid, ppid, uid;
    char name[32];
    uint64_t rss, swap, page_tables;  /* bytes */
    uint64_t pss, pss_anon, swap_pss; /* LR_HOST_UNKNOWN: not permitted, or an old kernel */
    uint64_t score;                   /* oom_score */
    int64_t adj;                      /* oom_score_adj */
    bool adj_known;
    bool critical;  /* known or named by the user */
    int64_t points; /* badness in pages, for the order among equal scores */
};

struct lr_host_group {
    char path[192];
    uint64_t current, limit, swap; /* limit: LR_HOST_UNKNOWN for none */
    uint64_t cache;                /* page cache that can go; part of current */
    uint64_t oom_kills;
};

struct lr_host_virt {
    char hypervisor[48]; /* VMware, Xen, KVM, Hyper-V, … ; "" for none seen */
    char evidence[160];  /* where that comes from */
    bool dom0;           /* Xen's control domain */
    char driver[32];     /* balloon driver that is loaded */
    uint64_t balloon;    /* bytes in the balloon now; LR_HOST_UNKNOWN */
    uint64_t target;     /* bytes the hypervisor wants in it */
    char balloon_source[64];
    uint64_t xen_current, xen_target; /* bytes of a Xen domain */
};

#define LR_HOST_ITEMS_MAX 24
#define LR_HOST_FINDINGS_MAX 24
#define LR_HOST_NOTES_MAX 16
#define LR_HOST_GROUPS_MAX 64
#define LR_HOST_TEXT_SIZE 320
#define LR_HOST_NAMES_MAX 32

struct lr_host_item {
    const char *name;
    uint64_t bytes;
};

struct lr_host_finding {
    char kind[24];
    bool wrong; /* else only worth knowing */
    uint64_t bytes;
    char text[LR_HOST_TEXT_SIZE];
};

struct lr_host {
    int root;              /* directory that holds proc and sys */
    const char *root_path; /* "/" or as given */
    char release[96], hostname[64];
    unsigned major, minor; /* of the kernel; 0 unknown */
    uint64_t page_size;
    uint64_t meminfo[LR_MI_COUNT], vmstat[LR_VS_COUNT];
    uint64_t present, managed, pcp; /* zoneinfo, bytes */
    uint64_t crash_kernel;
    double pressure_some, pressure_full; /* avg60, per cent; < 0 unknown */

    struct lr_host_process *processes;
    size_t process_count, process_capacity;
    uint64_t kernel_threads, pss_denied, pss_absent;
    uint64_t pss_sum, pss_anon_sum, swap_pss_sum, rss_unknown_sum; /* of those with/without Pss */
    bool init_seen;

    int cgroup_version;                              /* 0 none seen, 1, 2 */
    struct lr_host_group groups[LR_HOST_GROUPS_MAX]; /* limited or hit ones first */
    unsigned group_count;
    uint64_t groups_seen;

    struct lr_host_virt virt;

    const char *critical[LR_HOST_NAMES_MAX]; /* named by the user */
    unsigned critical_count;

    /* Judged: */
    struct lr_host_item items[LR_HOST_ITEMS_MAX];
    unsigned item_count;
    bool ledger_known;
    int64_t residual;
    uint64_t available; /* as the kernel says, or estimated */
    bool available_estimated;
    uint64_t reserved; /* present - managed - crash kernel */
    struct lr_host_finding findings[LR_HOST_FINDINGS_MAX];
    unsigned finding_count;
    bool squeezed;
    char verdict[LR_HOST_TEXT_SIZE];
    char notes[LR_HOST_NOTES_MAX][LR_HOST_TEXT_SIZE]; /* what couldn't be read */
    unsigned note_count;
};

/* --- reading ------------------------------------------------------------------------------- */

void lr_host_init(struct lr_host *host, int root, const char *root_path);
void lr_host_free(struct lr_host *host);

/* LR_UNREADABLE when there isn't even a meminfo. */
enum lr_status lr_host_read(struct lr_host *host, struct lr_error *error);
enum lr_status lr_host_read_processes(struct lr_host *host, struct lr_error *error);
void lr_host_read_groups(struct lr_host *host);
void lr_host_read_virt(struct lr_host *host);

/* One file under the root, cut to the buffer, terminated; -1 with errno when it can't be read. */
int64_t lr_host_file(const struct lr_host *host, const char *path, char *buffer, size_t size);
int64_t lr_host_file_at(int directory, const char *path, char *buffer, size_t size);
/* The file as one unsigned number; LR_HOST_UNKNOWN when it is none ("max"). */
uint64_t lr_host_number(const struct lr_host *host, const char *path);
/* "Key:   123 kB" or "key 123" at the beginning of a line of `text`; LR_HOST_UNKNOWN. */
uint64_t lr_host_field(const char *text, const char *key);
void lr_host_note(struct lr_host *host, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parsers of single files, over text in memory (for fuzzing and tests). */
void lr_host_parse_meminfo(struct lr_host *host, const char *text);
void lr_host_parse_vmstat(struct lr_host *host, const char *text);
void lr_host_parse_zoneinfo_line(struct lr_host *host, const char *line);

/* --- judging ------------------------------------------------------------------------------- */

void lr_host_ledger(struct lr_host *host);
void lr_host_judge(struct lr_host *host); /* after lr_host_ledger; sorts the processes */

/* --- printing ------------------------------------------------------------------------------ */

void lr_host_print_text(const struct lr_host *host, unsigned processes);
void lr_host_print_json(const struct lr_host *host, unsigned processes);

/* a + b where unknown counts as nothing, unless both are; saturates. */
uint64_t lr_host_add(uint64_t a, uint64_t b);

#endif
