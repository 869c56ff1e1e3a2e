/* jvm_mark.h -- marks that Java code makes.
 *
 * Stage: intercept.  Internal to jvm_*.c.  Context: a native method, called by Java.
 *
 * Java has no way to call us by name that needs no library of ours, prints no warning (JDK 24 and
 * later warn of native methods) and does nothing when we aren't there.  What it can do is to give
 * a Deflater a dictionary, whose native method is ours anyway: one that begins with
 * "leakring.mark=" names a mark.  docs/man/leakring-mark.1 has the five lines of Java.
 */
#ifndef LEAKRING_JVM_MARK_H
#define LEAKRING_JVM_MARK_H

#include <stdint.h>

/* Deflater.setDictionary was called with these bytes (a jbyteArray).  Cost: a comparison unless
 * they are as long as a mark's. */
void lr_jvm_mark(void *env, void *bytes, int32_t offset, int32_t length);

#endif
