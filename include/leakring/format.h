/* format.h -- the leakring trace file, version 1, as C structures.
 *
 * Job: the only contract between the preload (writer) and the analyzer (reader).
 * Context: included by both; depends on <stdint.h> and <stddef.h> only, holds no code.
 * The normative text, with every validity rule, is docs/FORMAT.md.
 *
 * One file describes one process image.  It has a fixed size, chosen at start: a header, a
 * directory of sections, then the sections.  It is written through a shared mapping by a process
 * that may die between any two instructions, so every kind of block has a rule that says when it
 * is valid; nothing else in the file may be believed.  Three kinds of section exist:
 *
 *   append   entries [0, used) are valid, nothing else is; `used` is stored after the entry.
 *   table    a slot is valid if and only if its key says so (see each struct).
 *   ring     record i is valid if and only if its own sequence number says so.
 *
 * All integers have the byte order of the traced machine (see lr_header.endian).
 */
#ifndef LEAKRING_FORMAT_H
#define LEAKRING_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
#define LR_ASSERT(cond) static_assert(cond, #cond)
#else
#define LR_ASSERT(cond) _Static_assert(cond, #cond)
#endif
#define LR_AT(type, field, offset) LR_ASSERT(offsetof(type, field) == (offset))

#define LR_MAGIC "LEAKRING" /* eight bytes, no terminator in the file */
#define LR_FORMAT_VERSION 1u
#define LR_ENDIAN_MARK 0x01020304u

/* Header and directory fill the first page; every section starts on a page boundary. */
#define LR_PAGE 4096u
#define LR_MAX_SECTIONS 32u

/* lr_header.state */
enum lr_state {
    LR_STATE_OPEN = 1,   /* recording; if the process is gone, it was killed */
    LR_STATE_EXITED = 2, /* the process ran its exit handlers or called _exit */
    LR_STATE_EXECED = 3, /* the same pid replaced its image; a later file goes on (image + 1) */
};

/* lr_header.incompat: a reader that doesn't know a set bit must refuse the file.
 * lr_header.compat:   a reader may ignore bits that it doesn't know. */
#define LR_INCOMPAT_KNOWN 0u
#define LR_COMPAT_EXACT 1u    /* every event is recorded (weights are all 1) */
#define LR_COMPAT_JAVA 2u     /* a JVM was created in this process */
#define LR_COMPAT_BLIND 4u    /* self-test: calls to malloc don't reach us (allocator ahead) */
#define LR_COMPAT_YOUNG 8u    /* short-lived records are held out of the file (young_ms) */
#define LR_COMPAT_NO_JNAMES 16u /* this JVM's Java names could not be read */

struct lr_section {
    uint32_t id;         /* enum lr_section_id; unknown ids are skipped */
    uint32_t entry_size; /* bytes of one entry; 1 for byte arenas */
    uint64_t offset;     /* from the start of the file, multiple of LR_PAGE */
    uint64_t capacity;   /* entries; capacity * entry_size bytes lie inside the file */
    uint64_t used;       /* append: valid entries.  table: slots claimed, a hint only.
                            ring: sequence number of the next record */
};
LR_ASSERT(sizeof(struct lr_section) == 32);

