/* model.h -- what a report says, before it is said: all that an emitter sees.
 *
 * Stage: load -> symbolize -> judge -> MODEL -> emit.  Context: analyzer only, one thread.
 * Pointers are never NULL unless said otherwise.  Strings of frames and of the run belong to the
 * trace and the symbolizer, which must outlive the model; everything else is the model's.
 */
#ifndef LEAKRING_MODEL_H
#define LEAKRING_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "births.h"
#include "estimate.h"
#include "model_series.h"
#include "status.h"
#include "suppress.h"
#include "trend.h"

struct lr_trace;
struct lr_symbolizer;

/* One source-level frame.  "" where something is unknown. */
struct lr_model_frame {
    bool java;
    bool named; /* false: function is only module+0xoffset or 0xaddress */
    bool inlined;
    bool native_method;   /* a Java method without Java code */
    bool hidden;          /* of a class that the JVM made up: nobody wrote that line */
    unsigned char owner;  /* enum lr_frame_owner (culprit.h) */
    bool user;            /* neither the platform's nor the resource's own machinery (culprit.h) */
    uint32_t line;        /* 0: unknown */
    const char *function; /* Java: pkg.Class.method; native: without parameters */
    const char *file;
    const char *module; /* native frames only */
    uint64_t address;   /* native: the return address in the module's file; else 0 */
};

/* 0 for two calls on one source line, wherever their return addresses are. */
int lr_model_frame_compare(const struct lr_model_frame *a, const struct lr_model_frame *b);
/* The frame as people write it: pkg.Class.method(File.java:12), function (file.c:12),
 * function (libfoo.so).  Terminated, cut at `size`; returns out. */
const char *lr_model_frame_text(char *out, size_t size, const struct lr_model_frame *frame);
/* Half a character at the end of what snprintf cut, having `wanted` that many bytes, is no text:
 * takes it away.  Returns text. */
const char *lr_text_end_whole(char *text, size_t size, int wanted);

/* Threads whose names differ only in digits, by the first of these names. */
struct lr_model_thread {
    const char *name; /* "" when unknown */
    uint64_t alike;   /* how many names */
    double live;      /* blocks, mappings or resources that they acquired and that are live */
};
struct lr_model_threads {
    struct lr_model_thread *items; /* most live first */
    size_t count;
};

/* How a resource or block came into being.  One path stands for every recorded stack that agrees
 * with it in [culprit, key_end), the part that tells sites apart (culprit.h). */
struct lr_model_path {
    struct lr_model_frame *frames; /* innermost first; NULL when count is 0 */
    size_t count;
    size_t culprit; /* index of the frame to fix; meaningless when count is 0 */
    size_t key_end;
    bool key_whole;  /* plain memory: every frame tells sites apart, from frame 0 */
    bool java_lost;  /* Java frames were there but could not be had */
    bool cut;        /* frames are missing at the outer end */
    bool names_lost; /* of frames, as the process that reads files died or couldn't be started */
    bool in_doubt;   /* and no rule covers it, which one might if there were those names */
    uint32_t stacks; /* recorded stacks that were merged */
    struct lr_model_threads threads; /* of what is live */
};
/* Its culprit as lr_model_frame_text() writes it; "an unknown place" without frames. */
const char *lr_model_place_text(char *out, size_t size, const struct lr_model_path *path);

/* judge.h has the rules. */
enum lr_site_class {
    LR_CLASS_CLEAN,     /* everything was released explicitly */
    LR_CLASS_EXPECTED,  /* a known, bounded population */
    LR_CLASS_TRANSIENT, /* in use when the recording ended */
    LR_CLASS_LEAK,      /* never ended: live, or closed only by the Cleaner */
};
const char *lr_site_class_name(enum lr_site_class kind);

