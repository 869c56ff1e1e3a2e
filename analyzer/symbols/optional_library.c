/* optional_library.c -- optional_library.h.
 *
 * Stage: below SYMBOLIZE.  Context: analyzer only.
 */
#include "optional_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/auxv.h>

void *lr_optional_function(const char *soname, const char *name)
{
    void *library;

    if (getauxval(AT_BASE) == 0) /* no dynamic linker started us */
        return NULL;
    library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : NULL; /* stays loaded */
}
