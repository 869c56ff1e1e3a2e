/* jvm_counter.h -- the counters that HotSpot keeps for jcmd and jstat, read in its memory.
 *
 * Stage: STACK and FILE.  Context: looked up once, on any thread; read anywhere, one load.
 */
#ifndef LEAKRING_JVM_COUNTER_H
#define LEAKRING_JVM_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* Where the VM keeps the counter (such as "sun.gc.collector.0.invocations"); NULL when it has no
 * such one, or none at all (-XX:-UsePerfData).  The place lasts as long as the process. */
const volatile int64_t *lr_jvm_counter(const char *name);

/* Finds the counters used below; once, before the JVM is said to be live. */
void lr_jvm_counters_start(void);

/* Classes unloaded so far.  Grows before any of their memory is used again. */
uint64_t lr_jvm_unloaded(void);
uint64_t lr_jvm_collections(void);
bool lr_jvm_counts_unloaded(void);

/* Is there any (no -XX:-UsePerfData)? */
bool lr_jvm_keeps_counters(void);

/* Collections of the whole heap so far, counted as they begin; false where the VM doesn't tell. */
bool lr_jvm_whole_collections(uint64_t *count);

/* Does lr_jvm_tick() see collections? */
bool lr_jvm_counts_collections(void);

#endif