/* What became of a rule that declares sites expected. */
enum lr_suppress_state {
    LR_SUPPRESS_UNUSED,  /* no such site has anything live */
    LR_SUPPRESS_USED,
    LR_SUPPRESS_EXPIRED, /* its sites are findings again, */
    LR_SUPPRESS_OVER,    /* so are these: they hold more than it allows; */
    LR_SUPPRESS_UNREASONED, /* so are these: a reason is needed, and it has none */
    LR_SUPPRESS_IN_DOUBT, /* matches nothing that is live, but names were lost: path.in_doubt */
};
const char *lr_suppress_state_name(enum lr_suppress_state state);

struct lr_model_suppression {
    const struct lr_suppression *rule; /* the set's, which must outlive the model */
    enum lr_suppress_state state;
    uint64_t sites, count, bytes; /* that it covers: never ended or live */
    bool in_doubt;                /* there are sites that it might cover, if names weren't lost */
};

/* Of what is live at a site, what was acquired in a part of the run. */
struct lr_model_by_part {
    double bytes, count;
};

struct lr_model_pair_site {
    struct lr_model_path path;
    uint64_t acquired, released;
    uint64_t released_by_cleaner; /* of released: only because a collection found it dropped */
    uint64_t released_unknown;    /* of released: the caller could not be seen */
    uint64_t lost;                /* acquisitions that found no room in the file */
    uint64_t live;
    uint64_t bytes_at_creation, bytes_later; /* of live native memory that it owns */
    uint64_t owned_blocks;
    uint64_t oldest_ms, newest_ms; /* births of live ones, since start; 0 when none is */
    struct lr_births births;       /* the same, as a histogram */
    uint64_t followed;     /* slots of model_series.h, a bit each */
    uint64_t followed_live; /* of the live ones, those of stacks that are followed */
    uint64_t survived;      /* of the live ones, those that a full collection found in use: held */
    uint64_t untested;      /* the other live ones: born since, or there was no such collection */
    struct lr_sampled total_bytes_sum, total_count_sum; /* blocks ever allocated for them */
    struct lr_model_by_part *parts; /* as many as the model has; NULL: nothing in any */
    struct lr_trend trend;  /* of the number of live ones; meaningless unless followed */
    struct lr_trend bytes_trend; /* of the memory that they own; likewise */
    enum lr_site_class class;
    const char *expected; /* why it is expected; NULL when it isn't */
    struct lr_model_suppression *suppression; /* that it falls under, holding or not; or NULL */
};

struct lr_model_pair {
    const char *name; /* java.util.zip.Inflater */
    bool java;
    uint64_t acquired, released, released_by_cleaner, released_unknown, live, live_bytes;
    struct lr_model_pair_site *sites; /* findings first, then by what matters most */
    size_t site_count, site_room;
};

enum lr_memory_kind { LR_MEMORY_MALLOC, LR_MEMORY_NEW, LR_MEMORY_MMAP, LR_MEMORY_KINDS };
const char *lr_memory_kind_name(enum lr_memory_kind kind);

