/* dlsym_answers.c -- who answers dlsym, asked in every way; one line an answer.
 *
 * Prints the file name of the module that each look-up leads to, so that a run under the preload
 * can be compared with one without it.
 * As a shared library (-DINTERPOSER) it is a malloc of its own in front of RTLD_NEXT's, as many
 * tools are: if that answer were ours while we forward to it, the program would never end.
 *
 * build: -ldl
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef INTERPOSER

#include <stdint.h>

static unsigned calls;
void *malloc(size_t size)
{
    static void *(*next)(size_t);
    if (!next)
        next = (void *(*)(size_t))(uintptr_t)dlsym(RTLD_NEXT, "malloc");
    calls++;
    return next(size);
}

unsigned interposer_calls(void);
unsigned interposer_calls(void)
{
    return calls;
}

#else

static const char *module_of(void *address)
{
    Dl_info info;
    if (!address || !dladdr(address, &info))
        return "nothing";
    const char *slash = strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

static void ask(const char *how, void *handle, const char *name)
{
    printf("%s %s %s\n", how, name, module_of(dlsym(handle, name)));
}

static void ask_unknown(void *handle)
{
    dlerror();
    void *address = dlsym(handle, "no_such_symbol_anywhere");
    const char *error = dlerror();
    printf("unknown %s %s\n", module_of(address),
           error && strstr(error, "no_such_symbol_anywhere") ? "named" : "unnamed");
}

int main(void)
{
    static const char *const family[] = {"malloc", "calloc", "realloc",        "free",
                                         "mmap",   "munmap", "posix_memalign", "strlen"};
    void *libc = dlopen("libc.so.6", RTLD_NOW);
    unsigned (*calls)(void) = (unsigned (*)(void))dlsym(RTLD_DEFAULT, "interposer_calls");
    for (size_t i = 0; i < sizeof family / sizeof *family; i++) {
        ask("default", RTLD_DEFAULT, family[i]);
        ask("libc", libc, family[i]);
        ask("next", RTLD_NEXT, family[i]);
    }
    ask("default", RTLD_DEFAULT, "JNI_CreateJavaVM");
    ask_unknown(RTLD_DEFAULT);
    ask_unknown(libc);
    ask_unknown(RTLD_NEXT);
    void *volatile block = malloc(100);
    free(block);
    printf("interposer %s\n", calls && calls() > 0 ? "called" : "absent");
    return 0;
}

#endif
