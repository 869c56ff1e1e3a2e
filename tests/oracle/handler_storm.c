/* handler_storm.c -- timers at 10 kHz on each thread, whose handler allocates and frees.
 *
 * Oracle program: the threads allocate and free at ever other stacks, map and unmap, until each was
 * interrupted CALLS times.  Prints `function<TAB>count<TAB>bytes` of what they keep (`worker_site`
 * before the storm, `after_site` after it), `handler_site COUNT` of what handlers keep, then
 * `ready`.
 *
 *     handler_storm exit|wait MODE CALLS
 *
 * MODE: any (whenever the signal comes: right only with safe_allocator behind), alternate (the same,
 * on stacks of their own), outside (not inside calls of the C library: right with any allocator),
 * jump (handlers allocate nothing, but leave by siglongjmp: safe_allocator).
 *
 * build: -Wl,-z,now -lrt
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3, KEPT = 20, KEPT_EACH = 8, SIZE = 48, PERIOD_NS = 100000, STACK = 64 << 10 };

static const char *mode;
static unsigned wanted;
static unsigned kept_by_handlers;
static __thread volatile unsigned calls;
static __thread sigjmp_buf point;
static __thread volatile bool may_jump;
static void *volatile sink;

static bool is(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void *handler_site(void)
{
    return malloc(SIZE);
}

static void handle(int number)
{
    calls++;
    if (may_jump)
        siglongjmp(point, 1);
    if (is("jump"))
        return;
    void *mine = handler_site(), *other = calloc(3, 20);
    other = realloc(other, 200);
    free(other);
    if (calls % KEPT_EACH)
        free(mine);
    else
        __atomic_fetch_add(&kept_by_handlers, 1, __ATOMIC_RELAXED);
}

static void hold(int how)
{
    sigset_t set;
    if (!is("outside"))
        return;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(how, &set, NULL);
}

/* Many stacks: the bits of `path` choose the way down. */
static void worker_churn(unsigned path, unsigned depth);
static void to_the_left(unsigned path, unsigned depth)
{
    worker_churn(path, depth);
    sink = NULL;
}
static void to_the_right(unsigned path, unsigned depth)
{
    worker_churn(path, depth);
    sink = NULL;
}
static void worker_churn(unsigned path, unsigned depth)
{
    if (depth && path & 1)
        to_the_left(path >> 1, depth - 1);
    else if (depth)
        to_the_right(path >> 1, depth - 1);
    else
        free(sink = malloc(100 + path));
    sink = NULL;
}

static void map_and_unmap(void)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        munmap(page, 4096);
}

static void churn(void)
{
    for (volatile unsigned round = 0; calls < wanted; round++) {
        if (is("jump") && sigsetjmp(point, 1) != 0)
            may_jump = false;
        may_jump = is("jump");
        hold(SIG_BLOCK);
        worker_churn(round, 12);
        if (round % 16 == 0)
            map_and_unmap();
        hold(SIG_UNBLOCK);
    }
    may_jump = false;
}

static void worker_site(void)
{
    for (unsigned i = 0; i < KEPT; i++)
        sink = malloc(SIZE + 1);
}

static void after_site(void)
{
    for (unsigned i = 0; i < KEPT; i++)
        sink = malloc(SIZE + 2);
}

static timer_t start_timer(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    struct itimerspec often = {{0, PERIOD_NS}, {0, PERIOD_NS}};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &often, NULL) != 0)
        abort();
    return timer;
}

static pthread_barrier_t together;

static void *work(void *stack)
{
    stack_t alternate = {.ss_sp = stack, .ss_size = STACK};
    if (stack && sigaltstack(&alternate, NULL) != 0)
        abort();
    worker_site();
    pthread_barrier_wait(&together);
    timer_t timer = start_timer();
    churn();
    timer_delete(timer);
    free(sink = malloc(1)); /* whatever a jump left behind is noticed by now */
    pthread_barrier_wait(&together);
    after_site();
    return NULL;
}

int main(int argc, char **argv)
{
    static char stacks[THREADS][STACK];
    pthread_t threads[THREADS];
    if (argc < 4)
        return 2;
    mode = argv[2];
    wanted = (unsigned)atoi(argv[3]);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    pthread_barrier_init(&together, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, is("alternate") ? stacks[i] : NULL) != 0)
            abort();
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("worker_site\t%d\t%d\n", THREADS * KEPT, THREADS * KEPT * (SIZE + 1));
    printf("after_site\t%d\t%d\n", THREADS * KEPT, THREADS * KEPT * (SIZE + 2));
    printf("handler_site %u\nready\n", kept_by_handlers);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
