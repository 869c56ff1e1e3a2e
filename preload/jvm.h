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

/* A Java frame as the VM names it.  Equal pairs always mean the same method and bytecode. */
struct lr_java_frame {
    uintptr_t method; /* jmethodID */
    int32_t bci;      /* bytecode index, or negative: native method or unknown */
    uint32_t reserved; /* zero */
};

/* Flags are LR_STACK_JAVA, LR_STACK_JAVA_LOST, LR_STACK_JAVA_CUT of format.h.
 *
 * Java frames of the calling thread, innermost first; returns how many, 0 when the thread has
 * none.  Any thread in any VM state, inside malloc.  No allocation, no lock, no safepoint.
 * Cost: 0.5-2 us with Java frames, under 5 ns in a process without a JVM. */
size_t lr_jvm_frames(struct lr_java_frame *frames, size_t max, uint32_t *flags);

/* The same from inside a native method called from Java (thread state: in native), where JVMTI
 * is legal: falls back to it where lr_jvm_frames fails.  May wait for a safepoint, as the return
 * to Java would. */
size_t lr_jvm_frames_native(struct lr_java_frame *frames, size_t max, uint32_t *flags);

/* Index + 1 of the frame in LR_SEC_JFRAMES, naming it at first sight; 0 when that failed.  Only
 * for frames of the calling thread's own stack (their classes can't be unloaded meanwhile).
 * Caller holds the intern lock.  Reads VM memory, allocates nothing. */
uint32_t lr_jvm_name(const struct lr_java_frame *frame);

/* Is there a JVM whose frames can be asked for?  One load. */
bool lr_jvm_exists(void);

/* The VM is going down: Java frames can't be had any more, and what daemon threads still acquire
 * ends with the process. */
bool lr_jvm_has_died(void);

enum lr_releaser { LR_RELEASER_EXPLICIT, LR_RELEASER_CLEANER, LR_RELEASER_UNKNOWN };

/* Who is calling the native end() we stand in: the frames right above it, after the resource's
 * own machinery, decide.  The Cleaner's or the Finalizer's loop there: CLEANER; anything else,
 * even on the Cleaner's thread: EXPLICIT. */
enum lr_releaser lr_jvm_releaser(void);

#endif
