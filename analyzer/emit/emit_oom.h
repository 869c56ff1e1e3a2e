/* emit_oom.h -- findings of `leakring oom` as text or JSON.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_OOM_H
#define LEAKRING_EMIT_OOM_H

#include "oom_join.h"
#include "oom_judge.h"

#define LR_OOM_KILLED_NAMES 64

struct lr_oom_tally { /* how often a name was killed, over all events */
    char name[32];
    uint64_t count;
};

/* All that is kept of a log, whatever its size: the newest findings, and sums over all. */
struct lr_oom_report {
    const char *path;
    uint64_t lines, bytes, lines_cut;
    uint64_t events, cannot_tell; /* all of them, kept or not */
    struct lr_oom_tally killed[LR_OOM_KILLED_NAMES];
    unsigned killed_count;
    uint64_t killed_others;           /* kills of further names */
    struct lr_oom_finding **findings; /* oldest first */
    size_t finding_count;
    const struct lr_oom_trace *trace; /* NULL: none given */
};

void lr_oom_print_text(const struct lr_oom_report *report);
void lr_oom_print_json(const struct lr_oom_report *report);

#endif
