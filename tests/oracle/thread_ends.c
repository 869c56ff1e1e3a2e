/* thread_ends.c -- many short threads that end in every way there is.
 *
 * Oracle program: each thread frees the block that an earlier one handed on, and hands on one;
 * every hundredth keeps one for good (`kept_site`).  Prints `function<TAB>count<TAB>bytes`, then
 * `rss START END`: VmRSS in KiB once a fifth of them have run, and when all have, then `ready`.
 *
 *     thread_ends exit|wait HOW COUNT
 *
 * HOW: return, detached, exit (pthread_exit, far down), longjmp (out of where it allocates), cancel
 * (deferred: in its loop, or waiting for input), kill (asynchronous, wherever it is; the loop's
 * blocks, `churn_site`, are lost by the program if it comes at the wrong moment: one a thread).
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE = 8, KEPT_EACH = 100, KEPT_SIZE = 100, HANDED_SIZE = 300 };

static void *baton; /* exchanged atomically */
static const char *how;
static unsigned started, finished; /* atomic */
static int silence[2]; /* a pipe that nobody writes to */

static void kept_site(void)
{
    if (!malloc(KEPT_SIZE))
        abort();
}

static void *handed_on(void)
{
    return malloc(HANDED_SIZE);
}

static void work(unsigned number)
{
    free(__atomic_exchange_n(&baton, handed_on(), __ATOMIC_ACQ_REL));
    if (number % KEPT_EACH == 0)
        kept_site();
}

static bool is(const char *name)
{
    return strcmp(how, name) == 0;
}

/* The compiler isn't to know that these don't return. */
static void (*volatile leave)(void *result) = (void (*)(void *))pthread_exit;
static void (*volatile jump)(struct __jmp_buf_tag *out, int value) =
    (void (*)(struct __jmp_buf_tag *, int))longjmp;

static void leave_far_down(unsigned depth)
{
    free(malloc(depth + 1));
    if (depth > 0)
        leave_far_down(depth - 1);
    else
        leave(NULL);
}

static void jump_far_down(jmp_buf out, void **block, unsigned depth)
{
    *block = realloc(*block, 10 * (depth + 1));
    if (depth > 0)
        jump_far_down(out, block, depth - 1);
    else
        jump(out, 1);
}

static void run_and_jump(void)
{
    jmp_buf out;
    void *volatile block = NULL;
    if (setjmp(out) == 0)
        jump_far_down(out, (void **)(uintptr_t)&block, 20);
    free(block);
}

static void free_it(void *block)
{
    free(*(void **)block);
}

static void await_deferred(unsigned number)
{
    char byte;
    void *volatile mine = NULL;
    pthread_cleanup_push(free_it, (void *)(uintptr_t)&mine);
    mine = malloc(50 + number % 50);
    __atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
    if (number % 2 && read(silence[0], &byte, 1) >= 0)
        abort();
    for (;;) {
        pthread_testcancel();
        free(malloc(70 + number % 50));
        sched_yield();
    }
    pthread_cleanup_pop(1);
}

static void *churn_site(void)
{
    return malloc(64);
}

/* What the C library has at hand for this thread needs no lock of its own: a plain run survives.
 * That is so once one such block was freed. */
static void await_anywhere(void)
{
    free(malloc(64));
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    __atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
    for (unsigned i = 1;; i++) {
        free(churn_site());
        if (i % 64 == 0)
            sched_yield(); /* or eight of them keep the rest waiting */
    }
}

static void *run(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    if (is("kill"))
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    work(number);
    if (is("longjmp"))
        run_and_jump();
    else if (is("cancel"))
        await_deferred(number);
    else if (is("kill"))
        await_anywhere();
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    if (is("exit"))
        leave_far_down(10);
    return NULL;
}

static void await(unsigned *counter, unsigned count)
{
    while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < count)
        usleep(50);
}

static void start(pthread_t *thread, unsigned number)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    pthread_attr_setdetachstate(&attributes,
                                is("detached") ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    while (pthread_create(thread, &attributes, run, (void *)(uintptr_t)number) != 0)
        usleep(1000); /* those that were detached are not all gone yet */
    pthread_attr_destroy(&attributes);
}

static void end(pthread_t thread, bool cancelled)
{
    void *result;
    if (pthread_join(thread, &result) != 0 || (result == PTHREAD_CANCELED) != cancelled)
        abort();
}

static void run_some(unsigned first)
{
    pthread_t threads[AT_ONCE];
    bool cancelled = is("cancel") || is("kill");
    for (unsigned i = 0; i < AT_ONCE; i++)
        start(&threads[i], first + i);
    if (cancelled)
        await(&started, first + AT_ONCE);
    if (is("detached"))
        await(&finished, first + AT_ONCE);
    for (unsigned i = 0; i < AT_ONCE && cancelled; i++)
        pthread_cancel(threads[i]);
    for (unsigned i = 0; i < AT_ONCE && !is("detached"); i++)
        end(threads[i], cancelled);
}

static long resident(void)
{
    char line[128];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        sscanf(line, "VmRSS: %ld", &kib);
    fclose(status);
    return kib;
}

int main(int argc, char **argv)
{
    if (argc < 4 || pipe(silence) != 0)
        return 2;
    how = argv[2];
    unsigned count = (unsigned)atoi(argv[3]) / AT_ONCE * AT_ONCE, kept = 0;
    long before = 0;
    for (unsigned i = 0; i < count; i += AT_ONCE) {
        if (!before && i >= count / 5)
            before = resident();
        run_some(i);
    }
    for (unsigned i = 0; i < count; i += KEPT_EACH)
        kept++;
    long after = resident();
    printf("kept_site\t%u\t%u\nhanded_on\t1\t%d\n", kept, kept * KEPT_SIZE, HANDED_SIZE);
    printf("rss %ld %ld\nready\n", before, after);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
