/* guest_plugins.c -- a program without zlib and without C++ that loads and unloads plugins.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.  A plugin has
 * `int go(void)`.
 *
 *     guest_plugins reload PLUGIN…       each one loaded, called and unloaded, in order
 *     guest_plugins keep PLUGIN…         the same, and all of them stay
 *     guest_plugins crowd PLUGIN MODULE… two threads call PLUGIN while MODULEs are unloaded
 *     guest_plugins look LIBZ            is there a zlib? before LIBZ is loaded, and after
 *
 * build: -ldl
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern int deflateEnd(void *stream) __attribute__((weak));

static int (*go)(void);
static int stop;

static void *load(const char *path, int flags)
{
    void *plugin = dlopen(path, RTLD_NOW | flags);
    if (!plugin) {
        printf("%s\n", dlerror());
        exit(9);
    }
    go = (int (*)(void))dlsym(plugin, "go");
    return plugin;
}

/* The mapping takes the place of what was unloaded, so that a stale address leads nowhere. */
static int call_each(char **paths, int keep)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; *paths; paths++) {
        void *plugin = load(*paths, RTLD_LOCAL);
        printf("go %d\n", go());
        if (!keep)
            dlclose(plugin);
        mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return 0;
}

static void *call_on(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        go();
    return unused;
}

/* The modules come first in the list that a look-up walks. */
static int crowd(const char *path, char **modules, int count)
{
    void **loaded = calloc((size_t)count, sizeof *loaded);
    pthread_t threads[2];
    for (int i = 0; i < count; i++)
        loaded[i] = load(modules[i], RTLD_LOCAL);
    load(path, RTLD_LOCAL);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, call_on, NULL);
    for (int i = 0; i < count; i++)
        dlclose(loaded[i]);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    free(loaded);
    puts("done");
    return 0;
}

static void look_now(const char *when, void *handle)
{
    static const char *const names[] = {"inflateInit_", "inflateEnd", "deflateInit_", "deflateEnd"};
    printf("%s:", when);
    for (int i = 0; i < 4; i++)
        printf(" %s", dlsym(handle, names[i]) ? names[i] : "-");
    printf("\n");
}

static int look(const char *libz)
{
    void *self = dlopen(NULL, RTLD_NOW);
    char stream[256] = {0};
    /* A weak name is bound to whoever defines it, the tracer too; it must not lead nowhere. */
    printf("weak: %s\n", deflateEnd && deflateEnd(stream) == 0 ? "works" : "-");
    look_now("default, without", RTLD_DEFAULT);
    look_now("program, without", self);
    look_now("behind the program, without", RTLD_NEXT);
    dlopen(libz, RTLD_NOW | RTLD_GLOBAL);
    look_now("default, with", RTLD_DEFAULT);
    look_now("program, with", self);
    look_now("behind the program, with", RTLD_NEXT);
    int (*init)(void *, const char *, int) =
        (int (*)(void *, const char *, int))dlsym(RTLD_DEFAULT, "inflateInit_");
    printf("inflateInit_: %d\n", init ? init(stream, "1.2", 112) : 99);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "reload") == 0)
        return call_each(argv + 2, 0);
    if (argc > 2 && strcmp(argv[1], "keep") == 0)
        return call_each(argv + 2, 1);
    if (argc > 3 && strcmp(argv[1], "crowd") == 0)
        return crowd(argv[2], argv + 3, argc - 3);
    if (argc > 2 && strcmp(argv[1], "look") == 0)
        return look(argv[2]);
    return 2;
}
