/* jvm_table.h -- the JVM's table of functions (JNIInvokeInterface) with four of them watched.
 *
 * Stage: intercept.  Internal to jvm_*.c.
 */
#ifndef LEAKRING_JVM_TABLE_H
#define LEAKRING_JVM_TABLE_H

#include <jni.h>
#include <stdbool.h>

/* Puts our table in place of the VM's.  Once, on the thread that creates the VM, before it runs
 * agents if it has any. */
void lr_jvm_watch(JavaVM *vm);

/* Opening JVMTI makes the VM look at the Thread object of every thread, which one that is just
 * attaching doesn't have yet: JDK 21-25 crash.  Between these two no thread is attaching; new ones
 * wait.  False: some are (after 100 ms), or nobody watches; then don't call the other. */
bool lr_jvm_keep_out(void);
void lr_jvm_let_in(void);

#endif
