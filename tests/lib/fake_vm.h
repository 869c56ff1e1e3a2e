/* fake_vm.h -- methods laid out in memory as HotSpot does it, for the tests of jvm_*.c.
 *
 * The offsets are our own, told through lr_jvm_layout as the real ones are.
 */
#ifndef LEAKRING_FAKE_VM_H
#define LEAKRING_FAKE_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lr_fake_line {
    int32_t bci, line;
};

struct lr_fake_method {
    const char *class_name; /* with slashes */
    const char *name;
    const char *source_file; /* NULL: none */
    bool is_native;
    const struct lr_fake_line *lines;
    size_t line_count;
};

/* Fills lr_jvm_layout; `excluded` is what the line encoding leaves out (0 or 1). */
void lr_fake_layout(unsigned excluded);

/* A jmethodID of such a method, in memory that lasts.  Its line table ends where the VM's does,
 * with a zero, and right behind it lies a poisoned byte. */
uintptr_t lr_fake_jmethod(const struct lr_fake_method *method);

#endif
