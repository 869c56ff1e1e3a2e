/* jvm_bridge.h -- how the JVM's entry points hand it over; for jvm_create.c and the
 * files around jvm_bridge.c.
 *
 * Context: the thread that creates the JVM, guard not held.
 */
#ifndef LEAKRING_JVM_BRIDGE_H
#define LEAKRING_JVM_BRIDGE_H

#include <jni.h>
#include <stdbool.h>

/* An agent of the target's is being loaded: opens our JVMTI environment beside its own, so that
 * the rest follows at VMInit, before any premain.  Calls after the first one do nothing. */
void lr_jvm_attach(JavaVM *vm);

/* JNI_CreateJavaVM succeeded: finish, if VMInit hasn't done so. */
void lr_jvm_created(JavaVM *vm, void *env);

/* The JVM runs Java code from here on.  Called on a Java thread in native state; only the first
 * call does something.  Guard not held. */
void lr_jvm_go_live(JNIEnv *env, jobject thread);

/* The JVM is about to go down, or has gone. */
void lr_jvm_dies(void);

#endif
