/* unwind_everywhere.c -- our walker against libunwind's unw_step in any program.
 *
 * A preload that walks the stack at every n-th malloc, calloc and realloc: by the plain walk, by the
 * one that follows remembered stacks, and by libunwind.  It counts where they disagree, and how many
 * reads lay outside the stack; each read of the stack is looked at.
 *     LD_PRELOAD=build/test/oracle/unwind_everywhere UNWIND_EVERY=10 python3 …
 * appends to the file named by UNWIND_REPORT (default stderr) at exit.  tests/unit/test_unwind.c
 * is the systematic test; this one meets real code.
 *
 * build: -O2 -finline -fPIC -shared -ftls-model=initial-exec -fvisibility=hidden -Wl,--no-undefined
 * build: -Iinclude -Ipreload/system -Ipreload/intercept -Ipreload/unwind -Ipreload/process
 * build: -Ipreload/trace -Wno-missing-prototypes -Wno-unused-parameter -fno-builtin-malloc
 * build: -DLR_STACK_WORD_HOOK=check_read -include tests/lib/check_read.h
 * build: preload/unwind/unwind_cfi.c preload/unwind/unwind_expr.c preload/unwind/unwind_program.c
 * build: preload/unwind/unwind_stack.c preload/unwind/unwind_full.c preload/unwind/unwind_ehframe.c
 * build: preload/unwind/unwind_rules.c preload/unwind/unwind_hash.c preload/process/threads.c
 * build: preload/unwind/modules.c preload/unwind/modules_maps.c preload/intercept/next.c
 * build: preload/system/prim_*.c
 */
#if defined(__x86_64__)
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#else /* no libunwind to cross-compile with: glibc's backtrace() is the oracle */
#include <execinfo.h>
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modules.h"
#include "next.h"
#include "prim.h"
#include "unwind.h"
#include "unwind_alone.h"
#include "unwind_hash.h"
#include "unwind_stack.h"

enum { FRAMES = 128, OWN_FRAMES = 16, DIFFERENCES = 40 };
#define TEXT(name) #name
#define NAME_OF(function) TEXT(function)

bool lr_intern_lock(void)
{
    return false;
}
void lr_intern_unlock(void)
{
}

static unsigned long every = 1;
static bool has_oracle;
static unsigned long walks, equal, frames, ours_shorter, ours_longer, differ, no_oracle;
static unsigned long ends[4], reads, outside, followed_wrong;

/* Of the calling thread, initial-exec all of it. */
static __thread struct {
    unsigned long calls;
    uintptr_t low, high;    /* the mapping that its stack was last found in */
    uintptr_t begin;        /* where the walk begins: nothing below is its stack */
    bool is_inside;
} self;

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

#if defined(__x86_64__)
static struct {
    int (*get_context)(unw_tdep_context_t *);
    int (*init_local)(unw_cursor_t *, unw_context_t *);
    int (*step)(unw_cursor_t *);
    int (*get_reg)(unw_cursor_t *, int, unw_word_t *);
} api;

