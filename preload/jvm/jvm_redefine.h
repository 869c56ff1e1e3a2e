/* jvm_redefine.h -- since when does the memory of Java methods mean what it means?
 *
 * Stage: STACK.  Internal to jvm_*.c.
 */
#ifndef LEAKRING_JVM_REDEFINE_H
#define LEAKRING_JVM_REDEFINE_H

#include <jvmti.h>
#include <stdint.h>

/* Equal numbers: at both times, the same address of a method (and of a bytecode in it) was the same
 * method in the same version.  Moves when classes were unloaded or redefined; once some were
 * redefined, with every collection, since old versions are freed after one; and while a
 * redefinition is going on, which may take seconds, with the clock: the VM doesn't tell when in it
 * the new versions come.  Any thread, inside malloc; a few loads. */
uint64_t lr_jvm_method_epoch(void);

/* The same for memory that was found to be a method's: while this number stands still it isn't
 * freed, whichever version it is.  So this one stands still also while a redefinition is going on,
 * which takes as long as the agents' transformers like. */
uint64_t lr_jvm_memory_epoch(void);

/* A JVMTI environment that somebody got: from now on we are told when it redefines classes.  All
 * environments share one table of functions; `env` gets a copy of it.  Any thread, not inside
 * malloc. */
void lr_jvm_watch_jvmti(jvmtiEnv *env);

#endif
