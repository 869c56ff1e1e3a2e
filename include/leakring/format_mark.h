/* format_mark.h -- the part of the trace file's format that divides a run into phases; included by
 * format.h.
 *
 * Job: struct lr_mark_entry (LR_SEC_MARKS).
 * Context: as format.h; the normative text is docs/FORMAT.md.
 */
#ifndef LEAKRING_FORMAT_MARK_H
#define LEAKRING_FORMAT_MARK_H

#ifndef LEAKRING_FORMAT_H
#error "include leakring/format.h"
#endif

enum lr_mark_source {
    LR_MARK_ASKED = 1, /* by another process: `leakring mark` */
    LR_MARK_CALLED = 2, /* by leakring_mark() of leakring.h */
    LR_MARK_JAVA = 3,  /* by Java code */
};
#define LR_MARK_NAME_MAX 191u /* bytes */

/* What is born at time_ms or later came after the mark. */
struct lr_mark_entry {
    uint32_t name; /* string id */
    uint32_t time_ms;
    uint32_t source; /* enum lr_mark_source */
    uint32_t tid;    /* who made it; 0: another process */
    uint64_t reserved[2];
};
LR_ASSERT(sizeof(struct lr_mark_entry) == 32);

#endif
