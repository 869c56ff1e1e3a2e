/* test_unwind_follow.c -- the walk that follows remembered stacks finds what the plain walk finds.
 *
 * A random tree of calls through every kind of frame, on the main stack, thread stacks, coroutines
 * and signal stacks; at each node both walks are compared.  FOLLOW_SEED and FOLLOW_NODES change it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "guard.h"
#include "threads.h"
#include "unwind.h"
#include "unwind_hash.h"

#define KEEP __asm__ volatile("" ::: "memory")
#define USE(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")
#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

enum { DEEP = 150, PAGE = 4096, STACK = 512 * 1024 };

static struct {
    unsigned long compared, cut, whole;
    uint64_t seed;
    char difference[200];
} seen;

static __thread uint64_t state;
static __thread unsigned long nodes;

static unsigned random_below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

static void note(const char *what, size_t a, size_t b)
{
    if (!seen.difference[0])
        snprintf(seen.difference, sizeof seen.difference, "%s: %zu %zu, seed %llu, after %lu", what,
                 a, b, (unsigned long long)seen.seed, seen.compared);
}

NOINLINE static void compare(void)
{
    static const size_t limits[] = {64, 64, 64, 128, 1, 2, 61, 62, 63};
    struct lr_regs regs = LR_CALLER_REGS;
    uintptr_t pcs[LR_UNWIND_MAX];
    struct lr_trail trail;
    enum lr_unwind_end end;
    size_t max = limits[random_below(sizeof limits / sizeof limits[0])];
    lr_unwinder->follow(&regs, max, &trail);
    size_t count = lr_unwinder->walk(&regs, pcs, max, &end);
    if (trail.count != count)
        note("counts", trail.count, count);
    else if (trail.hash != lr_unwind_hash(pcs, count))
        note("frames", count, max);
    else if (trail.end != end)
        note("ends", trail.end, end);
    seen.compared++;
    seen.cut += end == LR_UNWIND_DEPTH;
    seen.whole += end == LR_UNWIND_OUTERMOST;
}

static void visit(unsigned depth);

NOINLINE static unsigned plain(unsigned depth)
{
    visit(depth);
    KEEP;
    return depth;
}

NOINLINE static unsigned with_alloca(unsigned depth)
{
    char *space = alloca(16 + random_below(600));
    USE(space);
    visit(depth);
    USE(space);
    return depth;
}

NOINLINE static unsigned large(unsigned depth)
{
    char space[4 * PAGE];
    USE(space);
    visit(depth);
    USE(space);
    return depth;
}

/* Keeps so much over the call that every preserved register is in use. */
NOINLINE static unsigned busy(unsigned depth)
{
    unsigned a = random_below(9), b = random_below(9), c = random_below(9), d = random_below(9),
             e = random_below(9), f = random_below(9), g = random_below(9);
    visit(depth);
    return a ^ b << 1 ^ c << 2 ^ d << 3 ^ e << 4 ^ f << 5 ^ g << 6;
}

/* Realigned: the CFA is found through a pointer in the frame. */
NOINLINE static unsigned aligned(unsigned depth, int a, int b, int c, int d, int e, int f, int g)
{
    _Alignas(64) volatile char vector[64];
    volatile char *space = alloca((size_t)(8 + random_below(40)));
    vector[0] = (char)(a + b + c + d);
    space[0] = vector[0];
    visit(depth);
    return (unsigned)(vector[0] + space[0] + e + f + g);
}

static __thread unsigned callback_depth;

static int callback(const void *a, const void *b)
{
    if (random_below(3) == 0)
        visit(callback_depth);
    return *(const int *)a - *(const int *)b;
}

NOINLINE static unsigned through_library(unsigned depth)
{
    int values[] = {2, 1};
    callback_depth = depth;
    qsort(values, 2, sizeof values[0], callback);
    return depth;
}

static __thread jmp_buf back;

NOINLINE static unsigned thrown(unsigned depth)
{
    jmp_buf saved;
    __builtin_memcpy(&saved, &back, sizeof saved);
    if (setjmp(back) == 0) {
        visit(depth);
        longjmp(back, 1);
    }
    __builtin_memcpy(&back, &saved, sizeof saved);
    return depth;
}

static __thread unsigned signal_depth;
static __thread bool in_handler;

/* No coroutine from here: a signal there would start the alternate stack, in use, anew. */
static void on_signal(int number)
{
    bool outer = in_handler;
    (void)number;
    in_handler = true;
    visit(signal_depth);
    in_handler = outer;
}

NOINLINE static unsigned signalled(unsigned depth)
{
    if (random_below(4) != 0)
        return plain(depth);
    signal_depth = depth + 20;
    raise(SIGUSR1);
    return depth;
}

/* Each coroutine has a stack of its own, mapped for it alone. */
static __thread ucontext_t *resume;

static void in_coroutine(unsigned depth)
{
    visit(depth);
    setcontext(resume);
}

