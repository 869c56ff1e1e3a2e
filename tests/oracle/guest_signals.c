/* guest_signals.c -- signal handlers that allocate, on small stacks and in the midst of things.
 *
 * Oracle program: what it prints and how it ends must be the same under the tracer.
 *
 *     guest_signals small-stack      a handler on 8 KiB; then a thread with the least stack
 *     guest_signals maps             a timer's handler maps pages for good while main maps, too;
 *                                    prints handler_map<TAB>count<TAB>bytes
 *     guest_signals unmaps           the handler takes away what main mapped: as much as
 *                                    unmapped_site<TAB>count<TAB>bytes is left
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { ALTERNATE = 8192, PAGE = 4096, ROUNDS = 3000, MINE = 6000 };

static void *volatile kept;
static volatile int rounds, next_mine;
static void *mine[MINE];

#define MAP_PAGE() mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

static void say(const char *function, int count)
{
    printf("%s\t%d\t%ld\n", function, count, (long)count * PAGE);
}

static void handle_and_allocate(int number)
{
    kept = malloc(33);
    free(kept);
    kept = calloc(3, 1111);
    kept = realloc(kept, 4444);
}

static void *little_stack(void *unused)
{
    kept = malloc(5555);
    kept = calloc(1, 10);
    return unused;
}

/* The page below the stack catches what runs over. */
static int small_stack(void)
{
    unsigned char *area = mmap(NULL, 3 * ALTERNATE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(area + ALTERNATE, ALTERNATE, PROT_READ | PROT_WRITE);
    stack_t stack = {.ss_sp = area + ALTERNATE, .ss_size = ALTERNATE};
    struct sigaction action = {.sa_handler = handle_and_allocate, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    puts("handled");

    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
    if (pthread_create(&thread, &attributes, little_stack, NULL) == 0)
        pthread_join(thread, NULL);
    puts("joined");
    return 0;
}

static void start_timer(void (*handler)(int), long microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    signal(SIGALRM, microseconds ? handler : SIG_IGN);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void handler_map(int number)
{
    if (rounds < ROUNDS && MAP_PAGE() != MAP_FAILED)
        rounds++;
}

static int maps(void)
{
    start_timer(handler_map, 100);
    while (rounds < ROUNDS)
        munmap(MAP_PAGE(), PAGE);
    start_timer(NULL, 0);
    say("handler_map", rounds);
    return 0;
}

static void handler_unmap(int number)
{
    if (next_mine < MINE)
        munmap(mine[next_mine++], PAGE);
}

static void unmapped_site(void)
{
    for (int i = 0; i < MINE; i++)
        mine[i] = MAP_PAGE();
}

/* Main does nothing but allocate; the handler often comes while a call of main's is under way. */
static int unmaps(void)
{
    unmapped_site();
    start_timer(handler_unmap, 100);
    while (next_mine < MINE) {
        kept = malloc(50);
        free(kept);
    }
    start_timer(NULL, 0);
    say("unmapped_site", 0);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "small-stack") == 0)
        return small_stack();
    if (argc > 1 && strcmp(argv[1], "maps") == 0)
        return maps();
    if (argc > 1 && strcmp(argv[1], "unmaps") == 0)
        return unmaps();
    return 2;
}