/* Live memory that no pair owns. */
struct lr_model_memory_site {
    enum lr_memory_kind kind;
    struct lr_model_path path;
    struct lr_estimate live_bytes, live_count;
    struct lr_estimate total_bytes, total_count; /* ever acquired there (malloc and new) */
    struct lr_sampled live_bytes_sum, live_count_sum; /* what the first two are made of */
    struct lr_estimate late_bytes; /* of the live ones, those that were acquired behind the warm-up
                                      (lr_model_warm_ms): it can't have grown by more since; of
                                      mappings of files, those that are private and writable, or
                                      of files that are memory (tmpfs) */
    struct lr_sampled late_bytes_sum;
    struct lr_estimate kept_bytes; /* of these, those from the first half of that time: half of what
                                      grows steadily, and hardly any of what is replaced */
    struct lr_sampled kept_bytes_sum;
    struct lr_sampled total_bytes_sum, total_count_sum;
    struct lr_model_by_part *parts; /* as many as the model has; NULL: there are none */
    uint64_t followed;     /* slots of model_series.h, a bit each */
    double followed_bytes; /* of the live ones, those of stacks that are followed */
    uint64_t lost;         /* allocations that found no room in the file */
    struct lr_trend trend; /* of live bytes; meaningless unless followed */
    struct lr_trend count_trend; /* of the number of live blocks; likewise */
    double file_bytes;     /* of live mappings, those of files */
    struct lr_births births; /* of what is live */
    const char *what;      /* it is of, where it leaks: "memory of direct buffers"; else NULL */
    bool part_followed;    /* the trend is of some of its stacks only */
    bool jvm;              /* the JVM's own: compilers, symbol tables, collectors */
    bool leaks;            /* grows by enough to matter, and is neither the JVM's nor expected */
    const char *expected;  /* why it is expected; NULL when it isn't */
    struct lr_model_suppression *suppression; /* that it falls under, holding or not; or NULL */
};

/* An ELF file that was loaded at some time; what was loaded twice at one place is there twice. */
struct lr_model_module {
    const char *path; /* that of frames */
    uint64_t start, end, bias;
    char build_id[65]; /* hexadecimal; "": none */
};

enum lr_model_ended { LR_RUN_EXIT, LR_RUN_EXEC, LR_RUN_KILLED, LR_RUN_RUNNING };
const char *lr_model_ended_name(enum lr_model_ended ended);

struct lr_model_run {
    char *path; /* of the trace, safe to print; the model's */
    uint64_t trace_bytes;
    uint32_t pid, image;
    const char *exe, *cmdline, *host, *tracer, *allocator, *config; /* config: LEAKRING's */
    const char *ahead; /* module whose malloc came before ours; "" for none */
    uint64_t start_unix_ns, end_unix_ns, duration_ms;
    enum lr_model_ended ended;
    bool java;
    const char *java_version, *java_vendor, *java_vm, *java_gc;
    uint64_t collections; /* seen while recording */
    uint64_t vm_death_ms; /* when the JVM began to go down, since start; 0: it didn't */
    uint64_t forks; /* children that it forked; what they did is not in the recording */
    uint64_t forks_replaced; /* of these, those that became another program or ended at once */
    uint64_t full_gc_ms;  /* what was born before it and is live was in use then; 0: none seen */
};

enum lr_completeness { LR_COMPLETE, LR_INCOMPLETE, LR_BLIND };
const char *lr_completeness_name(enum lr_completeness verdict);

struct lr_model_loss {
    const char *name, *text;
    uint64_t value; /* not zero */
};

struct lr_model_texts {
    char **items;
    size_t count;
};

/* A change of the bytes between two samples; 0: exact. */
struct lr_model_interval {
    uint64_t time_ms; /* since start */
    uint64_t from, to;
    const char *why;     /* asked, budget, calm, table, room */
    double cost_percent; /* of recording, as it was measured then */
};

struct lr_model_completeness {
    enum lr_completeness verdict;
    bool exact;
    uint64_t interval, max_interval; /* at the end; the largest there was; 0: exact */
    uint64_t late_interval; /* the largest behind the warm-up (lr_model_warm_ms): what bounds how
                               much of late_bytes may be missing */
    struct lr_model_interval *intervals;
    size_t interval_count;
    struct lr_model_loss *losses;
    size_t loss_count;
    struct lr_model_texts notes;
};

/* judge.h says when each is given. */
enum lr_verdict {
    LR_VERDICT_NONE,
    LR_VERDICT_LEAK,
    LR_VERDICT_CANNOT_TELL,
    LR_VERDICT_GARBAGE_WAITING, /* never closed, but a collection frees them */
    LR_VERDICT_RETENTION,       /* freed, and kept by the allocator */
    LR_VERDICT_JAVA_HEAP,       /* the Java heap is full */
    LR_VERDICT_JVM_OTHER,       /* something else of the JVM's grows */
    LR_VERDICT_OUTSIDE,         /* the machine is short of memory, and not for this process */
};
const char *lr_verdict_name(enum lr_verdict kind);
const char *lr_verdict_heading(enum lr_verdict kind); /* for people: "NO LEAK" */

