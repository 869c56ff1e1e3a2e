/* load.h -- a trace file, read once, checked, and offered record by record.
 *
 * Stage: LOAD, the analyzer's first.  Context: analyzer only, one thread.  Only load*.c know the
 * layout of the file; everybody else uses this header (and the enums of format.h).
 *
 * The file is copied into private memory when it is opened (holes are skipped), never mapped: a
 * trace may be truncated or rewritten under us without a SIGBUS, and all answers come from one
 * snapshot.  Of a running process, tables are read before what they refer to, and every table
 * record is read until two readings agree.
 *
 * Nothing in a file is trusted.  A header or directory that is wrong makes lr_trace_open fail;
 * a wrong index, length or value further in is replaced by a harmless one (index 0, "", stack 0)
 * and counted once, at opening, in lr_trace_info.damaged.  All pointers live until
 * lr_trace_close.
 */
#ifndef LEAKRING_LOAD_H
#define LEAKRING_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"
#include "clean.h"
#include "status.h"

struct lr_trace;

enum lr_ending {
    LR_ENDED_EXIT,    /* exit handlers ran, or _exit */
    LR_ENDED_EXEC,    /* replaced by another image */
    LR_ENDED_KILLED,  /* no last word, and the process is gone (or was another machine's) */
    LR_ENDED_RUNNING, /* still alive on this machine */
};

/* Records that had to be replaced by something harmless. */
struct lr_damage {
    uint64_t sections;   /* used > capacity, or a section of a type we need is missing */
    uint64_t references; /* indices and string ids out of range */
    uint64_t values;     /* impossible values: weight not positive, frames outside the section */
    uint64_t torn;       /* table slots being written at that moment: busy, or never read alike */
};

struct lr_trace_info {
    const char *path;
    uint64_t file_size;
    uint32_t version;
    uint32_t compat; /* LR_COMPAT_* */
    enum lr_ending ended;
    uint32_t pid, image, page_size, machine;
    uint32_t pid_here; /* while it runs: its pid on this machine, outside of its container */
    uint32_t young_ms;
    uint64_t interval;     /* bytes between samples at the end; 0: exact */
    uint64_t max_interval; /* the largest there was */
    uint64_t start_unix_ns;
    uint64_t end_unix_ns; /* exit or exec; last heartbeat when killed; now when running */
    uint64_t duration_ms; /* between the two */
    uint64_t heartbeat_ms; /* the last sign of life, since start */
    struct lr_damage damaged;
};

enum lr_status lr_trace_open(const char *path, struct lr_trace **trace, struct lr_error *error);
/* The same from memory, which is copied; `name` stands for the path.  For tests and fuzzing. */
enum lr_status lr_trace_open_bytes(const void *bytes, size_t size, const char *name,
                                   struct lr_trace **trace, struct lr_error *error);
void lr_trace_close(struct lr_trace *trace); /* NULL is fine */

const struct lr_trace_info *lr_trace_info(const struct lr_trace *trace);

/* Times below are ms since start.  In the file they begin anew after 49.7 days; what is older than
 * that, and no point of a series, seems so much younger. */

/* Value of the last record with that key; "" when there is none. */
const char *lr_trace_meta(const struct lr_trace *trace, enum lr_meta_key key);
/* Notes and other repeated keys: each in turn.  Start with *cursor = 0. */
bool lr_trace_each_meta(const struct lr_trace *trace, uint64_t *cursor, uint32_t *key,
                        const char **text);

/* 0 for a counter that an older writer didn't have. */
uint64_t lr_trace_counter(const struct lr_trace *trace, enum lr_counter counter);
const char *lr_counter_name(enum lr_counter counter);
const char *lr_counter_text(enum lr_counter counter);
bool lr_counter_is_loss(enum lr_counter counter);

/* Terminated, valid UTF-8, no control characters and none that turn the direction of writing (each
 * offending byte became '?'); "" for a bad id.  Never NULL. */
