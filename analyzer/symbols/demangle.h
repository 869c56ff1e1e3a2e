/* demangle.h -- C++ and Rust names as people write them.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.  Only demangle.c sees libiberty.
 */
#ifndef LEAKRING_DEMANGLE_H
#define LEAKRING_DEMANGLE_H

#include <stdbool.h>

/* Is this a C++ or Rust name as compilers write it? */
bool lr_is_mangled(const char *name);

/* The name with parameters, malloc()ed: "foo::bar(int)".  A name that isn't mangled is copied.
 * NULL only when out of memory. */
char *lr_demangle(const char *name);
/* The same without parameters and return type: "foo::bar". */
char *lr_demangle_short(const char *name);

#endif