struct lr_model_verdict {
    enum lr_verdict kind;
    char *summary; /* one sentence */
    char *next;    /* what to do now, one or two sentences; NULL: nothing */
    struct lr_model_texts evidence; /* first a line for each pair site that leaks */
    size_t growing_at; /* in evidence: the first line about `growing` sites, a line each */
    uint64_t sites, never_ended, held_bytes; /* over all pair sites that leak */
    uint64_t growing;          /* sites of plain memory that leak */
    struct lr_estimate rate;   /* bytes an hour, of all that leaks and is known to grow */
    struct lr_estimate address_rate; /* the same with mappings, which take address space */
};

/* How full the old generation is right after it was collected: before that, it holds garbage. */
enum lr_pressure { LR_PRESSURE_UNKNOWN, LR_PRESSURE_FINE, LR_PRESSURE_WATCH, LR_PRESSURE_ACT };
const char *lr_pressure_name(enum lr_pressure band);

struct lr_model_gc_pressure {
    enum lr_pressure band; /* unknown: never collected, or no counters; the rest is 0 then */
    const char *pool;      /* "old generation", "whole heap" */
    const char *collector;
    uint64_t used, most; /* bytes */
    double percent;
    uint64_t time_ms; /* of that collection, as far as is known */
};

/* What resident memory is for; NMT's words where it has one. */
enum lr_ledger_entry {
    LR_LEDGER_JAVA_HEAP,
    LR_LEDGER_CLASS,
    LR_LEDGER_CODE,
    LR_LEDGER_GC,
    LR_LEDGER_JVM,
    LR_LEDGER_STACKS,
    LR_LEDGER_LIVE,
    LR_LEDGER_SLACK,
    LR_LEDGER_MAPPED, /* anonymous, by the program's own mmap */
    LR_LEDGER_SHARED,
    LR_LEDGER_FILES,
    LR_LEDGER_OWN, /* leakring's */
    LR_LEDGER_UNKNOWN,
    LR_LEDGER_ENTRIES
};
const char *lr_ledger_name(enum lr_ledger_entry entry);

/* As of the last look at it, which may be some time before the end. */
struct lr_model_ledger {
    bool known; /* else all is 0 */
    uint64_t time_ms;
    uint64_t resident; /* the sum of `bytes` */
    uint64_t swapped;
    uint64_t pss; /* LR_MODEL_UNKNOWN where it wasn't read */
    uint64_t bytes[LR_LEDGER_ENTRIES];
};

/* What jemalloc, tcmalloc or mimalloc says of itself, as of when it was last asked; bytes,
 * LR_MODEL_UNKNOWN where it doesn't tell. */
struct lr_model_allocator {
    const char *name; /* NULL: it says nothing, all else is 0 */
    uint64_t time_ms;
    uint64_t live;      /* requested of it and not freed, by our count */
    uint64_t allocated; /* the same by its own, with what it rounds up */
    uint64_t active;    /* pages that hold some of that */
    uint64_t resident;  /* with its free pages and tables */
    uint64_t mapped;    /* (mimalloc: committed) */
    uint64_t retained;  /* addresses without memory */
};
/* What of it is resident and not live: fragmentation and free pages.  LR_MODEL_UNKNOWN if so. */
uint64_t lr_allocator_slack(const struct lr_model_allocator *allocator);

