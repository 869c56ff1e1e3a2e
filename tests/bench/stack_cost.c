/* stack_cost.c -- what a stack costs: our walker, alone and with hash and memo, beside libunwind's
 * unw_backtrace and glibc's backtrace().
 *
 * Built without frame pointers, as distributions build.  The variants take turns; a line for each:
 * name, median ns a stack, ns a frame, ratio to ours.
 *
 *     same      one stack of 26 frames, again and again: the warm walk
 *     churn     200 stacks of 20 frames, in random order: as churn.c allocates through
 *
 *     stack_cost [ROUNDS [CALLS]]
 *
 * build: -fomit-frame-pointer -Iinclude -Ipreload/system -Ipreload/trace -Ipreload/unwind
 * build: -Ipreload/process -Ipreload/record -Ipreload/jvm
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "file.h"
#include "guard.h"
#include "intern.h"
#include "stack_take.h"
#include "stacks.h"
#include "thread_names.h"
#include "threads.h"
#include "trace.h"
#include "unwind.h"

enum { FRAMES = 64, LEAVES = 200, DEPTH = 13, DEEPER = 19, VARIANTS = 5, ROUNDS_MAX = 101 };
#define NOINLINE __attribute__((noinline))
#define KEEP __asm__ volatile("" ::: "memory")

static size_t frames; /* of the last stack */
static uint64_t checksum;

typedef void take_function(const struct lr_regs *regs);

static void take_nothing(const struct lr_regs *regs)
{
    checksum += regs->pc;
}

static void take_walk(const struct lr_regs *regs)
{
    uintptr_t pcs[FRAMES];
    enum lr_unwind_end end;
    frames = lr_unwinder_ehframe.walk(regs, pcs, FRAMES, &end);
    checksum += pcs[frames - 1];
}

static void take_id(const struct lr_regs *regs)
{
    checksum += lr_stack_take(regs, LR_STACK_OF_BLOCK);
}

static void take_libunwind(const struct lr_regs *regs)
{
    void *pcs[FRAMES];
    (void)regs;
    frames = (size_t)unw_backtrace(pcs, FRAMES);
    checksum += (uintptr_t)pcs[frames - 1];
}

/* libunwind, which is linked here, has a function of this name too. */
static int (*glibc_backtrace)(void **, int);

static void take_glibc(const struct lr_regs *regs)
{
    void *pcs[FRAMES];
    (void)regs;
    frames = (size_t)glibc_backtrace(pcs, FRAMES);
    checksum += (uintptr_t)pcs[frames - 1];
}

static const struct variant {
    const char *name;
    take_function *take;
} variants[VARIANTS] = {
    {"nothing", take_nothing},         {"leakring walk", take_walk}, {"leakring stack id", take_id},
    {"unw_backtrace", take_libunwind}, {"backtrace", take_glibc},
};

static take_function *take;

/* Stands for a wrapper of the preload: keeps its frame pointer. */
NOINLINE static void *hook(size_t size)
{
    struct lr_regs regs = LR_CALLER_REGS;
    take(&regs);
    return (void *)size;
}

#define LEAF(name)                                                                                 \
    static NOINLINE void *leaf_##name(size_t size)                                                 \
    {                                                                                              \
        void *block = hook(size);                                                                  \
        KEEP;                                                                                      \
        return block;                                                                              \
    }
#define LEAVES_5(n) LEAF(n##0) LEAF(n##1) LEAF(n##2) LEAF(n##3) LEAF(n##4)
#define LEAVES_25(n) LEAVES_5(n##0) LEAVES_5(n##1) LEAVES_5(n##2) LEAVES_5(n##3) LEAVES_5(n##4)
#define NAMES_5(n) leaf_##n##0, leaf_##n##1, leaf_##n##2, leaf_##n##3, leaf_##n##4
#define NAMES_25(n) NAMES_5(n##0), NAMES_5(n##1), NAMES_5(n##2), NAMES_5(n##3), NAMES_5(n##4)
LEAVES_25(0)
LEAVES_25(1)
LEAVES_25(2) LEAVES_25(3) LEAVES_25(4) LEAVES_25(5) LEAVES_25(6)
    LEAVES_25(7) static void *(*const leaves[LEAVES])(size_t) = {
        NAMES_25(0), NAMES_25(1), NAMES_25(2), NAMES_25(3),
        NAMES_25(4), NAMES_25(5), NAMES_25(6), NAMES_25(7),
};

