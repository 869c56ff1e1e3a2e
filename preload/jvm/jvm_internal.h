/* jvm_internal.h -- what the jvm_*.c files share; nobody else includes it.
 *
 * Stage: STACK.  See jvm.h for the contexts.
 */
#ifndef LEAKRING_JVM_INTERNAL_H
#define LEAKRING_JVM_INTERNAL_H

#include <jvmti.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm.h"
#include "jvm_layout.h"
#include "jvm_walk.h"

/* AsyncGetCallTrace's structures; no JDK header has them. */
struct lr_agct_frame {
    jint line; /* really the bytecode index; -3: native method */
    jmethodID method;
};
struct lr_agct_trace {
    JNIEnv *env;
    jint count; /* frames, or a negative reason */
    struct lr_agct_frame *frames;
};
typedef void lr_agct_function(struct lr_agct_trace *trace, jint depth, void *ucontext);

/* The one JVM of this process.  Written by the thread that creates it, `live` last (release);
 * read by all once they saw `live` (acquire). */
struct lr_jvm_state {
    JavaVM *vm;
    jint(JNICALL *get_env)(JavaVM *vm, void **env, jint version); /* the VM's own */
    jvmtiEnv *jvmti;
    lr_agct_function *agct; /* NULL: no Java frames to be had without JVMTI */
    uintptr_t env_offset;   /* JNIEnv address minus JavaThread address */
    bool names_ok;          /* names read from VM memory agree with JVMTI's */
    bool walks;             /* jvm_walk.h works here */
    uint32_t live;          /* 1 between VMInit and VMDeath */
    uint32_t died;          /* 1 from VMDeath on */
    uint32_t attached;      /* 1 once our JVMTI environment was asked for */
};
extern struct lr_jvm_state lr_jvm;

static inline bool lr_jvm_is_live(void)
{
    return __builtin_expect(__atomic_load_n(&lr_jvm.live, __ATOMIC_ACQUIRE), 0);
}

/* This thread's JNIEnv; NULL when it isn't attached to the JVM.  A few ns, no state change. */
JNIEnv *lr_jvm_env(void);

/* A method as the VM has it in memory.  Nothing is terminated; all of it stays valid as long as
 * its class is loaded. */
struct lr_vm_text {
    const char *bytes;
    size_t length;
};
struct lr_vm_method {
    struct lr_vm_text class_name; /* with slashes */
    struct lr_vm_text name;
    struct lr_vm_text source_file; /* length 0: none */
    uintptr_t const_method;
    bool is_native;
};
bool lr_vm_method_read(uintptr_t method, struct lr_vm_method *result); /* of a Method* */
/* Can a word that a frame has for its Method* be read as one?  Frames that are being built may hold
 * anything.  One load for those that were asked about before, else some system calls. */
bool lr_vm_method_is_sound(uintptr_t method);
uintptr_t lr_vm_method_of(uintptr_t jmethod); /* Method* of a jmethodID; 0: unloaded */

/* Walks the method's line table: *bci and *line of the next entry; false at its end.  The
 * encoding of the numbers differs between JDKs; lr_vm_lines_excluded tells which. */
struct lr_vm_lines {
    const uint8_t *next, *end;
    int32_t bci, line;
};
extern uint32_t lr_vm_lines_excluded; /* byte values that never start a digit: 0, or 1 since 20 */
/* Index of the bytecode at address `bcp`; -1 in a native method.  False: not in this method. */
bool lr_vm_method_bci(const struct lr_vm_method *method, uintptr_t bcp, int32_t *bci);
void lr_vm_lines_open(struct lr_vm_lines *lines, const struct lr_vm_method *method);
bool lr_vm_lines_next(struct lr_vm_lines *lines);
int32_t lr_vm_method_line(const struct lr_vm_method *method, int32_t bci);

/* Does VM memory give the same class, names and line tables as JVMTI for all methods of `klass`?
 * Adds the number of methods compared to *compared.  Live phase, thread in native state. */
bool lr_jvm_verify_class(JNIEnv *env, jclass klass, unsigned *compared);
/* The start-up check over a few classes of java.base; settles lr_vm_lines_excluded. */
bool lr_jvm_verify(JNIEnv *env);

/* Names through JVMTI, where reading memory isn't possible; only in native state (else false). */
struct lr_jvmti_method {
    struct lr_vm_text class_name, name, source_file; /* as in lr_vm_method */
    char *owned[3];                                  /* JVMTI's memory */
};
bool lr_jvmti_method_open(uintptr_t jmethod, struct lr_jvmti_method *method);
void lr_jvmti_method_close(struct lr_jvmti_method *method);
int32_t lr_jvmti_method_line(uintptr_t jmethod, int32_t bci);

/* Is the calling thread a Java thread in native state, where JVMTI is legal? */
bool lr_jvm_in_native(void);

/* Our JVMTI environment (jvm_events.c).  open: at start, on the thread that creates the JVM; false:
 * there is none to be had.  await_init: the rest when the VM is up.  listen: enables the events, in
 * the live phase.  demand: in the live phase, thread in native state, may wait for a safepoint;
 * opens it if need be, NULL when that fails. */
bool lr_jvmti_open(JavaVM *vm);
void lr_jvmti_await_init(void);
void lr_jvmti_listen(JNIEnv *env);
jvmtiEnv *lr_jvmti_demand(void);

/* The anchor of a Java thread: where it left Java code.  False: there is none (it isn't in Java),
 * or (*flags gets LR_STACK_JAVA_LOST) it can't be trusted.  Frames lie between place->sp and
 * *high. */
bool lr_jvm_place(JNIEnv *env, struct lr_java_place *place, uintptr_t *high, uint32_t *flags);
/* The same for a thread that is in Java: `native` as for lr_jvm_walk. */
bool lr_jvm_place_in_java(JNIEnv *env, const struct lr_trail *native, struct lr_java_place *place,
                          uintptr_t *high);

/* The thread's stack, [*low, *high). */
void lr_jvm_stack(JNIEnv *env, uintptr_t *low, uintptr_t *high);

/* lr_jvm_walk without counting what is lost: *flags must be 0 and is the answer.  `env` is the
 * thread's, or NULL: then there is nothing. */
void lr_jvm_look(JNIEnv *env, struct lr_java_walk *walk, size_t max, bool from_java,
                 const struct lr_trail *native, uint32_t *flags);

/* Frames as AsyncGetCallTrace has them; the methods are jmethodIDs.  *flags must be 0 and is the
 * answer.  The native form asks JVMTI for what is lost or cut short. */
size_t lr_jvm_ask(struct lr_java_frame *frames, size_t max, uint32_t *flags);
size_t lr_jvm_ask_native(struct lr_java_frame *frames, size_t max, uint32_t *flags);
/* The same from JVMTI only; in native state.  0: it has no answer. */
size_t lr_jvm_ask_jvmti(struct lr_java_frame *frames, size_t max, uint32_t *flags);
/* lr_jvm_resolve with the one fault that AsyncGetCallTrace has: of an innermost compiled frame it
 * tells the call site after the one that it is at. */
size_t lr_jvm_resolve_as_vm(const struct lr_java_walk *walk, struct lr_java_frame *frames,
                            size_t max);
/* The methods made what lr_java_frame says. */
void lr_jvm_methods_of(struct lr_java_frame *frames, size_t count);

/* Tells the frame walker which methods start a continuation (virtual threads). */
void lr_jvm_note_continuation(jint count, const jmethodID *methods);

#endif
