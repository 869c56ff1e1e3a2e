/* diff_name.h -- names of frames without what differs from one run or build to the next.
 *
 * Stage: DIFF.  Context: analyzer only; pure functions.
 */
#ifndef LEAKRING_DIFF_NAME_H
#define LEAKRING_DIFF_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

/* The frame's name, without line, address and what a compiler or the JVM numbered:
 *
 *   Foo$$Lambda$14/0x00007f.run      Foo$$Lambda.run         hidden classes
 *   Foo.lambda$main$3                Foo.lambda$main         javac counts the lambdas of a class
 *   …GeneratedMethodAccessor12.invoke   …GeneratedMethodAccessor.invoke
 *   jdk.proxy2.$Proxy7.get           jdk.proxy.$Proxy.get
 *   Foo$$EnhancerBySpringCGLIB$$1a2b3c4d.get   Foo$$EnhancerBySpringCGLIB.get
 *   parse.constprop.0, parse.part.3.cold       parse         clones of gcc and clang
 *   core::run::h0123456789abcdef     core::run               Rust's hashes
 *   libfoo.so.1.2+0x1234             libfoo.so               no name: the module
 *
 * Terminated, cut at `size`; returns out.  Anonymous classes keep their number, which is part of
 * what people call them, unless `numberless`. */
const char *lr_diff_name(char *out, size_t size, const struct lr_model_frame *frame,
                         bool numberless);

/* A method that javac made so that a nested class may reach another's private members
 * (access$000): newer compilers make none. */
bool lr_diff_name_is_bridge(const struct lr_model_frame *frame);

#endif
