/* jvm_bridge.h -- how the JVM's entry points hand it over; for jvm_create.c only.
 *
 * Context: the thread that creates the JVM, guard not held.
 */
#ifndef LEAKRING_JVM_BRIDGE_H
#define LEAKRING_JVM_BRIDGE_H

#include <jni.h>
#include <stdbool.h>

/* Opens our JVMTI environment; in an agent's OnLoad phase (the rest follows at VMInit, before
 * any premain) or later.  Calls after the first one do nothing.  False: no JVMTI to be had. */
bool lr_jvm_attach(JavaVM *vm);

/* JNI_CreateJavaVM succeeded: attach, and finish if VMInit hasn't done so. */
void lr_jvm_created(JavaVM *vm, void *env);

#endif