struct lr_header {
    char magic[8];
    uint32_t version;
    uint32_t endian;        /* LR_ENDIAN_MARK as the writer stores it */
    uint32_t header_size;   /* sizeof(struct lr_header) of the writer */
    uint32_t section_count; /* directory entries in use */
    uint32_t incompat;      /* LR_INCOMPAT_* */
    uint32_t checksum;      /* FNV-1a 32 of bytes [0, 28) and, per section in use, of its
                               id, entry_size, offset and capacity; never changes */
    uint64_t file_size;     /* bytes; a shorter file is truncated */
    /* Everything above is written once, magic last; everything below may change. */
    uint32_t compat;        /* LR_COMPAT_* */
    uint32_t state;         /* enum lr_state */
    uint32_t pid;
    uint32_t image;         /* 0 for the first image of this pid, 1 after its first exec, … */
    uint64_t start_unix_ns; /* CLOCK_REALTIME at start */
    uint64_t end_unix_ns;   /* CLOCK_REALTIME at exit or exec; 0 otherwise */
    uint64_t proc_start;    /* field 22 of /proc/PID/stat: tells a reused pid apart */
    uint8_t boot_id[16];    /* /proc/sys/kernel/random/boot_id; zero when unknown */
    uint32_t young_ms;      /* how long a record may wait outside the file (see LR_COMPAT_YOUNG) */
    uint32_t heartbeat_ms;  /* time since start at the last sign of life, ms */
    uint32_t page_size;     /* of the traced machine */
    uint32_t machine;       /* ELF e_machine of the traced program */
    uint64_t interval;      /* bytes between samples now; 0: every block is recorded */
    uint64_t max_interval;  /* the largest there ever was */
    uint64_t reserved[2];   /* zero */
    struct lr_section sections[LR_MAX_SECTIONS];
};
LR_AT(struct lr_header, checksum, 28);
LR_AT(struct lr_header, file_size, 32);
LR_AT(struct lr_header, compat, 40);
LR_AT(struct lr_header, start_unix_ns, 56);
LR_AT(struct lr_header, boot_id, 80);
LR_AT(struct lr_header, young_ms, 96);
LR_AT(struct lr_header, interval, 112);
LR_AT(struct lr_header, reserved, 128);
LR_AT(struct lr_header, sections, 144);
LR_ASSERT(sizeof(struct lr_header) == 144 + 32 * LR_MAX_SECTIONS);
LR_ASSERT(sizeof(struct lr_header) <= LR_PAGE);

enum lr_section_id {
    LR_SEC_COUNTERS = 1,  /* append  uint64_t, indexed by enum lr_counter */
    LR_SEC_META = 2,      /* append  struct lr_meta */
    LR_SEC_STRINGS = 3,   /* append  bytes, see lr_string below */
    LR_SEC_MODULES = 4,   /* append  struct lr_module; entry 0 is unused */
    LR_SEC_METHODS = 5,   /* append  struct lr_method */
    LR_SEC_JFRAMES = 6,   /* append  struct lr_jframe */
    LR_SEC_STACKS = 7,    /* append  struct lr_stack; entry 0 is "no stack" */
    LR_SEC_NODES = 8,     /* append  struct lr_node, the stacks' frames; entry 0 is unused */
    LR_SEC_LIVE = 9,      /* table   struct lr_live */
    LR_SEC_REGIONS = 10,  /* table   struct lr_region */
    LR_SEC_PAIRDEFS = 11, /* append  struct lr_pairdef */
    LR_SEC_PAIRS = 12,    /* table   struct lr_pair */
    LR_SEC_PAIRSITES = 13, /* append struct lr_pairsite */
    LR_SEC_EVENTS = 14,   /* ring    struct lr_event */
    LR_SEC_INTERVALS = 15, /* append struct lr_interval */
    LR_SEC_THREADS = 16,  /* append  struct lr_thread_name; entry 0 is unused */
    LR_SEC_AREAS = 17,    /* ring    struct lr_area: what resident memory is made of */
    LR_SEC_CONTROL = 18,   /* table  struct lr_control, one: what others ask of the process */
    LR_SEC_COLLECTIONS = 19, /* ring struct lr_collection */
    LR_SEC_SERIES_1S = 20,   /* ring  struct lr_point, every second */
    LR_SEC_SERIES_1M = 21,   /* ring  struct lr_point, every minute */
    LR_SEC_SERIES_30M = 22,  /* ring  struct lr_point, every half hour */
    LR_SEC_FOLLOWED = 23,    /* table struct lr_followed */
    LR_SEC_FOLLOWED_10S = 24, /* ring struct lr_followed_point, every ten seconds */
    LR_SEC_FOLLOWED_1M = 25,  /* ring struct lr_followed_point, every minute */
    LR_SEC_FOLLOWED_30M = 26, /* ring struct lr_followed_point, every half hour */
    LR_SEC_MARKS = 27,       /* append  struct lr_mark_entry: where phases begin and end */
    LR_SEC_REQUEST = 28,     /* table   struct lr_request: one entry */
};
#define LR_SECTION_ID_END 32 /* ids of this version are below; not all are in use */

/* Strings.  A string's id is the byte offset of its record in LR_SEC_STRINGS: uint32_t length,
 * then the bytes, then zeros up to the next multiple of 4.  Not terminated, any bytes.
 * Id 0 is the empty string (its record is written first). */
