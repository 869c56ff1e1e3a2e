/* cases_native.c -- what looks like a leak, is one, or isn't, in a native program; as Cases.java.
 *
 * Oracle: cases_native CASE STOP [FILE], until the file STOP exists.
 *     mapped      maps the file FILE, again and again, and keeps it; prints
 *                 kept<TAB>function<TAB>line<TAB>times<TAB>bytes
 *     leak        200 times a second 1000 bytes, never freed; prints the same
 *     retention   64 threads allocate 2 MB each, all at once, and free it but for 512 bytes each
 *     startup     a megabyte at the start
 * What is kept is kept at a steady pace by the clock; who comes late catches up.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAPPED = 64 << 10, PER_SECOND = 20, LEAKED = 1000, LEAKS = 200, THREADS = 64, BLOCKS = 40, BYTES = 50000, REST = 512 };

static const char *stop;
static void *volatile kept;

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void ready(void)
{
    printf("pid\t%d\nREADY\n", getpid());
    fflush(stdout);
}

static void wait_for_end(void)
{
    while (access(stop, F_OK) != 0)
        usleep(5000);
}

/* Returns its line. */
static int keep_mapping(int file)
{
    char *at;

    const int line = __LINE__ + 1;
    kept = at = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        abort();
    for (int i = 0; i < MAPPED; i += 4096)
        at[i] = 1;
    return line;
}

static void map_files(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), line = 0;
    double begin = now();
    long times = 0;

    if (file < 0 || ftruncate(file, MAPPED) != 0)
        abort();
    ready();
    while (access(stop, F_OK) != 0) {
        for (; (double)times < (now() - begin) * PER_SECOND; times++)
            line = keep_mapping(file);
        usleep(5000);
    }
    printf("kept\tkeep_mapping\t%d\t%ld\t%ld\n", line, times, times * MAPPED);
}

/* Returns its line. */
static int forget_block(void)
{
    const int line = __LINE__ + 1;
    kept = malloc(LEAKED);
    if (!kept)
        abort();
    memset(kept, 1, LEAKED);
    return line;
}

static void leak(void)
{
    double begin = now();
    long times = 0;
    int line = 0;

    ready();
    while (access(stop, F_OK) != 0) {
        for (; (double)times < (now() - begin) * LEAKS; times++)
            line = forget_block();
        usleep(5000);
    }
    printf("kept\tforget_block\t%d\t%ld\t%ld\n", line, times, times * LEAKED);
}

static pthread_barrier_t all;

static void *allocate(void *unused)
{
    void *blocks[BLOCKS];

    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BYTES);
        memset(blocks[i], 1, BYTES);
    }
    kept = malloc(REST);
    pthread_barrier_wait(&all);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return unused;
}

static void retain(void)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&all, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, allocate, NULL) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ready();
    wait_for_end();
}

static void start_up(void)
{
    for (int i = 0; i < 1024; i++)
        kept = malloc(1024);
    ready();
    wait_for_end();
}

/* A program with threads has the tracer's one, too. */
static void *sleep_on(void *unused)
{
    pause();
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;

    if (argc < 3 || pthread_create(&thread, NULL, sleep_on, NULL) != 0)
        return 2;
    stop = argv[2];
    if (strcmp(argv[1], "mapped") == 0 && argc > 3)
        map_files(argv[3]);
    else if (strcmp(argv[1], "leak") == 0)
        leak();
    else if (strcmp(argv[1], "retention") == 0)
        retain();
    else if (strcmp(argv[1], "startup") == 0)
        start_up();
    else
        return 2;
    puts("END");
    fflush(stdout);
    return 0;
}
