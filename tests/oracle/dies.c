/* dies.c -- ways in which a process dies, after it has said what it holds.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.  Blocks of two
 * threads and a mapping; `function<TAB>count<TAB>bytes`, then `ready`.
 *
 *     dies HOW [wait]      wait: when a line comes on stdin, or stdin ends
 *
 * HOW `caught` doesn't die: the stack overflows, a handler on a stack of its own jumps out of it, again
 * and again, with allocations in between; then it goes on.  (Never out of malloc: the C library's own
 * lock would stay taken.)
 */
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ALTERNATE_BYTES = 64 << 10, MAPPED_BYTES = 77 << 12, JUMPS = 40, STACK_BYTES = 256 << 10 };

static void *volatile kept;
static volatile int zero, never;

static __attribute__((noinline)) void main_site(void)
{
    for (int i = 0; i < 40; i++)
        kept = malloc(600);
}

static __attribute__((noinline)) void thread_site(void)
{
    for (int i = 0; i < 30; i++)
        kept = malloc(700);
}

static __attribute__((noinline)) void mapping_site(void)
{
    kept = mmap(NULL, MAPPED_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static __attribute__((noinline)) void freed_site(void)
{
    for (int i = 0; i < 1000; i++) {
        kept = malloc(900);
        free(kept);
    }
}

static void *other_thread(void *unused)
{
    thread_site();
    freed_site();
    return unused;
}

/* --- ways to die ---------------------------------------------------------------------------- */

static void by_abort(void)
{
    abort();
}

static void by_assertion(void)
{
    assert(zero && "this had to come");
}

static void by_wild_store(void)
{
    *(volatile int *)(uintptr_t)(16 + zero) = 1;
}

/* Behind the end of a file. */
static void by_bus_error(void)
{
    FILE *file = tmpfile();
    volatile char *page =
        file ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
    if (page != MAP_FAILED)
        zero = page[100];
}

static void by_wild_call(void)
{
    ((void (*)(void))(uintptr_t)(64 + zero))();
}

static void by_trap(void)
{
    __builtin_trap();
}

static void by_double_free(void)
{
    void *volatile block = malloc(500), *volatile again = block;
    free(block);
    free(again);
}

static void by_underscore_exit(void)
{
    _exit(7);
}

static void by_exit_group(void)
{
    syscall(SYS_exit_group, 8);
}

static void by_signal(void)
{
    kill(getpid(), SIGTERM);
    pause();
}

static __attribute__((noinline)) int endless(int depth)
{
    volatile char room[512];
    if (never)
        return 0;
    room[depth & 511] = (char)depth;
    return endless(depth + 1) + room[(depth + 1) & 511];
}

static void by_overflow(void)
{
    zero = endless(0);
}

static void *overflowing(void *unused)
{
    by_overflow();
    return unused;
}

static void by_overflow_in_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, overflowing, NULL);
    pthread_join(thread, NULL);
}

static __attribute__((noinline)) int deep_site(int depth)
{
    volatile char room[96];
    if (never)
        return 0;
    kept = malloc(48);
    room[depth % 96] = (char)depth;
    return deep_site(depth + 1) + room[(depth + 1) % 96];
}

static void by_overflow_in_malloc(void)
{
    zero = deep_site(0);
}

static void *aborting(void *unused)
{
    abort();
    return unused;
}

static void by_abort_in_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, aborting, NULL);
    pthread_join(thread, NULL);
}

static void use_alternate_stack(void (*handler)(int))
{
    stack_t stack = {.ss_size = ALTERNATE_BYTES};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER};
    stack.ss_sp = mmap(NULL, ALTERNATE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
        abort();
    sigaction(SIGSEGV, &action, NULL);
}

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        abort();
}

static void say_and_exit(int number)
{
    say("overflow\n");
    _exit(9);
}

static void say_and_die(int number)
{
    say("overflow\n");
    signal(number, SIG_DFL); /* the instruction is tried again */
}

static void by_handler_that_exits(void)
{
    use_alternate_stack(say_and_exit);
    by_overflow();
}

static void by_handler_that_returns(void)
{
    use_alternate_stack(say_and_die);
    by_overflow_in_malloc();
}

/* --- one that survives ---------------------------------------------------------------------- */

static sigjmp_buf way_out;

static void jump(int number)
{
    siglongjmp(way_out, 1);
}

static __attribute__((noinline)) void later_site(void)
{
    for (int i = 0; i < 20; i++)
        kept = malloc(800);
}

static void *survive(void *unused)
{
    use_alternate_stack(jump);
    for (volatile int i = 0; i < JUMPS; i++) {
        if (sigsetjmp(way_out, 1) == 0)
            by_overflow();
        freed_site();
        later_site();
    }
    return unused;
}

/* On a small stack, so that no overflow takes long. */
static void by_nothing(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_create(&thread, &attributes, survive, NULL);
    pthread_join(thread, NULL);
    printf("later_site\t%d\t%d\n", JUMPS * 20, JUMPS * 16000);
    exit(0);
}

static const struct {
    const char *name;
    void (*die)(void);
} ways[] = {
    {"abort", by_abort},
    {"abort-in-thread", by_abort_in_thread},
    {"assertion", by_assertion},
    {"bus-error", by_bus_error},
    {"caught", by_nothing},
    {"double-free", by_double_free},
    {"exit_group", by_exit_group},
    {"handler-exits", by_handler_that_exits},
    {"handler-returns", by_handler_that_returns},
    {"overflow", by_overflow},
    {"overflow-in-malloc", by_overflow_in_malloc},
    {"overflow-in-thread", by_overflow_in_thread},
    {"signal", by_signal},
    {"trap", by_trap},
    {"underscore-exit", by_underscore_exit},
    {"wild-call", by_wild_call},
    {"wild-store", by_wild_store},
};

static void await_line(void)
{
    while (getchar() != '\n' && !feof(stdin))
        ;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_create(&thread, NULL, other_thread, NULL);
    main_site();
    freed_site();
    mapping_site();
    pthread_join(thread, NULL);
    printf("main_site\t40\t24000\nthread_site\t30\t21000\nready\n");
    fflush(stdout);
    if (argc > 2 && strcmp(argv[2], "wait") == 0)
        await_line();
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            ways[i].die();
    return 2;
}