#define LR_STRING_MAX 4096u /* longer names are cut here by the writer */

/* What is known of the run.  Keys may repeat; the last one counts. */
enum lr_meta_key {
    LR_META_EXE = 1,          /* path of the executable */
    LR_META_CMDLINE = 2,      /* arguments, separated by blanks */
    LR_META_HOST = 3,         /* host name */
    LR_META_CONFIG = 4,       /* the value of LEAKRING */
    LR_META_TRACER = 5,       /* version of leakring */
    LR_META_ALLOCATOR = 6,    /* path of the module behind our malloc */
    LR_META_JAVA_VERSION = 7, /* java.vm.version */
    LR_META_JAVA_VENDOR = 8,  /* java.vm.vendor */
    LR_META_JAVA_VM = 9,      /* java.vm.name */
    LR_META_JAVA_GC = 10,     /* collector's common name: Serial, Parallel, G1, ZGC, … */
    LR_META_NOTE = 11,        /* a remark for the reader of the report */
    LR_META_AHEAD = 12,       /* path of the module whose malloc came before ours at the start */
};

struct lr_meta {
    uint32_t key;    /* enum lr_meta_key */
    uint32_t string; /* string id */
};
LR_ASSERT(sizeof(struct lr_meta) == 8);

#define LR_BUILD_ID_MAX 32u
#define LR_MODULE_MAIN 1u /* the executable itself */
#define LR_MODULE_VDSO 2u

struct lr_module {
    uint64_t start;  /* first mapped address */
    uint64_t end;    /* one past the last */
    uint64_t bias;   /* address in memory minus address in the ELF file */
    uint32_t path;   /* string id */
    uint32_t flags;  /* LR_MODULE_* */
    uint32_t load_ms;   /* time since start when first seen */
    uint32_t unload_ms; /* 0 while loaded */
    uint8_t build_id[LR_BUILD_ID_MAX];
    uint32_t build_id_size; /* bytes used of build_id; 0 when it has none */
    uint32_t reserved;
};
LR_ASSERT(sizeof(struct lr_module) == 80);

#define LR_METHOD_HIDDEN 1u /* of a hidden or generated class */
struct lr_method {
    uint32_t class_name;  /* string id, dotted: java.util.zip.Inflater */
    uint32_t name;        /* string id */
    uint32_t source_file; /* string id; 0 when the class has none */
    uint32_t flags;       /* LR_METHOD_* */
};
LR_ASSERT(sizeof(struct lr_method) == 16);

#define LR_LINE_UNKNOWN (-1)
#define LR_LINE_NATIVE (-2) /* a native method */
struct lr_jframe {
    uint32_t method; /* index into LR_SEC_METHODS */
    int32_t line;    /* source line or LR_LINE_* */
};
LR_ASSERT(sizeof(struct lr_jframe) == 8);

/* A frame is 64 bits.
 *   bit 63 set:    a Java frame; bits 0..31 index LR_SEC_JFRAMES.
 *   bit 63 clear:  a native return address.  Bits 48..62 index LR_SEC_MODULES; bits 0..47 are
 *                  the address in that module's ELF file (memory address minus bias).
 *                  Module 0: in no known module; bits 0..47 are the address in memory.
 * A return address points behind the call: look up address - 1. */
#define LR_FRAME_JAVA (UINT64_C(1) << 63)
#define LR_FRAME_MODULE_SHIFT 48
#define LR_FRAME_ADDR_MASK ((UINT64_C(1) << 48) - 1)

/* Stacks share their outer frames: a node is a frame and the node of its caller, and a stack is
 * the path from its innermost frame's node to the outermost frame.  A node keeps its meaning as
 * long as a stack leads through it. */
struct lr_node {
    uint64_t frame;
    uint32_t parent; /* node of the caller; 0: this is the outermost frame */
    uint32_t next;   /* for the writer's use */
};
LR_ASSERT(sizeof(struct lr_node) == 16);

/* lr_stack.flags */
#define LR_STACK_JAVA 1u          /* has Java frames */
#define LR_STACK_DEPTH_CUT 2u     /* outer frames are cut: depth limit, or little room left */
#define LR_STACK_NATIVE_LOST 4u   /* the native walk stopped before the outermost frame */
#define LR_STACK_JAVA_LOST 8u     /* Java frames were there but could not be had */
#define LR_STACK_JAVA_CUT 16u     /* Java frames are missing at the outer end */
#define LR_STACK_FREE 64u         /* no stack: nothing refers to this entry any more */
#define LR_STACK_FOLDED 128u      /* totals of stacks that nothing refers to any more, which had
                                     these innermost frames */