const char *lr_trace_string(const struct lr_trace *trace, uint32_t id);

struct lr_module_view {
    uint64_t start, end, bias;
    const char *path; /* "" for module 0 */
    uint32_t flags;   /* LR_MODULE_* */
    uint32_t load_ms, unload_ms;
    const uint8_t *build_id;
    uint32_t build_id_size;
};
uint32_t lr_trace_module_entries(const struct lr_trace *trace); /* valid: 1 … entries - 1 */
void lr_trace_module_at(const struct lr_trace *trace, uint32_t index, struct lr_module_view *out);

struct lr_stack_view {
    uint32_t frame_count;
    uint32_t flags; /* LR_STACK_* */
    double count_variance, bytes_variance; /* of these two, when blocks were sampled */
    uint64_t alloc_count, alloc_bytes, lost_count, lost_bytes;
    uint32_t first_ms;
};
uint32_t lr_trace_stack_entries(const struct lr_trace *trace); /* valid: 1 … entries - 1 */
void lr_trace_stack_at(const struct lr_trace *trace, uint32_t index, struct lr_stack_view *out);

struct lr_frame_view {
    bool java;
    /* Java: */
    const char *class_name, *method, *source_file; /* source_file "" when the class has none */
    int32_t line;                                  /* or LR_LINE_UNKNOWN, LR_LINE_NATIVE */
    uint32_t method_flags;                         /* LR_METHOD_* */
    /* Native: */
    uint32_t module;  /* 0: in no known module, address is one in memory */
    uint64_t address; /* return address in the module's ELF file: look up address - 1 */
};
/* Frame number `i` (0 is innermost) of a stack; i < frame_count, else an unknown frame. */
void lr_trace_frame_at(const struct lr_trace *trace, uint32_t stack, uint32_t i,
                       struct lr_frame_view *out);

/* Thread names: 1 … entries - 1.  Equal names are one entry, and equal pointers. */
uint32_t lr_trace_thread_entries(const struct lr_trace *trace);
const char *lr_trace_thread_name(const struct lr_trace *trace, uint32_t thread);

/* A live block: acquired with malloc and relatives, not released. */
struct lr_live_view {
    uint64_t address, size;
    uint32_t kind; /* enum lr_kind */
    uint32_t stack;
    uint64_t birth_ms;
    double weight;
    bool owned;   /* belongs to the pair acquired at `stack` */
    bool later;   /* owned, and allocated after the acquisition */
    bool claimed; /* its release or move was under way */
    const char *thread; /* name of who allocated it; "" when unknown */
};
bool lr_trace_each_live(const struct lr_trace *trace, uint64_t *cursor, struct lr_live_view *out);

struct lr_region_view {
    uint64_t start, length;
    uint32_t stack;
    uint64_t birth_ms;
    uint32_t prot;  /* PROT_* */
    uint32_t flags; /* MAP_* */
    bool in_memory; /* shared, and of a file that is memory itself: tmpfs, memfd */
    const char *thread;
};
bool lr_trace_each_region(const struct lr_trace *trace, uint64_t *cursor,
                          struct lr_region_view *out);

/* Pair definitions: 0 … entries - 1. */
uint32_t lr_trace_pairdef_entries(const struct lr_trace *trace);
const char *lr_trace_pair_name(const struct lr_trace *trace, uint32_t pair);
uint32_t lr_trace_pair_flags(const struct lr_trace *trace, uint32_t pair); /* LR_PAIR_JAVA */

/* Pair call sites: 0 … entries - 1.  A site with a bad pair index has pair == LR_PAIR_NONE. */
#define LR_PAIR_NONE UINT32_MAX
struct lr_pairsite_view {
    uint32_t pair, stack;
    uint64_t acquired, released, released_by_cleaner, released_unknown, lost;
    bool free; /* no site; its pair is LR_PAIR_NONE, its numbers are 0 */
};
uint32_t lr_trace_pairsite_entries(const struct lr_trace *trace);
void lr_trace_pairsite_at(const struct lr_trace *trace, uint32_t index,
                          struct lr_pairsite_view *out);