static void find_oracle(void)
{
    void *(*open)(const char *, int) = (void *(*)(const char *, int))lr_next_symbol("dlopen");
    void *library = open ? open("libunwind.so.8", RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library) {
        *(void **)&api.get_context = dlsym(library, "_Ux86_64_getcontext");
        *(void **)&api.init_local = dlsym(library, NAME_OF(unw_init_local));
        *(void **)&api.get_reg = dlsym(library, NAME_OF(unw_get_reg));
        *(void **)&api.step = dlsym(library, NAME_OF(unw_step));
        has_oracle = api.step != NULL;
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

#else
static void find_oracle(void)
{
    void *pcs[1];
    has_oracle = backtrace(pcs, 1) == 1; /* loads libgcc_s */
}

static size_t walk_theirs(const struct lr_regs *regs, uintptr_t *pcs, size_t max)
{
    void *all[FRAMES + OWN_FRAMES];
    int count = backtrace(all, FRAMES + OWN_FRAMES), first = 0;
    while (first < count && (uintptr_t)all[first] != regs->pc)
        first++;
    size_t have = 0;
    for (; first < count && have < max; first++)
        pcs[have++] = (uintptr_t)all[first];
    return have;
}
#endif

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

/* The mapping that holds an address, from /proc/self/maps, without libc. */
static uintptr_t read_hex(const char **at)
{
    uintptr_t value = 0;
    for (;; (*at)++) {
        if (**at >= '0' && **at <= '9')
            value = value << 4 | (uintptr_t)(**at - '0');
        else if (**at >= 'a' && **at <= 'f')
            value = value << 4 | (uintptr_t)(**at - 'a' + 10);
        else
            return value;
    }
}

static void find_mapping(uintptr_t address)
{
    char text[4096];
    size_t have = 0;
    long count;
    int fd = lr_prim_open("/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    self.low = self.high = 0;
    while (fd >= 0 && (count = lr_prim_read(fd, text + have, sizeof text - 1 - have)) > 0) {
        char *line = text, *end;
        text[have + (size_t)count] = '\0';
        while ((end = strchr(line, '\n')) != NULL) {
            const char *at = line;
            uintptr_t low = read_hex(&at);
            at++;
            uintptr_t high = read_hex(&at);
            if (low <= address && address < high && at[1] == 'r') {
                self.low = low;
                self.high = high;
            }
            line = end + 1;
        }
        have = strlen(line);
        memmove(text, line, have);
    }
    lr_prim_close(fd);
}

/* Every read of a walker: in the range that it believes in, in frames that are alive (or on the other
 * stack that a signal came from), and in the mapping that the stack is in. */
void check_read(const struct lr_stack_range *range, uintptr_t address)
{
    bool same_stack = self.begin >= range->low && self.begin < range->high;
    if (address < self.low || address >= self.high)
        find_mapping(same_stack ? self.begin : address);
    bool good = address % 8 == 0 && address >= range->low && address < range->high &&
                address >= self.low && address < self.high;
    if (same_stack && address < (uintptr_t)__builtin_frame_address(0))
        good = false;
    count(&reads);
    if (!good)
        count(&outside);
}

/* Twice by following: the second walk is sure to find what the first remembered. */
static void check_follow(const struct lr_regs *regs, const uintptr_t *pcs, size_t count_,
                         enum lr_unwind_end end)
{
    for (int i = 0; i < 2; i++) {
        struct lr_trail trail;
        lr_unwinder_ehframe.follow(regs, FRAMES, &trail);
        if (trail.count != count_ || trail.end != end ||
            trail.hash != lr_unwind_hash(pcs, count_))
            count(&followed_wrong);
    }
}

__attribute__((noinline)) static void check(const struct lr_regs *regs)
{
    uintptr_t ours[FRAMES], theirs[FRAMES];
    enum lr_unwind_end end;
    self.begin = regs->sp;
    size_t our_count = lr_unwinder_ehframe.walk(regs, ours, FRAMES, &end);
    check_follow(regs, ours, our_count, end);
    size_t their_count = walk_theirs(regs, theirs, FRAMES);
    if (their_count == 0)
        count(&no_oracle);
    else
        judge(ours, our_count, theirs, their_count, end);
}

#define VISIBLE __attribute__((visibility("default")))
#define CHECKED()                                                                                  \
    do {                                                                                           \
        if (has_oracle && every && !self.is_inside && ++self.calls % every == 0) {                            \
            struct lr_regs regs = LR_CALLER_REGS;                                                  \
            self.is_inside = true;                                                                 \
            check(&regs);                                                                          \
            self.is_inside = false;                                                                \
        }                                                                                          \
    } while (0)
#define NEXT(name, ...)                                                                            \
    ({                                                                                             \
        static void *(*next)(__VA_ARGS__);                                                         \
        if (!next)                                                                                 \
            next = (void *(*)(__VA_ARGS__))lr_next_symbol(name);                                   \
        next;                                                                                      \
    })

VISIBLE void *malloc(size_t size)
{
    CHECKED();
    return NEXT("malloc", size_t)(size);
}

VISIBLE void *calloc(size_t count_, size_t size)
{
    CHECKED();
    return NEXT("calloc", size_t, size_t)(count_, size);
}

VISIBLE void *realloc(void *block, size_t size)
{
    CHECKED();
    return NEXT("realloc", void *, size_t)(block, size);
}

__attribute__((constructor)) static void start(void)
{
    self.is_inside = true;
    lr_threads_start();
    if (getenv("UNWIND_EVERY"))
        every = strtoul(getenv("UNWIND_EVERY"), NULL, 10);
    find_oracle();
    self.is_inside = false;
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
    self.is_inside = true;
    if (!walks)
        return;
    dprintf(fd, "pid %d: %lu walks, %.1f frames each: %.4f %% equal\n", (int)getpid(), walks,
            (double)frames / (double)walks, 100.0 * (double)equal / (double)walks);
    dprintf(fd, "  ours shorter %lu, ours longer %lu, frames differ %lu; without oracle %lu\n",
            ours_shorter, ours_longer, differ, no_oracle);
    dprintf(fd, "  followed wrong %lu; reads %lu, outside the stack %lu\n", followed_wrong, reads,
            outside);
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
