/* jvm_walk.h -- Java frames as they lie on the stack, without asking the VM.
 *
 * Stage: STACK.  Internal to jvm_*.c; the contract of what is found is in jvm.h.
 */
#ifndef LEAKRING_JVM_WALK_H
#define LEAKRING_JVM_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "jvm.h"

/* What lr_java_raw.id starts with: what `at` and the rest of `id` are. */
enum lr_java_kind {
    LR_JAVA_COMPILED = 1,    /* return address; compile id */
    LR_JAVA_INTERPRETED = 2, /* Method*; address of the bytecode, 0 in a native method */
    LR_JAVA_NAMED = 3,       /* method as in lr_java_frame; bci, as the VM answered */
};
#define LR_JAVA_KIND_SHIFT 60

static inline struct lr_java_raw lr_java_raw_of(enum lr_java_kind kind, uintptr_t at, uintptr_t id)
{
    return (struct lr_java_raw){at, (uintptr_t)kind << LR_JAVA_KIND_SHIFT | id};
}

static inline enum lr_java_kind lr_java_kind_of(struct lr_java_raw raw)
{
    return (enum lr_java_kind)(raw.id >> LR_JAVA_KIND_SHIFT);
}

static inline uintptr_t lr_java_id_of(struct lr_java_raw raw)
{
    return raw.id & ((UINT64_C(1) << LR_JAVA_KIND_SHIFT) - 1);
}

/* A frame about to be stepped over: where it will go on, and the registers there. */
struct lr_java_place {
    uintptr_t pc, sp, fp;
};

/* How the thread left Java code at the place where a walk begins. */
enum lr_java_exit {
    LR_EXIT_ANCHOR, /* by a call that left an anchor; so are all places further out */
    LR_EXIT_LEAF,   /* by a call of C that left none (barriers of collectors) */
    LR_EXIT_SIGNAL, /* not at all: a signal came there (stack overflow); no return address */
};

enum lr_walk_end {
    LR_WALK_END,      /* all frames down to the first */
    LR_WALK_MORE,     /* there are more than were asked for */
    LR_WALK_MISSING,  /* a virtual thread's outer frames aren't on this stack */
    LR_WALK_DECLINED, /* something unknown on the way: what was found doesn't count */
};

/* Reads the layout; false when this JVM lacks something. */
bool lr_java_walk_start(void);

/* From `place`, on a stack that may be read from place->sp up to `high`.  Stores at most `max`
 * frames.  Any state; plain loads within the stack, the code cache and nothing else.  Without an
 * anchor the first frame is guessed at and believed if it returns to behind a call.
 * Cost: about 15 ns and 3-4 ns a frame. */
enum lr_walk_end lr_java_walk_from(struct lr_java_place place, enum lr_java_exit exit,
                                   uintptr_t high, struct lr_java_raw *frames, size_t max,
                                   size_t *count);

#endif
