/* jvm.h -- Java frames, names and collections of a HotSpot JVM in this process.
 *
 * Stage: STACK.  Only jvm_*.c know what a JavaVM is; only they include jvmti.h.
 * Everything here is harmless, and answers "nothing", where there is no JVM.
 */
#ifndef LEAKRING_JVM_H
#define LEAKRING_JVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"
#include "unwind.h"

/* A Java frame: method and place in it.  `method` is the VM's Method* (a jmethodID where the VM's
 * memory can't be read), good as long as its class stays loaded. */
struct lr_java_frame {
    uintptr_t method;
    int32_t bci;       /* bytecode index, or negative: native method or unknown */
    uint32_t reserved; /* zero */
};

/* The same stack as it is found, before anything is looked up: two words a frame, where it is and
 * of which code, that are the same whenever the same code is at the same place.  Compiled code is
 * one frame whatever was inlined into it.  Equal words mean the same only in the same epoch (a
 * count of unloaded classes; 0: always). */
struct lr_java_raw {
    uintptr_t at, id;
};
struct lr_java_walk {
    struct lr_java_raw *frames; /* innermost first; the caller's memory */
    size_t count;
    uint64_t epoch;
};

/* Flags are LR_STACK_JAVA, LR_STACK_JAVA_LOST, LR_STACK_JAVA_CUT of format.h; they are added.
 *
 * Java frames of the calling thread; none when the thread has none.  Any thread in any VM state,
 * inside malloc.  No allocation, no lock, no safepoint, but with `java_env`, which says that the
 * caller is a native method that Java called with it: then JVMTI, which may wait for a safepoint as
 * the return to Java would, gets what can't be had otherwise.  `native` is the walk of the native
 * frames that led here, NULL: not known; where generated code called C, or was interrupted by a
 * signal, the Java frames begin at its end.
 * Cost: about 30 ns and 4 ns a frame; where the walker declines, AsyncGetCallTrace's 0.5-4 us;
 * under 5 ns in a process without a JVM. */
void lr_jvm_walk(struct lr_java_walk *walk, size_t max, void *java_env,
                 const struct lr_trail *native, uint32_t *flags);

/* The frames of a walk that this thread has just made, inlined ones apart: at most `max`, innermost
 * first; returns how many.  Flags as above.  Cold: 50-100 ns a frame. */
size_t lr_jvm_resolve(const struct lr_java_walk *walk, struct lr_java_frame *frames, size_t max,
                      uint32_t *flags);
/* The same for a stack that is to be stored: some of those are verified first. */
size_t lr_jvm_resolve_first(const struct lr_java_walk *walk, struct lr_java_frame *frames,
                            size_t max, uint32_t *flags);

/* Index + 1 of the frame in LR_SEC_JFRAMES, naming it at first sight; 0 when that failed.  Only
 * for frames of the calling thread's own stack (their classes can't be unloaded meanwhile).
 * Caller holds the intern lock.  Reads VM memory, allocates nothing. */
uint32_t lr_jvm_name(const struct lr_java_frame *frame);

/* Is there a JVM whose frames can be asked for?  One load. */
bool lr_jvm_exists(void);

/* The VM is going down: Java frames can't be had any more, and what daemon threads still acquire
 * ends with the process. */
bool lr_jvm_has_died(void);

/* For the helper thread, every second or oftener: what the JVM did meanwhile (collections). */
void lr_jvm_tick(void);

/* Collections so far, as the VM counts them (a cycle of ZGC or Shenandoah is several): those of the
 * whole heap, and those that may run beside them. */
struct lr_jvm_collections {
    uint64_t whole, other;
};
/* False while one is under way, and where the VM doesn't tell.  A few loads. */
bool lr_jvm_at_rest(struct lr_jvm_collections *now);

/* Makes the VM collect its whole heap, and waits as long as that takes.  Attaches the calling
 * thread, which must not be attached, for that time; it has a megabyte of stack and no locks. */
enum lr_collect_result lr_jvm_collect(void);

enum lr_releaser { LR_RELEASER_EXPLICIT, LR_RELEASER_CLEANER, LR_RELEASER_UNKNOWN };

/* Who is calling the native end() we stand in: the frames right above it, after the resource's
 * own machinery, decide.  The Cleaner's or the Finalizer's loop there: CLEANER; anything else,
 * even on the Cleaner's thread: EXPLICIT.  `env`: the JNIEnv that the native was given. */
enum lr_releaser lr_jvm_releaser(void *env);

#endif
