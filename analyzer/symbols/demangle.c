/* demangle.c -- C++ and Rust names as people write them, by libiberty.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

/* Only what can be mangled is tried: libiberty takes many a C name for something else's. */
bool lr_is_mangled(const char *name)
{
    return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0 ||
           strncmp(name, "__Z", 3) == 0;
}

static char *demangle(const char *name, int options)
{
    char *result = lr_is_mangled(name) ? cplus_demangle(name, options) : NULL;
    return result != NULL ? result : strdup(name);
}

char *lr_demangle(const char *name)
{
    return demangle(name, DMGL_PARAMS | DMGL_ANSI);
}

/* Compilers split and copy functions; the parts keep the name and get one of these. */
static void cut_clone_suffix(char *name)
{
    static const char *const suffixes[] = {" [clone ",    ".cold",      ".isra.", ".part.",
                                           ".constprop.", ".lto_priv.", ".llvm."};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *at = strstr(name, suffixes[i]);
        if (at != NULL && at != name)
            *at = '\0';
    }
}

char *lr_demangle_short(const char *name)
{
    char *result = demangle(name, DMGL_ANSI);
    if (result != NULL)
        cut_clone_suffix(result);
    return result;
}
