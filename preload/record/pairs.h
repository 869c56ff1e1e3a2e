/* pairs.h -- resource pairs: what is acquired by one call must be released by another.
 *
 * Stage: intercept -> RECORD.  Context: any thread, inside the interposed call, not inside
 * malloc.  Every event goes straight to the file; pairs are exact.
 * pairs.def has one line per pair; intercept_zlib.c (libz's symbols) and jvm_natives.c (JNI
 * natives that the JVM looks up by dlsym) call these.
 *
 * A scope surrounds the real call.  While it is open, this thread's allocations belong to the
 * pair (LR_LIVE_OWNED) and inner pair hooks stand aside, so that one stream seen by both the JNI
 * and the libz hook counts once.  A call that the program left by longjmp or an exception is over
 * (pair_call.h); its _end is never called then.
 */
#ifndef LEAKRING_PAIRS_H
#define LEAKRING_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm.h"
#include "leakring/format.h"
#include "unwind.h"

enum lr_pair_id {
#define LR_PAIR(id, name, flags) LR_PAIR_ID_##id,
#include "pairs.def"
#undef LR_PAIR
    LR_PAIR_ID_COUNT
};

struct lr_pair_scope {
    bool active;        /* false: inert, nested in another pair's call, or inside the tracer */
    bool unrecorded;    /* inner hooks stand aside, but there is nothing to record */
    uint32_t stack;     /* the pair's (acquisition) stack */
    uint32_t saved_stack, saved_later;
    struct lr_pair released; /* by lr_pair_release_begin; key 0: none */
    enum lr_releaser who;
};

/* Before the real acquiring call: takes the caller's stack (Java frames included).  `env`: in a
 * native method the JNIEnv that Java called it with, else NULL. */
void lr_pair_acquire_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, void *env);
/* After it: `handle` of the new resource, 0 when the call failed. */
void lr_pair_acquire_end(struct lr_pair_scope *scope, uint32_t pair, uintptr_t handle);

/* Kinds that the program names itself (leakring.h).  The kind of that name, 0: no room for another,
 * which is counted.  Under the guard.  Cost: a look at the names; at first sight the intern
 * lock. */
uint32_t lr_pair_named(const char *name, size_t length);
/* Its resource `handle`, which may be any number but 0: acquired by `caller`, or about to be
 * released.  Any thread, not inside malloc. */
void lr_pair_named_acquired(const char *name, const struct lr_regs *caller, uintptr_t handle);
void lr_pair_named_released(const char *name, const struct lr_regs *caller, uintptr_t handle);

struct lr_marks;
/* Helper thread: the sites of all live pairs. */
void lr_pairs_mark_sites(struct lr_marks *sites);

/* Around a call that uses the resource and may allocate for it. */
void lr_pair_use_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, uintptr_t handle);
void lr_pair_use_end(struct lr_pair_scope *scope);

/* Before and after the real releasing call. */
void lr_pair_release_begin(struct lr_pair_scope *scope, const struct lr_regs *caller, uint32_t pair,
                           uintptr_t handle, enum lr_releaser who);
void lr_pair_release_end(struct lr_pair_scope *scope);
/* Before lr_pair_release_end: the real call refused, the pair is still there. */
void lr_pair_release_failed(struct lr_pair_scope *scope);

#endif
