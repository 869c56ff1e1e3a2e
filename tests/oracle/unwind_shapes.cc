/* unwind_shapes.cc -- allocations through every shape of frame that C and C++ make, for
 * unwind_everywhere to walk: exceptions, tail calls, thunks, alloca, realigned stacks, longjmp,
 * calls that don't return, signals at any instruction, coroutines, threads.
 *
 *     unwind_shapes [ROUNDS]       prints `done ROUNDS`
 *
 * build: -O2 -fomit-frame-pointer
 */
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline))
#define KEEP __asm__ volatile("" ::: "memory")
#define USE(pointer) __asm__ volatile("" ::"r"(pointer) : "memory")

static NOINLINE void allocate(unsigned size)
{
    void *block = malloc(size % 4096 + 1);
    USE(block);
    free(block);
}

/* Exceptions: objects are allocated, frames unwound through landing pads, whose destructors allocate;
 * caught, thrown again, kept. */
struct Allocating {
    unsigned size;
    explicit Allocating(unsigned s) : size(s) { allocate(size); }
    ~Allocating() { allocate(size + 1); }
};

static NOINLINE void throw_from(unsigned depth)
{
    Allocating here(depth);
    if (depth == 0)
        throw std::runtime_error(std::string(100, 'x'));
    throw_from(depth - 1);
    KEEP;
}

static NOINLINE void catch_and_throw(unsigned depth)
{
    try {
        throw_from(depth);
    } catch (const std::exception &error) {
        Allocating here((unsigned)strlen(error.what()));
        try {
            throw_from(3);
        } catch (...) {
            allocate(5);
        }
        throw;
    }
}

static void exceptions(unsigned round)
{
    std::exception_ptr kept;
    try {
        catch_and_throw(round % 20);
    } catch (...) {
        kept = std::current_exception();
        allocate(7);
    }
    try {
        std::rethrow_exception(kept);
    } catch (const std::runtime_error &) {
        allocate(8);
    }
}

/* Tail calls leave no frame of their caller. */
static NOINLINE void tail_a(unsigned left);
static NOINLINE void tail_b(unsigned left)
{
    if (left % 3 == 0)
        allocate(left);
    return left ? tail_a(left - 1) : allocate(9);
}
static NOINLINE void tail_a(unsigned left)
{
    return left ? tail_b(left - 1) : allocate(10);
}

/* A second base's methods are reached through thunks. */
struct First {
    virtual ~First() {}
    virtual void first(unsigned n) { allocate(n); }
};
struct Second {
    virtual ~Second() {}
    virtual void second(unsigned n) { allocate(n); }
};
struct Both : First, Second {
    void first(unsigned n) override { Second::second(n + 1); KEEP; }
    void second(unsigned n) override { first(n + 1); KEEP; }
};

static NOINLINE void call_second(Second *object, unsigned n)
{
    object->second(n);
    KEEP;
}

static NOINLINE void callbacks(unsigned round)
{
    std::vector<unsigned> values;
    std::function<void(unsigned)> visit = [&](unsigned n) {
        allocate(n);
        if (n)
            visit(n / 2);
    };
    for (unsigned i = 0; i < 20; i++)
        values.push_back(i * 7919u % 31);
    std::sort(values.begin(), values.end(), [](unsigned a, unsigned b) {
        allocate(a);
        return a < b;
    });
    visit(round % 100);
    Both both;
    call_second(&both, round);
}

static NOINLINE void frames_of_all_sizes(unsigned round)
{
    alignas(64) volatile char vector[128];
    char *space = (char *)alloca(round * 37 % 3000 + 1);
    char variable[round % 500 + 1];
    vector[0] = 1;
    USE(vector);
    USE(space);
    USE(variable);
    allocate(round);
    tail_a(round % 30);
    USE(space);
}

static jmp_buf out;

static NOINLINE __attribute__((noreturn)) void leave(unsigned round)
{
    allocate(round);
    longjmp(out, 1);
}

