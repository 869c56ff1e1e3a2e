/* vfork_first.c -- threads whose first allocation is made in a vfork's child, which has their memory
 * and their TLS for a moment, and then dies.
 *
 * Oracle program: afterwards each thread allocates at ever other stacks, all at once, and keeps some
 * blocks.  Prints `function<TAB>count<TAB>bytes`, then `ready`.
 *
 *     vfork_first exit|wait ROUNDS
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, DEPTH = 14, KEPT_EACH = 100, SIZE = 72 };

static pthread_barrier_t together;
static unsigned rounds;
static void *volatile sink;

static void born_in_a_child(void)
{
    pid_t child = vfork();
    if (child == 0) {
        sink = malloc(10);
        free(sink);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void kept_site(unsigned path, unsigned depth);
static void to_the_left(unsigned path, unsigned depth)
{
    kept_site(path, depth);
    sink = NULL;
}
static void to_the_right(unsigned path, unsigned depth)
{
    kept_site(path, depth);
    sink = NULL;
}
static void kept_site(unsigned path, unsigned depth)
{
    void *block = NULL;
    if (depth && path & 1)
        to_the_left(path >> 1, depth - 1);
    else if (depth)
        to_the_right(path >> 1, depth - 1);
    else
        block = malloc(SIZE);
    if (block && path % KEPT_EACH)
        free(block);
    sink = NULL;
}

static void *run(void *number)
{
    born_in_a_child();
    pthread_barrier_wait(&together);
    for (unsigned i = 0; i < rounds; i++)
        kept_site((unsigned)(i * THREADS + (size_t)number) % (1 << DEPTH) |
                      i % (KEPT_EACH + 1) << DEPTH,
                  DEPTH);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc < 3)
        return 2;
    rounds = (unsigned)atoi(argv[2]);
    pthread_barrier_init(&together, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
            abort();
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    unsigned kept = 0;
    for (unsigned i = 0; i < rounds; i++)
        kept += i % (KEPT_EACH + 1) % KEPT_EACH == 0;
    printf("kept_site\t%u\t%u\nready\n", kept * THREADS, kept * THREADS * SIZE);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