/* A live pair: acquired, not released.  site is LR_PAIR_NONE when the file's was bad. */
struct lr_pair_view {
    uint64_t handle;
    uint32_t pair, site, stack;
    uint64_t birth_ms;
    bool reused; /* its handle was acquired again without a release */
    bool claimed;
    const char *thread;
};
bool lr_trace_each_pair(const struct lr_trace *trace, uint64_t *cursor, struct lr_pair_view *out);

struct lr_event_view {
    uint64_t number; /* since start; the ring keeps the last ones */
    uint32_t type, a, tid;
    uint64_t time_ms, b;
};
bool lr_trace_each_event(const struct lr_trace *trace, uint64_t *cursor, struct lr_event_view *out);

/* Time series.  Points of a ring come oldest first; cursors as for events. */
enum lr_resolution { LR_EVERY_SECOND, LR_EVERY_MINUTE, LR_EVERY_HALF_HOUR, LR_RESOLUTIONS };
enum lr_series_unit { LR_UNIT_BYTES, LR_UNIT_COUNT, LR_UNIT_US, LR_UNIT_PERCENT };

struct lr_point_view {
    uint64_t number;
    uint64_t time_ms;
    uint64_t values[LR_SERIES_COUNT]; /* LR_NO_VALUE: not known then */
};
bool lr_trace_each_point(const struct lr_trace *trace, enum lr_resolution resolution,
                         uint64_t *cursor, struct lr_point_view *out);
const char *lr_series_name(enum lr_series series); /* "rss" */
const char *lr_series_text(enum lr_series series);
enum lr_series_unit lr_series_unit(enum lr_series series);

/* What slot `slot` (below LR_FOLLOWED_SLOTS) tells of; false: of nothing. */
struct lr_followed_view {
    uint32_t kind; /* enum lr_followed_kind */
    uint32_t id;   /* of a stack or of a pair site */
    uint64_t since_ms;
};
bool lr_trace_followed_at(const struct lr_trace *trace, uint32_t slot,
                          struct lr_followed_view *out);

/* What resident memory was made of, at the last complete look at it. */
struct lr_snapshot_view {
    uint64_t first, count; /* numbers of its areas */
    uint64_t time_ms;
    uint64_t resident, swapped; /* bytes, of all */
};
struct lr_area_view {
    uint32_t kind; /* enum lr_area_kind, never LR_AREA_END */
    uint64_t start, end;
    uint64_t resident, swapped; /* bytes */
};
/* False: there is none. */
bool lr_trace_last_snapshot(const struct lr_trace *trace, struct lr_snapshot_view *out);
bool lr_trace_area_at(const struct lr_trace *trace, const struct lr_snapshot_view *snapshot,
                      uint64_t i, struct lr_area_view *out); /* i < count */
const char *lr_area_kind_name(uint32_t kind); /* "arena"; "unknown" */

/* Followed values; the finest resolution is ten seconds.  Negative: none. */
struct lr_followed_point_view {
    uint64_t number;
    uint64_t time_ms;
    struct lr_followed_value values[LR_FOLLOWED_SLOTS];
};
bool lr_trace_each_followed_point(const struct lr_trace *trace, enum lr_resolution resolution,
                                  uint64_t *cursor, struct lr_followed_point_view *out);
struct lr_interval_view {
    uint32_t why; /* enum lr_interval_why */
    uint64_t time_ms;
    uint64_t from, to; /* bytes; 0: exact */
    uint32_t cost;         /* 1/100 % of the process's CPU time */
};
bool lr_trace_each_interval(const struct lr_trace *trace, uint64_t *cursor,
                            struct lr_interval_view *out);
