/* isolated.c -- plugins whose calls of malloc don't come by the tracer: bound to the C library
 * directly (RTLD_DEEPBIND), or with a C library of their own (dlmopen).
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.  A plugin has
 * `void *make(size_t)`, `void drop(void *)` and `int work(void (*back)(void))`.  Prints
 * `function<TAB>count<TAB>bytes` of the host's own blocks, then `ready`.
 *
 *     isolated exit|wait deepbind|dlmopen PLUGIN COUNT
 *
 * build: -ldl
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *(*make)(size_t size);
static void (*drop)(void *block);
static int (*work)(void (*back)(void));
static unsigned called_back;

static void host_site(void)
{
    if (called_back++ % 100 == 0 && !malloc(123))
        abort();
}

static void find_all(void *plugin)
{
    if (!plugin) {
        printf("%s\n", dlerror());
        exit(9);
    }
    make = (void *(*)(size_t))dlsym(plugin, "make");
    drop = (void (*)(void *))dlsym(plugin, "drop");
    work = (int (*)(void (*)(void)))dlsym(plugin, "work");
}

/* One heap: each may free what the other made. */
static void deepbind(const char *path, unsigned count)
{
    find_all(dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND));
    for (unsigned i = 0; i < count; i++) {
        void *theirs = make(100 + i % 100), *ours = malloc(300 + i % 100);
        free(theirs);
        drop(ours);
        if (work(host_site) != 0)
            abort();
    }
}

/* Two heaps. */
static void apart(const char *path, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        void *plugin = dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_LOCAL);
        find_all(plugin);
        drop(make(100 + i % 100));
        if (work(host_site) != 0)
            abort();
        dlclose(plugin);
    }
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    unsigned count = (unsigned)atoi(argv[4]);
    if (strcmp(argv[2], "deepbind") == 0)
        deepbind(argv[3], count);
    else
        apart(argv[3], count);
    printf("host_site\t%u\t%u\nready\n", (called_back + 99) / 100, (called_back + 99) / 100 * 123);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
