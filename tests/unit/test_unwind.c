/* test_unwind.c -- our walker against glibc's backtrace() (and libunwind) on every kind of frame.
 *
 * Each case builds a stack and calls compare() at its end: both must tell the same frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "threads.h"
#include "unwind.h"
#include "unwind_hash.h"

enum { FRAMES = 400, PAGE = 4096 };
#define KEEP __asm__ volatile("" ::: "memory") /* no tail call, no merging */
#define USE(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")
#define NOINLINE __attribute__((noinline, noclone))

static unsigned compared;
static size_t last_count;

#ifdef __clang__
#undef NOINLINE
#define NOINLINE __attribute__((noinline))
#endif

/* Runs inside signal handlers, so failure is remembered, not thrown. */
static char difference[256];

static void note(const char *what, size_t at, uintptr_t ours, uintptr_t theirs)
{
    if (!difference[0])
        snprintf(difference, sizeof difference, "%s: frame %zu ours %#lx theirs %#lx", what, at,
                 (unsigned long)ours, (unsigned long)theirs);
}

static void compare_frames(const uintptr_t *ours, size_t count, void *const *theirs, size_t others,
                           enum lr_unwind_end end)
{
    for (size_t i = 0; i < count && i < others; i++)
        if (ours[i] != (uintptr_t)theirs[i])
            return note("frames differ", i, ours[i], (uintptr_t)theirs[i]);
    if (count != others)
        note("counts differ", 0, count, others);
    if (end != LR_UNWIND_OUTERMOST)
        note("end", 0, end, LR_UNWIND_OUTERMOST);
}

/* The walk that uses what the thread remembers must find what the plain one finds. */
static void compare_trail(const struct lr_regs *regs, const uintptr_t *frames)
{
    struct lr_trail trail;
    size_t count = last_count < LR_UNWIND_MAX ? last_count : LR_UNWIND_MAX;
    lr_unwinder->follow(regs, LR_UNWIND_MAX, &trail);
    if (trail.count != count)
        note("followed another way", trail.count, count, trail.count);
    else if (trail.hash != lr_unwind_hash(frames, count))
        note("followed other frames", count, 0, 0);
    if (trail.end != (last_count > count ? LR_UNWIND_DEPTH : LR_UNWIND_OUTERMOST))
        note("followed to another end", count, trail.end, 0);
}

/* backtrace()'s first entry is this function; ours starts at its caller. */
NOINLINE static void compare(void)
{
    struct lr_regs regs = LR_CALLER_REGS;
    uintptr_t ours[FRAMES];
    void *theirs[FRAMES + 1];
    enum lr_unwind_end end;
    int count = backtrace(theirs, FRAMES + 1);
    last_count = lr_unwinder->walk(&regs, ours, FRAMES, &end);
    compare_frames(ours, last_count, theirs + 1, (size_t)count - 1, end);
    compare_trail(&regs, ours);
    compared++;
}

static void assert_same(void)
{
    if (difference[0])
        fail_msg("%s", difference);
    assert_true(compared > 0);
}

static int reset(void **state)
{
    (void)state;
    difference[0] = '\0';
    compared = 0;
    return 0;
}

NOINLINE static unsigned recurse(unsigned depth)
{
    if (depth == 0)
        compare();
    else
        depth += recurse(depth - 1);
    KEEP;
    return depth;
}

static void test_recursion(void **state)
{
    (void)state;
    recurse(50);
    assert_true(last_count > 50);
    recurse(50);
    lr_unwind_forget();
    recurse(300);
    assert_true(last_count > 300);
    assert_same();
}

NOINLINE static void large_frame(void)
{
    char big[600 * 1024];
    USE(big);
    compare();
    USE(big);
}

NOINLINE static void with_alloca(size_t size)
{
    char *space = alloca(size);
    USE(space);
    compare();
    USE(space);
}

NOINLINE static void with_array(size_t size)
{
    char space[size];
    USE(space);
    with_alloca(size * 3);
    USE(space);
}

static void test_alloca_and_large_frames(void **state)
{
    (void)state;
    for (size_t size = 16; size < 3000; size = size * 2 + 5)
        with_array(size);
    large_frame();
    assert_same();
}

/* Realigned, with arguments on the stack: gcc needs a register for them (DRAP). */
NOINLINE static int aligned(int a, int b, int c, int d, int e, int f, int g, int h)
{
    _Alignas(64) volatile char vector[64];
    volatile char *space = alloca((size_t)(g + h));
    vector[0] = (char)(a + b);
    space[0] = vector[0];
    compare();
    with_alloca((size_t)(c + d));
    return vector[0] + space[0] + e + f;
}

static void test_realigned_stack(void **state)
{
    (void)state;
    assert_true(aligned(1, 2, 30, 40, 5, 6, 70, 80) > 0);
    assert_same();
}

static int by_value(const void *a, const void *b)
{
    compare();
    return *(const int *)a - *(const int *)b;
}

static void test_qsort_callback(void **state)
{
    (void)state;
    int values[] = {3, 1, 2};
    qsort(values, 3, sizeof values[0], by_value);
    assert_same();
}

static jmp_buf out;

NOINLINE __attribute__((noreturn)) static void never_returns(void)
{
    compare();
    longjmp(out, 1);
}

