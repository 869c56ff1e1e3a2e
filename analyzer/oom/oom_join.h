/* oom_join.h -- a trace of the killed process beside the kernel's report of its death.
 *
 * Stage: JUDGE, after oom_judge.c.  Context: analyzer only, one thread.
 */
#ifndef LEAKRING_OOM_JOIN_H
#define LEAKRING_OOM_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "oom_judge.h"
#include "status.h"

/* What a trace file says of its process, in so far as it helps here. */
struct lr_oom_trace {
    char path[256];
    char exe[128];
    uint32_t pid;
    bool killed; /* ended without a last word */
    uint64_t start_unix_ns, end_unix_ns;
    uint64_t live_bytes, live_blocks; /* malloc and relatives, estimated when sampled */
    uint64_t mapped_bytes;            /* live mappings, most of them untouched address space */
    uint64_t pairs_live;              /* acquired and not released */
    char pair_name[96];               /* of the pair with the most live */
    uint64_t pair_live;
    bool incomplete; /* something is missing from the trace */
};

enum lr_status lr_oom_trace_read(const char *path, struct lr_oom_trace *trace,
                                 struct lr_error *error);

/* Is this event about the traced process?  By pid, chosen or killed. */
bool lr_oom_trace_matches(const struct lr_oom_trace *trace, const struct lr_oom_finding *finding);
/* Judges the native-leak question again with what the trace knows. */
void lr_oom_trace_apply(const struct lr_oom_trace *trace, struct lr_oom_finding *finding);

#endif
