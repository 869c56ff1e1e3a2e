/* many_threads.c -- ten thousand short-lived threads, each leaving one block behind.
 *
 * Oracle program: each thread keeps a block in `thread_site` and frees one that an earlier thread
 * allocated in `passed_on`.  Prints `function<TAB>count<TAB>bytes` and `ready`.
 *
 *     many_threads exit|wait [COUNT]
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE = 8 };

static void *baton; /* exchanged atomically */

static void *thread_site(unsigned i)
{
    return malloc(24 + i % 8);
}

static void *passed_on(void)
{
    return malloc(300);
}

static void *work(void *argument)
{
    void *volatile kept = thread_site((unsigned)(uintptr_t)argument);
    if (!kept)
        abort();
    free(__atomic_exchange_n(&baton, passed_on(), __ATOMIC_ACQ_REL));
    return NULL;
}

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
    unsigned long long bytes = 0;
    if (argc < 2)
        return 2;
    for (unsigned i = 0; i < count; i += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (unsigned t = 0; t < AT_ONCE; t++)
            if (pthread_create(&threads[t], NULL, work, (void *)(uintptr_t)(i + t)) != 0)
                abort();
        for (unsigned t = 0; t < AT_ONCE; t++) {
            pthread_join(threads[t], NULL);
            bytes += 24 + (i + t) % 8;
        }
    }
    count = (count + AT_ONCE - 1) / AT_ONCE * AT_ONCE;
    printf("thread_site\t%u\t%llu\npassed_on\t1\t300\nready\n", count, bytes);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
