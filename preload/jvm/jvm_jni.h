/* jvm_jni.h -- what is asked of the JVM through JNI, which costs nobody anything afterwards.
 *
 * Stage: STACK, start-up.  Internal to jvm_*.c.  Context: a Java thread in native state without a
 * pending exception, under the guard.
 */
#ifndef LEAKRING_JVM_JNI_H
#define LEAKRING_JVM_JNI_H

#include <jni.h>
#include <stdbool.h>
#include <stddef.h>

/* Thread.currentThread(), a local reference; NULL when that fails. */
jobject lr_jni_current_thread(JNIEnv *env);

/* A system property, terminated and cut to `size`; false when there is none. */
bool lr_jni_property(JNIEnv *env, const char *name, char *value, size_t size);

/* Do methods that every JVM has look in memory as jvm_method.c thinks?  Asked where JVMTI isn't to
 * be had (jvm_verify.c is stricter): some by name, and all line tables of their classes must be
 * well-formed. */
bool lr_jni_verify(JNIEnv *env);

#endif