NOINLINE static unsigned switched(unsigned depth)
{
    ucontext_t here, coroutine, *outer = resume;
    if (in_handler || random_below(8) != 0)
        return plain(depth);
    char *space = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (space == MAP_FAILED)
        return depth;
    mprotect(space, PAGE, PROT_NONE);
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = space;
    coroutine.uc_stack.ss_size = STACK;
    coroutine.uc_link = NULL;
    makecontext(&coroutine, (void (*)(void))in_coroutine, 1, depth + 20);
    resume = &here;
    swapcontext(&here, &coroutine);
    resume = outer;
    munmap(space, STACK);
    return depth;
}

/* Leaves, calls and ways between them; now and then straight down, beyond what is remembered. */
static void visit(unsigned depth)
{
    unsigned children = depth > DEEP ? 0 : random_below(depth < 10 ? 5 : depth < 40 ? 3 : 2);
    compare();
    if (random_below(200) == 0)
        lr_unwind_forget();
    for (; children && nodes; children--) {
        nodes--;
        switch (random_below(11)) {
        case 0:
            with_alloca(depth + 1);
            break;
        case 1:
            large(depth + 1);
            break;
        case 2:
            busy(depth + 1);
            break;
        case 3:
            aligned(depth + 1, 1, 2, 3, 4, 5, 6, 7);
            break;
        case 4:
            through_library(depth + 1);
            break;
        case 5:
            thrown(depth + 1);
            break;
        case 6:
            signalled(depth + 1);
            break;
        case 7:
            switched(depth + 1);
            break;
        default:
            plain(depth + 1);
            break;
        }
    }
    compare();
}

static unsigned long number_from(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : otherwise;
}

static void *run_tree(void *seed)
{
    state = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    nodes = number_from("FOLLOW_NODES", 5000);
    while (nodes > 0 && !seen.difference[0]) {
        nodes--;
        visit(random_below(8) == 0 ? 5 : 0);
    }
    return NULL;
}

static void run_trees(unsigned count, bool in_threads)
{
    uint64_t first = number_from("FOLLOW_SEED", 1);
    for (uint64_t seed = first; seed < first + count && !seen.difference[0]; seed++) {
        pthread_t thread;
        seen.seed = seed;
        if (!in_threads) {
            run_tree((void *)(uintptr_t)seed);
            continue;
        }
        assert_int_equal(pthread_create(&thread, NULL, run_tree, (void *)(uintptr_t)seed), 0);
        pthread_join(thread, NULL);
    }
    if (seen.difference[0])
        fail_msg("%s", seen.difference);
}

static void test_main_stack(void **unused)
{
    (void)unused;
    run_trees(4, false);
}

static void test_thread_stacks(void **unused)
{
    (void)unused;
    run_trees(8, true); /* the same stack, and the same slot, again and again */
}

static void test_signals_on_a_stack_of_their_own(void **unused)
{
    (void)unused;
    static char space[STACK];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space}, old;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigaltstack(&stack, &old);
    sigaction(SIGUSR1, &action, NULL);
    run_trees(4, false);
    sigaltstack(&old, NULL);
}

/* Without a room a thread walks as well. */
static void test_without_memory(void **unused)
{
    (void)unused;
    struct lr_thread_slot *slot = lr_self.slot;
    lr_self.slot = &lr_thread_nobody;
    run_trees(2, false);
    lr_self.slot = slot;
}

#if defined(__x86_64__)
static void in_first_frame(void)
{
    state = 88172645463325252u;
    nodes = 50;
    while (nodes > 0 && !seen.difference[0]) {
        nodes--;
        visit(60);
    }
    longjmp(back, 1);
}

/* A stack that some assembly made: its first frame returns to address 0, and there is nothing
 * above. */
static void test_first_frame_returns_to_nowhere(void **unused)
{
    (void)unused;
    char *space = mmap(NULL, 2 * STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(space, MAP_FAILED);
    assert_int_equal(mprotect(space, STACK, PROT_READ | PROT_WRITE), 0);
    unsigned long whole = seen.whole;
    if (setjmp(back) == 0)
        __asm__ volatile("movq %0, %%rsp\n\tpushq $0\n\tjmp *%1" ::"r"(space + STACK),
                         "r"(in_first_frame)
                         : "memory");
    munmap(space, 2 * STACK);
    if (seen.difference[0])
        fail_msg("%s", seen.difference);
    assert_true(seen.whole > whole);
}
#else
static void test_first_frame_returns_to_nowhere(void **unused)
{
    (void)unused;
    skip();
}
#endif

/* It was a test of something: stacks of both kinds were met, and remembered ones were followed. */
static void test_enough_was_compared(void **unused)
{
    (void)unused;
    assert_true(seen.compared > 10000);
    assert_true(seen.cut > 1000);
    assert_true(seen.whole > 1000);
    assert_ptr_not_equal(lr_self.slot, &lr_thread_nobody);
}

static int start(void **unused)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    (void)unused;
    sigaction(SIGUSR1, &action, NULL);
    return lr_threads_start() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_main_stack),
        cmocka_unit_test(test_thread_stacks),
        cmocka_unit_test(test_signals_on_a_stack_of_their_own),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_first_frame_returns_to_nowhere),
        cmocka_unit_test(test_enough_was_compared),
    };
    return cmocka_run_group_tests_name("unwind_follow", tests, start, NULL);
}