struct lr_stack {
    /* The first eight bytes are stored at once, after the rest. */
    uint32_t node;        /* of the innermost frame, in LR_SEC_NODES; 0: no frames */
    uint16_t frame_count; /* nodes from there to the outermost frame */
    uint16_t flags;       /* LR_STACK_* */
    uint64_t hash;        /* of the frames; for the writer's use */
    /* Totals since start.  Written about once a second, so they may trail the truth after a
     * SIGKILL; live figures never come from here but from the tables. */
    uint64_t alloc_count;
    uint64_t alloc_bytes;
    uint64_t lost_count; /* acquisitions at this stack that found no room in a table */
    uint64_t lost_bytes;
    uint32_t first_ms;   /* first seen, ms since start */
    uint32_t link;       /* for the writer's use */
    float count_variance; /* of alloc_count and alloc_bytes, which are estimates once sampling */
    float bytes_variance; /* was on; 0: exact */
};
LR_ASSERT(sizeof(struct lr_stack) == 64);
LR_AT(struct lr_stack, hash, 8);
LR_AT(struct lr_stack, alloc_count, 16);
LR_AT(struct lr_stack, first_ms, 48);

/* Threads are known by name: those that share a name share an entry. */
struct lr_thread_name {
    uint32_t name;     /* string id */
    uint32_t first_ms; /* first seen, ms since start */
};
LR_ASSERT(sizeof(struct lr_thread_name) == 8);

/* lr_live.key: the block's address, with the state in its low bits.  A slot is
 *   free    if key == 0;
 *   absent  if LR_KEY_BUSY is set (being written when the process died: a torn record);
 *   valid   otherwise: a live block at (key & ~LR_KEY_STATE).
 * A live reader must see the same key and gen before and after reading the other fields. */
#define LR_KEY_BUSY UINT64_C(1)
#define LR_KEY_CLAIMED UINT64_C(2) /* a release or move is under way; still valid */
#define LR_KEY_STATE UINT64_C(7)

enum lr_kind {
    LR_KIND_MALLOC = 1, /* malloc, calloc, realloc and relatives */
    LR_KIND_NEW = 2,    /* operator new of an allocator that has its own */
    LR_KIND_MMAP = 3,   /* for reports: regions carry no kind */
};

/* lr_live.info: bits 0..47 requested size in bytes; 48..55 enum lr_kind; 56..63 flags. */
#define LR_LIVE_SIZE_MASK ((UINT64_C(1) << 48) - 1)
#define LR_LIVE_KIND_SHIFT 48
#define LR_LIVE_OWNED (UINT64_C(1) << 56) /* allocated inside a pair's call: belongs to the pair
                                             acquired at `stack`, which is the pair's stack */
#define LR_LIVE_LATER (UINT64_C(1) << 57) /* OWNED, and allocated after the acquisition */

struct lr_live {
    uint64_t key;
    uint64_t info;
    uint32_t stack;    /* index into LR_SEC_STACKS */
    uint32_t birth_ms; /* ms since start */
    float weight;      /* allocations that this record stands for; 1 when exact */
    uint16_t gen;      /* counts the uses of this slot */
    uint16_t thread;   /* index into LR_SEC_THREADS: who allocated it; 0: unknown */
};
LR_ASSERT(sizeof(struct lr_live) == 32);

/* A mapping made by mmap or mremap.  Valid if and only if length > 0; start, stack and the rest
 * are stored before length. */
#define LR_REGION_IN_MEMORY 0x80000000u /* of a file that is memory itself (tmpfs, memfd), shared */
struct lr_region {
    uint64_t start;
    uint64_t length; /* bytes */
    uint32_t stack;
    uint32_t birth_ms;
    uint32_t prot_flags; /* prot in bits 0..7, MAP_* flags in bits 8..30, LR_REGION_IN_MEMORY */
    uint16_t gen;
    uint16_t thread; /* as in lr_live */
};
LR_ASSERT(sizeof(struct lr_region) == 32);

