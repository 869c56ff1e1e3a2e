/* unwind_reload.c -- the walker while modules come and go at the same addresses.
 *
 *     unwind_reload LOADS THREADS PLUGIN…
 *
 * Each thread loads a plugin, has it call back through a frame of its own size, compares our walks
 * with glibc's backtrace(), and unloads it.  Prints `loads N reused N different N`: how many calls
 * came from an address where another plugin had been before, and how many walks were wrong.
 * With LOADS 0 it calls each plugin once and prints how its walk ended (see unwind.h) and how many
 * frames it has.  test_unwind_reload.sh makes the plugins.
 *
 * build: -O2 -Iinclude -Ipreload/system -Ipreload/intercept -Ipreload/unwind -Ipreload/process
 * build: -Ipreload/trace -Wno-missing-prototypes -Wno-unused-parameter
 * build: preload/unwind/unwind_cfi.c preload/unwind/unwind_expr.c preload/unwind/unwind_program.c
 * build: preload/unwind/unwind_stack.c preload/unwind/unwind_full.c preload/unwind/unwind_ehframe.c
 * build: preload/unwind/unwind_rules.c preload/unwind/unwind_hash.c preload/process/threads.c
 * build: preload/unwind/modules.c preload/unwind/modules_maps.c preload/intercept/next.c
 * build: preload/system/prim_*.c -ldl
 */
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modules.h"
#include "unwind.h"
#include "unwind_alone.h"
#include "unwind_hash.h"

enum { FRAMES = 100, MODULES = 4096 };

static pthread_mutex_t intern_lock = PTHREAD_MUTEX_INITIALIZER;
bool lr_intern_lock(void)
{
    return pthread_mutex_lock(&intern_lock) == 0;
}
void lr_intern_unlock(void)
{
    pthread_mutex_unlock(&intern_lock);
}

static unsigned long loads, reused, different;
static bool verbose;

/* Where plugins were: the address of the call, and which of them it was. */
static struct {
    uintptr_t pc;
    const char *plugin;
} places[MODULES];
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;

static void note_place(uintptr_t pc, const char *plugin)
{
    pthread_mutex_lock(&places_lock);
    size_t at = (pc >> 4) % MODULES;
    if (places[at].pc == pc && places[at].plugin != plugin)
        reused++;
    places[at].pc = pc;
    places[at].plugin = plugin;
    loads++;
    pthread_mutex_unlock(&places_lock);
}

static bool is_same(const uintptr_t *ours, size_t count, void *const *theirs, size_t others)
{
    if (count != others)
        return false;
    for (size_t i = 0; i < count; i++)
        if (ours[i] != (uintptr_t)theirs[i])
            return false;
    return true;
}

/* Called by the plugin. */
__attribute__((noinline)) static void called(const char *plugin)
{
    struct lr_regs regs = LR_CALLER_REGS;
    uintptr_t ours[FRAMES];
    void *theirs[FRAMES + 1];
    struct lr_trail trail;
    enum lr_unwind_end end;
    lr_unwinder_ehframe.follow(&regs, FRAMES, &trail);
    size_t count = lr_unwinder_ehframe.walk(&regs, ours, FRAMES, &end);
    if (verbose)
        printf("end %d frames %zu\n", (int)end, count);
    if (verbose)
        return;
    size_t others = (size_t)backtrace(theirs, FRAMES + 1) - 1;
    if (!is_same(ours, count, theirs + 1, others) || trail.count != count ||
        trail.hash != lr_unwind_hash(ours, count))
        __atomic_fetch_add(&different, 1, __ATOMIC_RELAXED);
    note_place(regs.pc, plugin);
}

static bool load(const char *path)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    typedef void enter_function(void (*)(const char *), const char *);
    enter_function *enter = plugin ? (enter_function *)dlsym(plugin, "enter") : NULL;
    if (!enter)
        return false;
    enter(called, path);
    /* As the wrapper of dlclose does. */
    lr_unwind_doubt();
    dlclose(plugin);
    lr_modules_changed();
    lr_unwind_doubt_over();
    return true;
}

static char **plugins;
static unsigned plugin_count;
static unsigned long wanted;

static void *run(void *number)
{
    unsigned at = (unsigned)(size_t)number;
    for (unsigned long i = 0; i < wanted; i++, at++)
        if (!load(plugins[at % plugin_count]))
            abort();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[16];
    unsigned count = argc > 3 ? (unsigned)atoi(argv[2]) : 0;
    void *warm[2];
    if (count < 1 || count > 16 || !lr_threads_start() || backtrace(warm, 2) < 1)
        return 2;
    plugins = argv + 3;
    plugin_count = (unsigned)argc - 3;
    wanted = strtoul(argv[1], NULL, 10) / count;
    verbose = wanted == 0;
    for (unsigned i = 0; verbose && i < plugin_count; i++)
        if (!load(plugins[i]))
            return 2;
    for (unsigned i = 0; !verbose && i < count; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)(size_t)i) != 0)
            abort();
    for (unsigned i = 0; !verbose && i < count; i++)
        pthread_join(threads[i], NULL);
    if (!verbose)
        printf("loads %lu reused %lu different %lu\n", loads, reused, different);
    return 0;
}
