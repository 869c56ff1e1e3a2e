/* sources.h -- where the figures of a point come from.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.  Each reader stores what it
 * could read into `values` (indexed by enum lr_series) and leaves the rest alone; false: nothing
 * could be read.  What a reader costs is measured by its caller (series.c).
 */
#ifndef LEAKRING_SOURCES_H
#define LEAKRING_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "leakring/format.h"

typedef bool lr_source_function(uint64_t *values);

/* This process: each a few microseconds. */
bool lr_source_statm(uint64_t *values);  /* /proc/self/statm */
bool lr_source_status(uint64_t *values); /* /proc/self/status, RLIMIT_AS */
/* Walks all page tables under mmap_lock: milliseconds for a large process. */
bool lr_source_smaps(uint64_t *values);

/* The memory cgroup, v1 or v2.  Its directory is looked for at the first call. */
bool lr_source_cgroup_use(uint64_t *values);    /* what is charged */
bool lr_source_cgroup_events(uint64_t *values); /* limits, peak, events, pressure */

/* The machine: tens of microseconds each. */
bool lr_source_meminfo(uint64_t *values);
bool lr_source_vmstat(uint64_t *values);
bool lr_source_zoneinfo(uint64_t *values);

/* The JVM's own counters, read from memory; false where there is no JVM, or it keeps none. */
bool lr_source_java(uint64_t *values);

/* The allocator's own, where it is jemalloc, tcmalloc or mimalloc: tens of microseconds, and its
 * locks (allocator.h). */
bool lr_source_allocator(uint64_t *values);

/* What the recorder itself counts. */
bool lr_source_recorder(uint64_t *values);

/* The tracer's own memory: about 1 ms. */
bool lr_source_tracer(uint64_t *values);

/* For tests: the root directory in place of "/" (of cgroup and machine files). */
extern const char *lr_sources_root;

#endif