#define LR_PAIR_JAVA 1u /* acquired by a Java class (name is the class) */
struct lr_pairdef {
    uint32_t name;  /* string id: java.util.zip.Inflater, zlib.inflate, … */
    uint32_t flags; /* LR_PAIR_* */
};
LR_ASSERT(sizeof(struct lr_pairdef) == 8);

/* A live pair: acquired, not released.  key as in lr_live, of the resource's handle. */
#define LR_PAIR_REUSED 1u /* its handle was acquired again without a release: it never can be */
struct lr_pair {
    uint64_t key;
    uint32_t stack;    /* of the acquisition */
    uint32_t birth_ms;
    uint32_t site;     /* index into LR_SEC_PAIRSITES */
    uint16_t pair;     /* index into LR_SEC_PAIRDEFS */
    uint16_t flags;    /* LR_PAIR_REUSED */
    uint16_t gen;
    uint16_t thread;   /* as in lr_live */
    uint32_t reserved;
};
LR_ASSERT(sizeof(struct lr_pair) == 32);

/* Totals of one pair at one stack; exact, written at every event. */
#define LR_PAIRSITE_FREE UINT32_MAX /* as lr_pairsite.pair: no site, the entry is free */
struct lr_pairsite {
    uint32_t pair;
    uint32_t stack;
    uint64_t acquired;
    uint64_t released;            /* all releases, whoever made them */
    uint64_t released_by_cleaner; /* of these, by the Cleaner's or Finalizer's machinery */
    uint64_t released_unknown;    /* of these, releases whose caller could not be seen */
    uint64_t lost;                /* acquisitions that found no room in LR_SEC_PAIRS */
    uint32_t first_ms;            /* first seen, ms since start */
    uint32_t link;                /* for the writer's use */
    uint64_t reserved;
};
LR_ASSERT(sizeof(struct lr_pairsite) == 64);

/* A change of the sampling interval. */
enum lr_interval_why {
    LR_INTERVAL_ASKED = 1,  /* by interval= */
    LR_INTERVAL_BUDGET = 2, /* recording cost more CPU than budget= allows */
    LR_INTERVAL_CALM = 3,   /* it would cost less now */
    LR_INTERVAL_TABLE = 4,  /* the live table was filling up: its records were thinned */
    LR_INTERVAL_ROOM = 5,   /* there is room in it again */
};

struct lr_interval {
    uint32_t time_ms;
    uint32_t why;  /* enum lr_interval_why */
    uint64_t from; /* bytes; 0: exact */
    uint64_t to;
    uint32_t cost; /* of recording, in 1/100 % of the process's CPU time, when it was decided */
    uint32_t reserved;
};
LR_ASSERT(sizeof(struct lr_interval) == 32);

enum lr_event_type {
    LR_EVENT_START = 1,
    LR_EVENT_EXIT = 2,
    LR_EVENT_EXEC = 3,
    LR_EVENT_FORK = 4,
    LR_EVENT_MODULE = 5,      /* a: module index */
    LR_EVENT_UNLOAD = 6,      /* a: module index */
    LR_EVENT_JVM = 7,         /* the JVM is up */
    LR_EVENT_GC = 8,          /* a collection ended; a: its number, b: ns it took */
    LR_EVENT_VM_DEATH = 9,
    LR_EVENT_CLEANED = 10,    /* a: pair site; a pair was released by the Cleaner */
    LR_EVENT_LOSS = 11,       /* a: enum lr_counter that left zero */
    LR_EVENT_PAIR_ACQUIRE = 12, /* a: pair site, b: handle */
    LR_EVENT_PAIR_RELEASE = 13, /* a: pair site, b: handle */
    LR_EVENT_INTERVAL = 14, /* a: enum lr_interval_why, b: the new interval */
    LR_EVENT_WHOLE_GC = 15, /* the whole heap was collected; a: lr_collection.bound_ms */
    LR_EVENT_GC_ASKED = 16, /* a: number of the request */
    LR_EVENT_GC_DONE = 17,  /* a: number of the request, b: enum lr_collect_result */
    LR_EVENT_MARK = 18,     /* a: index into LR_SEC_MARKS */
};

/* Record number n (from 0) lies in slot n % capacity and is valid if and only if its
 * sequence is (uint32_t)(n + 1), which is stored last (0 while it is being written). */
