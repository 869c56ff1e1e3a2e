/* jvm_memory.h -- which memory is the JVM's own, and what for, by the functions that asked for it.
 *
 * Stage: JUDGE.  Context: analyzer only; pure functions.  The rules are data: jvm_memory.def.
 */
#ifndef LEAKRING_JVM_MEMORY_H
#define LEAKRING_JVM_MEMORY_H

#include <stdbool.h>

#include "model.h"

/* A block that the VM allocated for itself: compilers, symbol tables, collectors.  False for what
 * it allocates for others: Unsafe memory, JNI global references, JVMTI's Allocate. */
bool lr_jvm_owns(const struct lr_model_path *path);

/* What a mapping is for. */
enum lr_jvm_area {
    LR_JVM_AREA_NONE, /* not the JVM's */
    LR_JVM_AREA_HEAP,
    LR_JVM_AREA_HEAP_COMMIT, /* of the heap or of the collector's tables beside it */
    LR_JVM_AREA_GC,
    LR_JVM_AREA_METASPACE,
    LR_JVM_AREA_CODE,
    LR_JVM_AREA_STACK,
    LR_JVM_AREA_OTHER,
};
enum lr_jvm_area lr_jvm_area_of(const struct lr_model_path *path);

#endif
