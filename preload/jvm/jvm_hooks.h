/* jvm_hooks.h -- stand-ins for functions that are looked up by name: the JVM's entry points and
 * its natives.
 *
 * Stage: intercept.  Context: inside dlsym, any thread, no lock of ours held.
 */
#ifndef LEAKRING_JVM_HOOKS_H
#define LEAKRING_JVM_HOOKS_H

/* What to answer a look-up of `name` with, whose real answer is `real` (not NULL); NULL: the real
 * answer.  The stand-in calls `real`.  A second, different definition gets no stand-in. */
void *lr_jvm_create_hook(void *real); /* JNI_CreateJavaVM */
void *lr_jvm_create_own(void);        /* what we export under that name */
void *lr_jvm_agent_hook(void *real);  /* Agent_OnLoad; several agents may each have one */
void *lr_jvm_halt_hook(const char *name, void *real);   /* Java_java_lang_Shutdown_halt0 */
void *lr_jvm_native_hook(const char *name, void *real); /* Java_java_util_zip_… */

#endif
