/* unwind_everywhere.c -- our walker against libunwind's unw_step in any program.
 *
 * A preload that walks the stack twice at every n-th malloc and counts where the two disagree:
 *     LD_PRELOAD=build/test/oracle/unwind_everywhere UNWIND_EVERY=10 python3 …
 * appends to the file named by UNWIND_REPORT (default stderr) at exit.  tests/unit/test_unwind.c
 * is the systematic test; this one meets real code.
 *
 * build: -O2 -finline -fPIC -shared -ftls-model=initial-exec -fvisibility=hidden
 * build: -Iinclude -Ipreload -Wno-missing-prototypes -Wno-unused-parameter
 * build: preload/unwind_cfi.c preload/unwind_expr.c preload/unwind_program.c
 * build: preload/unwind_stack.c preload/unwind_full.c preload/unwind_ehframe.c
 * build: preload/modules.c preload/modules_maps.c preload/next.c preload/prim_linux.c
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guard.h"
#include "modules.h"
#include "next.h"
#include "stack_take.h"
#include "trace.h"
#include "unwind.h"

enum { FRAMES = 128, OWN_FRAMES = 16, DIFFERENCES = 40 };
#define TEXT(name) #name
#define NAME_OF(function) TEXT(function)

/* What the walker's files want of the rest of the preload; there is no trace here. */
__thread struct lr_thread lr_self;
void lr_stacks_forget(void)
{
}
bool lr_intern_lock(void)
{
    return false;
}
void lr_intern_unlock(void)
{
}
uint32_t lr_intern_string(const char *bytes, size_t length)
{
    return 0;
}
uint32_t lr_intern_module(const struct lr_module *module)
{
    return 0;
}
struct lr_module *lr_trace_module(uint32_t index)
{
    return NULL;
}
void lr_trace_event(enum lr_event_type type, uint32_t a, uint64_t b)
{
}
uint32_t lr_trace_ms(void)
{
    return 0;
}

static struct {
    int (*get_context)(unw_tdep_context_t *);
    int (*init_local)(unw_cursor_t *, unw_context_t *);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
} api;

static void *(*next_malloc)(size_t);
static unsigned long every = 1;
static unsigned long walks, equal, frames, ours_shorter, ours_longer, differ, no_oracle;
static unsigned long ends[4];
static __thread unsigned inside __attribute__((tls_model("initial-exec")));
static __thread unsigned long calls __attribute__((tls_model("initial-exec")));

/* Where they parted: the last common return address and what each found next. */
static struct difference {
    uintptr_t last, ours, theirs;
    unsigned long count;
} differences[DIFFERENCES];

static void count(unsigned long *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void note_difference(uintptr_t last, uintptr_t ours, uintptr_t theirs)
{
    for (int i = 0; i < DIFFERENCES; i++) {
        struct difference *d = &differences[i];
        uintptr_t none = 0;
        if (d->last == last || __atomic_compare_exchange_n(&d->last, &none, last, 0,
                                                           __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            d->ours = ours;
            d->theirs = theirs;
            count(&d->count);
            return;
        }
    }
}

/* Stops at generated code: beyond it libunwind guesses, and crashes now and then. */
static size_t walk_theirs(const struct lr_regs *regs, uintptr_t *pcs, size_t max)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t pc = 0, sp = 0;
    struct lr_module_info module;
    size_t have = 0;
    api.get_context(&context);
    if (api.init_local(&cursor, &context) != 0)
        return 0;
    for (int i = 0; pc != regs->pc || sp != regs->sp; i++) {
        if (i == OWN_FRAMES || api.step(&cursor) <= 0)
            return 0;
        api.get_reg(&cursor, UNW_REG_IP, &pc);
        api.get_reg(&cursor, UNW_REG_SP, &sp);
    }
    do {
        if (api.get_reg(&cursor, UNW_REG_IP, &pc) != 0 || pc == 0)
            break;
        pcs[have++] = pc;
    } while (have < max && lr_module_find(pc - 1, &module) && api.step(&cursor) > 0);
    return have;
}

static void judge(const uintptr_t *ours, size_t our_count, const uintptr_t *theirs,
                  size_t their_count, enum lr_unwind_end end)
{
    size_t common = 0;
    while (common < our_count && common < their_count && ours[common] == theirs[common])
        common++;
    count(&walks);
    count(&ends[end]);
    __atomic_fetch_add(&frames, our_count, __ATOMIC_RELAXED);
    if (common == our_count && common == their_count) {
        count(&equal);
        return;
    }
    count(common == our_count ? &ours_shorter : common == their_count ? &ours_longer : &differ);
    note_difference(common ? ours[common - 1] : 1, common < our_count ? ours[common] : 0,
                    common < their_count ? theirs[common] : 0);
}

__attribute__((noinline)) static void check(const struct lr_regs *regs)
{
    uintptr_t ours[FRAMES], theirs[FRAMES];
    enum lr_unwind_end end;
    size_t our_count = lr_unwinder_ehframe.walk(regs, ours, FRAMES, &end);
    size_t their_count = walk_theirs(regs, theirs, FRAMES);
    if (their_count == 0)
        count(&no_oracle);
    else
        judge(ours, our_count, theirs, their_count, end);
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
    if (!next_malloc)
        next_malloc = (void *(*)(size_t))lr_next_symbol("malloc");
    if (api.step && !inside && ++calls % every == 0) {
        struct lr_regs regs = LR_CALLER_REGS;
        inside = 1;
        check(&regs);
        inside = 0;
    }
    return next_malloc(size);
}

__attribute__((constructor)) static void start(void)
{
    void *(*open)(const char *, int) = (void *(*)(const char *, int))lr_next_symbol("dlopen");
    inside = 1;
    if (getenv("UNWIND_EVERY"))
        every = strtoul(getenv("UNWIND_EVERY"), NULL, 10);
    void *library = open ? open("libunwind.so.8", RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library && every) {
        *(void **)&api.get_context = dlsym(library, "_Ux86_64_getcontext");
        *(void **)&api.init_local = dlsym(library, NAME_OF(unw_init_local));
        *(void **)&api.get_reg = dlsym(library, NAME_OF(unw_get_reg));
        *(void **)&api.step = dlsym(library, NAME_OF(unw_step));
    }
    inside = 0;
}

static void print_address(int fd, const char *what, uintptr_t pc)
{
    struct lr_module_info module;
    if (pc > 1 && lr_module_find(pc - 1, &module))
        dprintf(fd, "  %s %s+%#lx", what, module.path, (unsigned long)(pc - module.bias));
    else
        dprintf(fd, "  %s %#lx", what, (unsigned long)pc);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("UNWIND_REPORT");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : 2;
    inside = 1;
    if (!walks)
        return;
    dprintf(fd, "pid %d: %lu walks, %.1f frames each: %.4f %% equal\n", (int)getpid(), walks,
            (double)frames / (double)walks, 100.0 * (double)equal / (double)walks);
    dprintf(fd, "  ours shorter %lu, ours longer %lu, frames differ %lu; without oracle %lu\n",
            ours_shorter, ours_longer, differ, no_oracle);
    dprintf(fd, "  our ends: outermost %lu, depth %lu, generated code %lu, lost %lu\n", ends[0],
            ends[1], ends[2], ends[3]);
    for (int i = 0; i < DIFFERENCES && differences[i].last; i++) {
        dprintf(fd, "  %lu x", differences[i].count);
        print_address(fd, "after", differences[i].last);
        print_address(fd, "ours", differences[i].ours);
        print_address(fd, "theirs", differences[i].theirs);
        dprintf(fd, "\n");
    }
}
