/* intercept_dlsym.c -- which look-ups by name get our own answer, and which the real one.
 *
 * Stage: intercept.  Context: inside dlsym (dlsym_ARCH.S), any thread, before constructors ran.
 * The JVM finds its natives, and the launcher the JVM, by dlsym on a handle, which exporting a
 * symbol doesn't reach.  Java's foreign-function interface finds malloc so, too.
 * Cost for an uninteresting name: a few ns.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "guard.h"
#include "jvm_hooks.h"
#include "next.h"
#include "target.h"

/* For the assembly: the real dlsym, and the filter, which answers NULL for "ask the real one" and
 * LR_DLSYM_NOTHING for a NULL that is final. */
#define LR_DLSYM_NOTHING ((void *)-1)
__attribute__((visibility("hidden"))) void *(*lr_dlsym_real)(void *handle, const char *name);
__attribute__((visibility("hidden"))) void *lr_dlsym_filter(void *handle, const char *name);

/* What we interpose and a program may look up to call directly.  Weak: not every C library has
 * all of them, and it is our own definition that counts. */
#define OWN(name) #name, (void *)name
#pragma weak reallocarray
#pragma weak cfree
extern void cfree(void *block);
static const struct {
    const char *name;
    void *own;
} family[] = {
    {OWN(malloc)},  {OWN(calloc)},         {OWN(realloc)},  {OWN(reallocarray)},
    {OWN(free)},    {OWN(posix_memalign)}, {OWN(memalign)}, {OWN(valloc)},
    {OWN(pvalloc)}, {OWN(aligned_alloc)},  {OWN(cfree)},    {OWN(mmap)},
    {OWN(mmap64)},  {OWN(munmap)},         {OWN(mremap)},   {OWN(prctl)},
    {OWN(syscall)},
};

enum { FAMILY_SIZE = sizeof family / sizeof *family };

static size_t find_family(const char *name)
{
    size_t i = 0;
    while (i < FAMILY_SIZE && strcmp(name, family[i].name) != 0)
        i++;
    return i;
}

static bool is_zlib(const char *name)
{
    return strncmp(name, "inflate", 7) == 0 || strncmp(name, "deflate", 7) == 0;
}

static bool is_interesting(const char *name)
{
    switch (name[0]) {
    case 'J':
        return strncmp(name, "Java_java_util_zip_", 19) == 0 ||
               strcmp(name, "Java_java_lang_Shutdown_halt0") == 0 ||
               strcmp(name, "JNI_CreateJavaVM") == 0;
    case 'A':
        return strcmp(name, "Agent_OnLoad") == 0;
    case 'i':
    case 'd':
        return is_zlib(name);
    case 'a':
    case 'c':
    case 'f':
    case 'm':
    case 'p':
    case 'r':
    case 's':
    case 'v':
        return find_family(name) < FAMILY_SIZE;
    default:
        return false;
    }
}

/* Ours instead of the one it forwards to; any other definition is meant as it is. */
static void *family_hook(const char *name, void *real)
{
    size_t i = find_family(name);
    return i < FAMILY_SIZE && real == lr_next_symbol(name) ? family[i].own : NULL;
}

/* Our export must not make a program believe that a JVM is loaded: the real answer is what comes
 * behind us, with the real error message if that is nothing. */
static void *create_hook(const char *name, void *real)
{
    if (real == lr_jvm_create_own())
        real = lr_dlsym_real(RTLD_NEXT, name);
    return real ? lr_jvm_create_hook(real) : LR_DLSYM_NOTHING;
}

/* Ours alone, as zlib's functions are in a program without zlib: then there is nothing. */
static bool is_ours_alone(const char *name, void *real)
{
    return lr_is_own_address((uintptr_t)real) && !lr_target_exists(name);
}

static void *hook_for(const char *name, void *real)
{
    if (strcmp(name, "JNI_CreateJavaVM") == 0)
        return create_hook(name, real);
    if (strcmp(name, "Agent_OnLoad") == 0)
        return lr_jvm_agent_hook(real);
    if (name[0] == 'J') {
        void *halt = lr_jvm_halt_hook(name, real);
        return halt ? halt : lr_jvm_native_hook(name, real);
    }
    return is_ours_alone(name, real) ? LR_DLSYM_NOTHING : family_hook(name, real);
}

void *lr_dlsym_filter(void *handle, const char *name)
{
    if (__builtin_expect(!lr_dlsym_real, 0))
        lr_dlsym_real = (void *(*)(void *, const char *))lr_next_symbol("dlsym");
    if (!lr_is_armed() || !name || !is_interesting(name) ||
        !lr_dlsym_real)
        return NULL;
    /* What comes next is relative to the caller, so only the real dlsym can say; but ours may be
     * all there is. */
    if (handle == RTLD_NEXT)
        return is_zlib(name) && !lr_target_exists(name) ? LR_DLSYM_NOTHING : NULL;
    void *real = lr_dlsym_real(handle, name);
    return real ? hook_for(name, real) : NULL;
}
