/* jvm_text.h -- class names as reports show them.
 *
 * Stage: STACK.  Context: inside malloc; pure functions.
 */
#ifndef LEAKRING_JVM_TEXT_H
#define LEAKRING_JVM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the dotted form of a VM class name ("a/B" -> "a.B") and returns its length, at most
 * `size`.  What changes from run to run in generated classes goes: addresses of hidden classes
 * ("Foo$$Lambda$14+0x0000…", "+0x…", "/0x…", ".0x…") and the counters of lambdas, proxies, their
 * packages and reflection accessors.  *generated tells whether it was one of those.  Not
 * terminated. */
size_t lr_jvm_class_text(const char *name, size_t length, char *out, size_t size, bool *generated);

/* Is the method one that only stands between a forgotten resource and its native end(): the
 * resource's own clean-up, or the reference machinery that invokes it?  Class name with slashes,
 * as the VM has it. */
bool lr_jvm_is_cleanup_frame(const char *class_name, size_t length);
/* The loop that calls clean-ups: the Cleaner's or the Finalizer's. */
bool lr_jvm_is_cleaner_loop(const char *class_name, size_t length, const char *method,
                            size_t method_length);

#endif
