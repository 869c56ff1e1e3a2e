/* load_internal.h -- what load*.c share: the snapshot and its sections.
 *
 * Stage: LOAD.  Context: analyzer only; not for anybody else.
 *
 *   load.c          opening: reads the header, checks it, copies the sections
 *   load_check.c    is the header believable?
 *   load_audit.c    how much of the rest is damaged?
 *   load_stacks.c   stacks and their frames
 *   load_source.c   bytes of a file or of memory, holes skipped
 *   load_holes.c    sections that are mostly holes cost what they hold
 *   load_records.c  the accessors of load.h
 *   load_series.c   those of the time series
 *   load_areas.c    those of what resident memory is made of
 *   load_collections.c  those of collections, and the control words
 *   load_marks.c    marks, and the window between two of them
 *   load_time.c     times that begin anew after 49.7 days
 *   load_text.c     strings made safe to print
 *   load_alive.c    is the traced process still there?
 */
#ifndef LEAKRING_LOAD_INTERNAL_H
#define LEAKRING_LOAD_INTERNAL_H

#include "load.h"

enum { LR_SECTION_IDS = LR_SECTION_ID_END }; /* known ids are below; some are nobody's */

/* Where bytes come from: a file descriptor, or memory. */
struct lr_source {
    int fd; /* -1: memory */
    const unsigned char *bytes;
    uint64_t size;
};
/* Exactly `size` bytes at `offset`; false on any error, and at the end of the file. */
bool lr_source_read(const struct lr_source *source, uint64_t offset, void *buffer, size_t size);
/* Where a section has data; what lies between two runs is a hole of LR_HOLE bytes or more.
 * Offsets are the section's. */
enum { LR_HOLE = 1 << 20 };
struct lr_run {
    uint64_t start, end;
};
struct lr_runs {
    struct lr_run *items; /* free() */
    size_t count, room;
};
/* The same into zeroed memory, reading only what isn't a hole; where that was goes into *runs (may
 * be NULL). */
bool lr_source_read_sparse(const struct lr_source *source, uint64_t offset, void *buffer,
                           size_t size, struct lr_runs *runs);

/* A section of the snapshot.  count: entries to look at (append: used; table, ring: capacity). */
struct lr_part {
    const unsigned char *bytes;
    uint64_t count;
    uint64_t stride; /* entry_size, at least the size of our structure */
    uint64_t used;   /* as in the file */
};

struct lr_trace {
    struct lr_trace_info info;
    struct lr_header header;
    char *path;
    unsigned char *image; /* anonymous mapping of file_size bytes; page 0 stays zero */
    size_t image_size;
    struct lr_part parts[LR_SECTION_IDS];
    uint16_t *depths; /* by node: frames from it to the outermost; NODE_BAD where there is no end */
    struct lr_walk_cursor *walk; /* where the last lr_trace_frame_at was */
    char **strings; /* by id / 4, made at first sight; empty where not yet */
    uint64_t string_slots;
    struct lr_window window;
};

/* Is that time in the window that is looked through?  Always where there is none. */
bool lr_in_window(const struct lr_trace *trace, uint64_t time_ms);

/* A time of the file: the last one that it may mean, which is no later than an hour behind the last
 * sign of life (a late heartbeat).  After info.heartbeat_ms is known. */
uint64_t lr_trace_time(const struct lr_trace *trace, uint32_t time_ms);
/* That of point `number` of a ring with that period. */
uint64_t lr_point_time(uint64_t number, uint64_t period_ms, uint32_t time_ms);
/* For info.heartbeat_ms; after the sections are there. */
uint64_t lr_last_sign_of_life(const struct lr_trace *trace);

/* Copies entry `index` into *out; false, and zeros, when there is no such entry. */
bool lr_part_entry(const struct lr_trace *trace, enum lr_section_id id, uint64_t index, void *out,
                   size_t size);

uint32_t lr_part_count(const struct lr_trace *trace, enum lr_section_id id);
/* The index itself where it is good, else `otherwise`. */
uint32_t lr_part_checked(const struct lr_trace *trace, enum lr_section_id id, uint32_t index,
                         uint32_t otherwise);

enum { LR_NODE_BAD = UINT16_MAX };
struct lr_walk_cursor {
    uint32_t stack, i, node; /* stack 0: nowhere */
};

/* A file that says to be of a terabyte, and is nearly all holes, is read as fast as what it holds:
 * no writer leaves holes of that size among entries of an append section or a ring, so what is
 * behind one is left out (false: it was), and a table's slots are moved together. */
bool lr_part_clip(struct lr_part *part, const struct lr_runs *runs);
void lr_part_compact(struct lr_part *part, unsigned char *bytes, const struct lr_runs *runs);

enum lr_section_form { LR_FORM_APPEND, LR_FORM_TABLE, LR_FORM_RING };
struct lr_section_type {
    const char *name;
    uint32_t entry_size;
    enum lr_section_form form;
    bool optional; /* a file without it isn't damaged */
};
/* NULL for an id that this reader doesn't know. */
const struct lr_section_type *lr_section_type(uint32_t id);

/* Everything that must hold before a single offset is used.  `actual` is the file's length. */
enum lr_status lr_check_header(const struct lr_header *header, uint64_t actual,
                               struct lr_error *error);
/* Looks at every index, id and value once, and counts what is wrong into info.damaged. */
void lr_check_records(struct lr_trace *trace);

/* After the sections are there.  False: out of memory. */
bool lr_measure_nodes(struct lr_trace *trace);

/* Has it as many frames as it says? */
bool lr_stack_frames_good(const struct lr_trace *trace, const struct lr_stack *stack);

bool lr_string_valid(const struct lr_trace *trace, uint32_t id);

/* The pid on this machine of the process that wrote this header; 0 when it runs no more. */
uint32_t lr_process_alive(const struct lr_header *header);

/* Is a table slot a record (1), free (0), or torn (-1)? */
int lr_slot_state(enum lr_section_id id, const unsigned char *slot);

/* The next record of a ring whose records begin with their sequence; NULL behind the last one.
 * The cursor is its number + 1; 0 begins at the oldest that a running writer isn't replacing. */
const unsigned char *lr_part_next_record(const struct lr_part *part, uint64_t *cursor,
                                         uint64_t *number);

#endif