const char *lr_interval_why_name(uint32_t why); /* "budget"; "unknown" */

/* Collections of the whole heap, oldest first; cursors as for events. */
struct lr_collection_view {
    uint64_t number;
    bool asked; /* by `leakring gc`; else merely seen */
    uint32_t request, result; /* enum lr_collect_result */
    uint32_t collections;
    uint64_t bound_ms, end_ms, drained_ms; /* drained: 0 when not known (yet) */
    uint64_t cleaned;
    struct lr_before_after rss, used, kept;
    uint64_t pairs_before[LR_COLLECTION_PAIRS], pairs_after[LR_COLLECTION_PAIRS]; /* LR_NO_VALUE */
};
bool lr_trace_each_collection(const struct lr_trace *trace, uint64_t *cursor,
                              struct lr_collection_view *out);
const char *lr_collect_result_name(uint32_t result); /* "done"; "unknown" */

/* Marks, in the order in which they were made. */
struct lr_mark_view {
    const char *name;
    uint64_t time_ms; /* what is born then or later came after it */
    uint32_t source;  /* enum lr_mark_source */
    uint32_t tid;     /* who made it; 0: another process */
};
bool lr_trace_each_mark(const struct lr_trace *trace, uint64_t *cursor, struct lr_mark_view *out);
const char *lr_mark_source_name(uint32_t source); /* "java"; "unknown" */

/* Looks at a phase only: from then on the functions above leave out live blocks, regions and pairs
 * that were born outside of it, and points of series that lie outside.  Totals are of the whole
 * run. */
struct lr_window {
    bool set; /* else the whole run */
    uint64_t from_ms, to_ms; /* from the first to before the second */
    char from[LR_MARK_NAME_MAX + 1], to[LR_MARK_NAME_MAX + 1]; /* marks' names; "": none there */
};
void lr_trace_set_window(struct lr_trace *trace, const struct lr_window *window);
const struct lr_window *lr_trace_window(const struct lr_trace *trace);

/* The words by which a running process is asked for something (load_control.c): all that this
 * program ever writes into a trace.  The file is neither mapped nor grown. */
struct lr_control_link {
    int fd; /* -1: closed */
    uint64_t offset;
    uint64_t request; /* offset of what requests are about; 0: the target knows of none */
    uint32_t pid_here; /* of the process, which runs */
    bool java;
    bool held_back; /* the last lr_control_ask wasn't let in: some process holds the file's lock */
};
/* Refuses files of other users, files that are no traces, and processes that are gone. */
enum lr_status lr_control_open(const char *path, struct lr_control_link *link,
                               struct lr_error *error);
bool lr_control_read(const struct lr_control_link *link, struct lr_control *control);
/* The target's last sign of life, ms since its start; 0 when the file can't be read any more. */
uint32_t lr_control_heartbeat(const struct lr_control_link *link);
/* Asks, unless a request is under way (then false, try again later) or the file can't be written.
 * The request's word goes to *asked; it is answered once lr_control.done is the same. */
bool lr_control_ask(struct lr_control_link *link, uint32_t what, uint32_t *asked);
/* The same with what the request is about, of less than LR_REQUEST_TEXT bytes.
 * False, too, where the target is too old to be told. */
bool lr_control_ask_about(struct lr_control_link *link, uint32_t what, const char *text,
                          uint32_t *asked);
bool lr_control_is_alive(const struct lr_control_link *link);
void lr_control_close(struct lr_control_link *link);

/* The directory, as found (for dump).  Entries 0 … count - 1. */
uint32_t lr_trace_section_count(const struct lr_trace *trace);
const struct lr_section *lr_trace_section_at(const struct lr_trace *trace, uint32_t index);
const char *lr_section_name(uint32_t id); /* "live"; "unknown" */
const struct lr_header *lr_trace_header(const struct lr_trace *trace);

#endif