/* When a limit will be met if what leaks goes on growing as it does. */
#define LR_PROJECTION_DAYS 30 /* nobody can see further */
struct lr_model_projection {
    const char *limit; /* the nearest; NULL: nothing grows, or there is no limit */
    uint64_t limit_bytes; /* LR_MODEL_UNKNOWN where that isn't known */
    double hours, low, high; /* after the recording's end */
    double rate; /* bytes an hour */
    bool far;    /* not within LR_PROJECTION_DAYS: the hours are only more than that */
    bool past;   /* the program has ended: it would have */
};

/* A moment that the program, or somebody who watched it, gave a name. */
struct lr_model_mark {
    const char *name, *source; /* source: asked, called, java */
    uint64_t time_ms;          /* since start */
    uint32_t tid;              /* who made it; 0: another process */
};

/* What lies between two marks, or a mark and an end of the run; of many marks between some. */
struct lr_model_part {
    const char *from, *to;   /* names; NULL: the beginning, the end */
    uint64_t from_ms, to_ms; /* UINT64_MAX: the end */
};

/* The part of the run that the rest of the model is about: what was acquired in it and is live at
 * the end of the recording, and the series within it. */
struct lr_model_phase {
    bool set;              /* else the whole run, 0 to its duration */
    const char *from, *to; /* names of marks; "" or NULL: the run's own beginning or end */
    uint64_t from_ms, to_ms;
};

struct lr_model {
    struct lr_model_run run;
    struct lr_model_mark *marks; /* in the order in which they were made */
    size_t mark_count;
    struct lr_model_part *parts; /* in order of time; none without marks */
    size_t part_count;
    struct lr_model_phase phase;
    struct lr_model_completeness completeness;
    struct lr_model_verdict verdict;
    const char **pair_names;     /* of all pairs that the tracer knew, the trace's */
    size_t pair_name_count;
    struct lr_model_pair *pairs; /* those that were acquired at least once */
    size_t pair_count;
    struct lr_model_memory_site *sites; /* by live bytes, mappings behind the rest */
    size_t site_count;
    double late_bytes; /* of all live blocks, those that were acquired behind the warm-up */
    struct lr_model_memory_site *gone; /* followed, and nothing of it is live: path, followed, jvm
                                          and suppression only */
    size_t gone_count;
    struct lr_model_ledger ledger;
    struct lr_model_allocator allocator;
    struct lr_model_series series;
    struct lr_model_projection projection;
    struct lr_model_gc_pressure gc_pressure;
    struct lr_model_suppression *suppressions; /* every rule, used or not; the user's first */
    size_t suppression_count;
    struct lr_model_memory_site *past; /* where nothing is live now, with totals; if asked for */
    size_t past_count;
    struct lr_model_module *modules; /* likewise */
    size_t module_count;
};

struct lr_model_options {
    const struct lr_suppressions *suppressions; /* NULL: the starter set */
    bool past; /* model->past and model->modules are wanted: all stacks are named then */
};

/* Reads, names and judges everything.  *model is NULL unless LR_OK. */
enum lr_status lr_model_build_with(const struct lr_trace *trace, struct lr_symbolizer *symbolizer,
                                   const struct lr_model_options *options, struct lr_model **model,
                                   struct lr_error *error);
enum lr_status lr_model_build(const struct lr_trace *trace, struct lr_symbolizer *symbolizer,
                              struct lr_model **model, struct lr_error *error);
void lr_model_free(struct lr_model *model); /* NULL is fine */

/* How long the phase lasted; what a rate divides by. */
uint64_t lr_model_span_ms(const struct lr_model *model);
/* When the warm-up was over, since start: at the mark that begins the phase; else after a third of
 * the recording, if that is a second at least: in less, births tell nothing. */
uint64_t lr_model_warm_ms(const struct lr_model *model);

/* Nearest whole number; estimates can't be negative, and absurd ones are cut to what fits. */
uint64_t lr_model_round(double value);
/* Live or closed only by the Cleaner: nobody called end(). */
uint64_t lr_pair_site_never_ended(const struct lr_model_pair_site *site);

#endif