static NOINLINE void *left(unsigned depth, unsigned way, unsigned leaf);
static NOINLINE void *right(unsigned depth, unsigned way, unsigned leaf);

static inline void *step(unsigned depth, unsigned way, unsigned leaf)
{
    if (depth == 0)
        return leaves[leaf](leaf);
    return (way & 1 ? left : right)(depth - 1, way >> 1, leaf);
}
static NOINLINE void *left(unsigned depth, unsigned way, unsigned leaf)
{
    void *block = step(depth, way, leaf);
    KEEP;
    return block;
}
static NOINLINE void *right(unsigned depth, unsigned way, unsigned leaf)
{
    void *block = step(depth, way, leaf);
    KEEP;
    return block;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ns a call; `mixed`: churn's stacks, else one of them. */
static NOINLINE double measure(const struct variant *variant, unsigned long calls, bool mixed)
{
    uint64_t state = 88172645463325252u, begin = now_ns();
    take = variant->take;
    for (unsigned long i = 0; i < calls; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        unsigned leaf = mixed ? (unsigned)(state >> 20) % LEAVES : 7;
        step(mixed ? DEPTH : DEEPER, leaf * 2654435761u, leaf);
    }
    return (double)(now_ns() - begin) / (double)calls;
}

static int by_value(const void *a, const void *b)
{
    double left_value = *(const double *)a, right_value = *(const double *)b;
    return left_value < right_value ? -1 : left_value > right_value;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void compare(const char *what, int rounds, unsigned long calls, bool mixed)
{
    static double ns[VARIANTS][ROUNDS_MAX];
    double result[VARIANTS];
    size_t depth[VARIANTS] = {0};
    for (int round = 0; round < rounds; round++)
        for (int v = 0; v < VARIANTS; v++) {
            ns[v][round] = measure(&variants[v], v >= 3 ? calls / 10 : calls, mixed);
            depth[v] = frames;
        }
    for (int v = 0; v < VARIANTS; v++)
        result[v] = median(ns[v], rounds);
    for (int v = 1; v < VARIANTS; v++) {
        double cost = result[v] - result[0], ours = result[v > 2 ? 1 : v] - result[0];
        size_t count = v == 2 ? depth[1] : depth[v];
        printf("%s\t%s\t%zu frames\t%.1f ns\t%.2f ns a frame\t%.2f\n", what, variants[v].name,
               count, cost, cost / (double)count, cost / ours);
    }
}

static bool start(void)
{
    static struct lr_identity who = {.exe = "/bin/bench", .name = "bench", .tmpdir = "/tmp"};
    char error[256], text[64];
    snprintf(text, sizeof text, "file=/tmp/stack_cost.%d.lkr,size=16m", (int)getpid());
    who.pid = getpid();
    lr_clock_start();
    bool started = lr_config_parse(&lr_config, text, error, sizeof error) &&
                   lr_file_create(&who, error, sizeof error) && lr_intern_start() &&
                   lr_thread_names_start() && lr_threads_start() && lr_stacks_start() &&
                   lr_stack_take_start() && lr_unwind_select("ehframe");
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    glibc_backtrace = libc ? (int (*)(void **, int))dlsym(libc, "backtrace") : NULL;
    started = started && glibc_backtrace;
    text[strcspn(text, ",")] = '\0';
    unlink(text + sizeof "file=" - 1);
    return started;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 15;
    unsigned long calls = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    if (rounds < 1 || rounds > ROUNDS_MAX || calls < 10 || !start())
        return 2;
    compare("same", rounds, calls, false);
    compare("churn", rounds, calls, true);
    return checksum == 42;
}
