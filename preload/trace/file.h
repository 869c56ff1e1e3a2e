/* file.h -- the trace file: its layout, its creation, and typed pointers into its mapping.
 *
 * Stage: FILE.  Created once at start; the mapping stays until the process ends.  After creation
 * no file descriptor is kept and the size never changes.
 */
#ifndef LEAKRING_FILE_H
#define LEAKRING_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

struct lr_file {
    struct lr_header *header; /* start of the mapping */
    uint64_t *counters;
    struct lr_meta *metas;
    uint8_t *strings;
    struct lr_module *modules;
    struct lr_method *methods;
    struct lr_jframe *jframes;
    struct lr_stack *stacks;
    struct lr_node *nodes;
    struct lr_live *live;
    struct lr_region *regions;
    struct lr_pairdef *pairdefs;
    struct lr_pair *pairs;
    struct lr_pairsite *pairsites;
    struct lr_event *events;
    struct lr_thread_name *threads;
    struct lr_interval *intervals;
    struct lr_followed *followed;
    struct lr_control *control;
    struct lr_collection *collections;
    struct lr_mark_entry *phase_marks;
    struct lr_request *request;
    struct lr_section *section[LR_SECTION_ID_END]; /* directory entries by id; NULL: none such */
};
extern struct lr_file lr_file;

enum { LR_FILE_MIN = 4 << 20, LR_FILE_DEFAULT = 64 << 20 };

/* Who we are; filled by start.c before the file is made. */
struct lr_identity {
    char exe[1024];      /* path of the executable */
    const char *name;    /* its last component */
    const char *tmpdir;  /* $TMPDIR or "/tmp" */
    int pid;
    uint64_t proc_start; /* /proc/PID/stat field 22 */
};

/* Creates and maps the file as lr_config asks, trying the working directory and then tmpdir when
 * no name was given.  False: nothing was left behind, and `error` says in one line why. */
bool lr_file_create(const struct lr_identity *who, char *error, size_t error_size);

/* Unmaps and removes what lr_file_create made: nothing will be recorded after all. */
void lr_file_abandon(void);

static inline uint64_t lr_file_capacity(enum lr_section_id id)
{
    return lr_file.section[id]->capacity;
}

#endif