struct lr_event {
    uint32_t sequence;
    uint32_t type; /* enum lr_event_type */
    uint32_t time_ms;
    uint32_t a;
    uint64_t b;
    uint32_t tid;
    uint32_t reserved;
};
LR_ASSERT(sizeof(struct lr_event) == 32);

/* Time series.  A point holds every figure of series.def as it was last read, LR_NO_VALUE where
 * it could not be.  An older writer's points are shorter.  Valid as events are. */
enum lr_series {
#define LR_SERIES(name, unit, text) LR_SERIES_##name,
#include "leakring/series.def"
#undef LR_SERIES
    LR_SERIES_COUNT
};
#define LR_NO_VALUE UINT64_MAX

struct lr_point {
    uint32_t sequence;
    uint32_t time_ms;
    uint64_t values[LR_SERIES_COUNT];
};
LR_ASSERT(sizeof(struct lr_point) == 8 + 8 * LR_SERIES_COUNT);

/* Snapshots of /proc/self/smaps, the last of which counts.  One is complete if and only if its
 * LR_AREA_END is there and its records, as many as that says, precede it; all bear one time.
 * Areas without resident or swapped pages are left out. */
enum lr_area_kind {
    LR_AREA_END = 1,    /* start: number of records before it; resident and swapped: the sums */
    LR_AREA_ANON = 2,   /* private, without a file */
    LR_AREA_ARENA = 3,  /* likewise, beginning where glibc's arenas do: at a multiple of 64 MiB */
    LR_AREA_BRK = 4,    /* [heap] */
    LR_AREA_STACK = 5,  /* of a thread */
    LR_AREA_FILE = 6,   /* of a file, shared or private */
    LR_AREA_SHARED = 7, /* shared, of no file that has a name: memfd, System V, /dev/zero */
    LR_AREA_TRACE = 8,  /* this file */
    LR_AREA_OTHER = 9,  /* the kernel's own ([vdso]); and all that found no room here, start 0 */
    LR_AREA_OWN = 10,   /* not an area: a part of the ones before, which is the tracer's memory */
};
struct lr_area {
    uint32_t sequence;
    uint32_t time_ms;
    uint64_t start;
    uint32_t pages;    /* its length */
    uint32_t resident; /* KiB */
    uint32_t swapped;  /* KiB */
    uint32_t kind;     /* enum lr_area_kind */
};
LR_ASSERT(sizeof(struct lr_area) == 32);
#define LR_ARENA_ALIGNMENT (UINT64_C(64) << 20)

/* What the followed points tell of: a stack, or a pair at a stack, in each slot.  Valid if and
 * only if kind is not 0, which is stored last.  Points older than since_ms are of what was in the
 * slot before. */
#define LR_FOLLOWED_SLOTS 64u
enum lr_followed_kind {
    LR_FOLLOWED_STACK = 1, /* live blocks and mappings of stack `id` */
    LR_FOLLOWED_PAIR = 2,  /* live pairs of pair site `id`, and the blocks they own */
};
struct lr_followed {
    uint32_t kind; /* enum lr_followed_kind; 0: free */
    uint32_t id;
    uint32_t since_ms;
    uint32_t check; /* first_ms of the stack or pair site + 1: else the id means another now */
    uint64_t reserved[2];
};
LR_ASSERT(sizeof(struct lr_followed) == 32);

/* A value below 0 is none. */
struct lr_followed_value {
    float bytes;
    float count;
};
struct lr_followed_point {
    uint32_t sequence;
    uint32_t time_ms;
    struct lr_followed_value values[LR_FOLLOWED_SLOTS];
};
LR_ASSERT(sizeof(struct lr_followed_point) == 8 + 8 * LR_FOLLOWED_SLOTS);

#include "leakring/format_gc.h"
#include "leakring/format_mark.h"

/* Counters: counters.def has one line each, LR_COUNTER(name, kind, text).
 * kind: loss -- something that should be in the file is not; the run is incomplete;
 *       info -- told to the reader, nothing lost. */
enum lr_counter {
#define LR_COUNTER(name, kind, text) LR_CNT_##name,
#include "leakring/counters.def"
#undef LR_COUNTER
    LR_COUNTER_COUNT
};

#endif