/* Ends with its call: the return address belongs to whatever follows. */
NOINLINE __attribute__((noreturn)) static void ends_with_call(void)
{
    char space[24];
    USE(space);
    never_returns();
}

static void test_call_at_the_end(void **state)
{
    (void)state;
    if (setjmp(out) == 0)
        ends_with_call();
    assert_same();
}

static void on_signal(int number)
{
    (void)number;
    recurse(3);
}

static void raise_with(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags}, old;
    sigaction(SIGUSR1, &action, &old);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &old, NULL);
}

static void test_signal_handler(void **state)
{
    (void)state;
    raise_with(0);
    recurse(2);
    assert_same();
}

static void test_signal_on_alternate_stack(void **state)
{
    (void)state;
    static char space[64 * 1024];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space}, old;
    sigaltstack(&stack, &old);
    raise_with(SA_ONSTACK);
    recurse(2);
    raise_with(SA_ONSTACK);
    sigaltstack(&old, NULL);
    assert_same();
}

static void *in_thread(void *unused)
{
    recurse(5);
    recurse(200);
    raise_with(0);
    return unused;
}

static void test_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, in_thread, NULL), 0);
        pthread_join(thread, NULL);
    }
    assert_same();
}

static ucontext_t back, coroutine;

static void in_coroutine(void)
{
    recurse(4);
    swapcontext(&coroutine, &back);
    recurse(10);
}

static void test_coroutine(void **state)
{
    (void)state;
    size_t size = 16 * PAGE;
    char *space = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(space, PAGE, PROT_NONE);
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = space;
    coroutine.uc_stack.ss_size = size;
    coroutine.uc_link = &back;
    makecontext(&coroutine, in_coroutine, 0);
    swapcontext(&back, &coroutine);
    recurse(3);
    swapcontext(&back, &coroutine);
    munmap(space, size);
    recurse(3);
    assert_same();
    assert_int_equal(compared, 4);
}

/* Every instruction of a lazily bound call, prologues and epilogues included. */
static void on_step(int number)
{
    (void)number;
    compare();
}

#if defined(__x86_64__)
void trap_flag_on(void);
void trap_flag_off(void);
#define TRAP_FLAG(name, operation)                                                                 \
    __asm__(".pushsection .text\n.type " name ", @function\n" name ":\n.cfi_startproc\n"           \
            "pushfq\n.cfi_adjust_cfa_offset 8\n" operation "\n"                                    \
            "popfq\n.cfi_adjust_cfa_offset -8\nret\n.cfi_endproc\n.size " name ", .-" name         \
            "\n.popsection")
TRAP_FLAG("trap_flag_on", "orq $0x100, (%rsp)");
TRAP_FLAG("trap_flag_off", "andq $~0x100, (%rsp)");
#else
#define trap_flag_on() raise(SIGTRAP)
#define trap_flag_off() raise(SIGTRAP)
#endif

NOINLINE static int stepped(size_t size)
{
    char *space = alloca(size);
    trap_flag_on();
    memset(space, 'x', size - 1);
    space[size - 1] = '\0';
    USE(space);
    char *copy = strdup(space);
    int value = atoi(copy) + (int)strlen(copy);
    free(copy);
    trap_flag_off();
    return value;
}

static void test_every_instruction(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_step}, old;
    sigaction(SIGTRAP, &action, &old);
    int length = stepped(100);
    sigaction(SIGTRAP, &old, NULL);
    assert_int_equal(length, 99);
    assert_same();
#if defined(__x86_64__)
    assert_true(compared > 100);
#endif
}

static void *in_small_thread(void *unused)
{
    recurse(5);
    recurse(90);
    raise_with(0);
    return unused;
}

static void test_libunwind_backend(void **state)
{
    pthread_t thread;
    (void)state;
    if (!lr_unwind_select("libunwind")) {
        print_message("# skipped: libunwind.so.8 can't be loaded\n");
        skip();
    }
    recurse(50);
    with_array(100);
    in_small_thread(NULL);
    assert_int_equal(pthread_create(&thread, NULL, in_small_thread, NULL), 0);
    pthread_join(thread, NULL);
    assert_true(lr_unwind_select("ehframe"));
    assert_false(lr_unwind_select("no such backend"));
    assert_ptr_equal(lr_unwinder, &lr_unwinder_ehframe);
    assert_same();
}

static int start(void **state)
{
    (void)state;
    return lr_threads_start() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_recursion, reset),
        cmocka_unit_test_setup(test_alloca_and_large_frames, reset),
        cmocka_unit_test_setup(test_realigned_stack, reset),
        cmocka_unit_test_setup(test_qsort_callback, reset),
        cmocka_unit_test_setup(test_call_at_the_end, reset),
        cmocka_unit_test_setup(test_signal_handler, reset),
        cmocka_unit_test_setup(test_signal_on_alternate_stack, reset),
        cmocka_unit_test_setup(test_threads, reset),
        cmocka_unit_test_setup(test_coroutine, reset),
        cmocka_unit_test_setup(test_every_instruction, reset),
        cmocka_unit_test_setup(test_libunwind_backend, reset),
    };
    return cmocka_run_group_tests_name("unwind", tests, start, NULL);
}
