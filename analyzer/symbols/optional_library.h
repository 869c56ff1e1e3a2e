/* optional_library.h -- shared libraries that are used where they are installed.
 *
 * Stage: below SYMBOLIZE.  Context: analyzer only.
 */
#ifndef LEAKRING_OPTIONAL_LIBRARY_H
#define LEAKRING_OPTIONAL_LIBRARY_H

/* The function `name` of the library `soname`; NULL when this machine has no such library, or when
 * the command is linked statically: it must not load libraries made for another C library. */
void *lr_optional_function(const char *soname, const char *name);

#endif
