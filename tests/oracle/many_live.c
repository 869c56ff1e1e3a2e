/* many_live.c -- more live blocks than a small trace has room for.
 *
 * Oracle program: prints `function<TAB>count<TAB>bytes` of what is live at the end, then `ready`.
 * A quarter of the blocks is freed again.  A second thread exists, so that the tracer has one too.
 *
 *     many_live exit|wait BLOCKS
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *kept_site(size_t size)
{
    void *block = malloc(size);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return block;
}

static size_t size_of(uint64_t block)
{
    return 16 + block % 50 * 8;
}

static void *nothing(void *unused)
{
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 3)
        return 2;
    uint64_t blocks = strtoull(argv[2], NULL, 10), count = 0, bytes = 0;
    void **kept = calloc(blocks, sizeof *kept);
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    for (uint64_t i = 0; i < blocks; i++)
        if (!(kept[i] = kept_site(size_of(i))))
            abort();
    for (uint64_t i = 0; i < blocks; i++) {
        if (i % 4 == 3) {
            free(kept[i]);
            continue;
        }
        count++;
        bytes += size_of(i);
    }
    printf("kept_site\t%llu\t%llu\nready\n", (unsigned long long)count,
           (unsigned long long)bytes);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