/* Its last instruction is a call: the return address lies in the next function. */
static NOINLINE __attribute__((noreturn)) void leave_at_the_end(unsigned round)
{
    char space[40];
    USE(space);
    leave(round);
}

static void jumps(unsigned round)
{
    if (setjmp(out) == 0)
        leave_at_the_end(round);
    allocate(round);
}

/* A timer's signal comes at any instruction of these functions, which allocate nothing. */
static volatile sig_atomic_t may_allocate, signals;

static void on_signal(int)
{
    if (may_allocate) {
        allocate(11);
        signals = signals + 1;
    }
}

static NOINLINE unsigned leaf(unsigned a)
{
    return a * 2654435761u >> 3;
}

static NOINLINE unsigned busy(unsigned depth, unsigned a, unsigned b, unsigned c)
{
    unsigned x = leaf(a + b), y = leaf(b ^ c), z = leaf(c - a);
    unsigned below = depth ? busy(depth - 1, x, y, z) : leaf(a);
    return x ^ y ^ z ^ below;
}

static void interruptions(unsigned round)
{
    struct itimerval once = {{0, 0}, {0, 50}}, never = {{0, 0}, {0, 0}};
    unsigned sum = 0;
    for (unsigned i = 0; i < 3000; i++) {
        if (i % 100 == 0)
            setitimer(ITIMER_REAL, &once, NULL);
        may_allocate = 1;
        sum += busy(i % 12, i, sum, round);
        may_allocate = 0;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    USE(&sum);
    may_allocate = 1;
    raise(SIGALRM);
    may_allocate = 0;
}

static ucontext_t here;

struct Coroutine {
    enum { STACK = 128 * 1024 };
    ucontext_t context;
    char *stack;
    bool ended;
    Coroutine() : ended(false)
    {
        stack = (char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                             0);
    }
    ~Coroutine() { munmap(stack, STACK); }
};
static Coroutine *running;

static NOINLINE void yield_below(unsigned depth)
{
    allocate(depth);
    if (depth)
        yield_below(depth - 1);
    else
        swapcontext(&running->context, &here);
    allocate(depth);
}

static void in_coroutine()
{
    for (unsigned depth = 0; depth < 6; depth++)
        yield_below(depth);
    running->ended = true;
    setcontext(&here);
}

static void coroutines()
{
    std::vector<Coroutine *> all;
    for (int i = 0; i < 4; i++) {
        Coroutine *one = new Coroutine;
        getcontext(&one->context);
        one->context.uc_stack.ss_sp = one->stack;
        one->context.uc_stack.ss_size = Coroutine::STACK;
        makecontext(&one->context, in_coroutine, 0);
        all.push_back(one);
    }
    for (bool more = true; more;) {
        more = false;
        for (Coroutine *one : all) {
            if (one->ended)
                continue;
            running = one;
            swapcontext(&here, &one->context);
            more = true;
        }
    }
    for (Coroutine *one : all)
        delete one;
}

static void *in_thread(void *round)
{
    unsigned n = (unsigned)(size_t)round;
    exceptions(n);
    callbacks(n);
    frames_of_all_sizes(n);
    return NULL;
}

int main(int argc, char **argv)
{
    static char alternate[64 * 1024];
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
    stack_t stack = {};
    stack.ss_sp = alternate;
    stack.ss_size = sizeof alternate;
    sigaltstack(&stack, NULL);
    for (unsigned round = 0; round < rounds; round++) {
        struct sigaction action = {};
        action.sa_handler = on_signal;
        action.sa_flags = SA_RESTART | (round % 2 ? SA_ONSTACK : 0);
        sigaction(SIGALRM, &action, NULL);
        exceptions(round);
        callbacks(round);
        frames_of_all_sizes(round);
        jumps(round);
        interruptions(round);
        coroutines();
        pthread_t thread;
        if (pthread_create(&thread, NULL, in_thread, (void *)(size_t)round) == 0)
            pthread_join(thread, NULL);
    }
    printf("done %u\n", rounds);
    return signals ? 0 : 3;
}
