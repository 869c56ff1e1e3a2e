/* phases.c -- holds known amounts in each phase of its life, and says where the phases end.
 *
 * Job: oracle of tests/integration/test_mark.sh.
 * Usage: phases [wait]        then it goes on after READY, allocating now and then
 *
 * Site      warm-up    between    after     released between
 * warm_up   1000                            10
 * work                 300                  100
 * late                            77
 * session   10         50                   20 (demo.Session: numbers, not addresses)
 * Marks: warm, three times round, done.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../include/leakring/leakring.h"

enum { WARM = 1000, WORK = 300, LATE = 77 };
static void *warm_blocks[WARM], *work_blocks[WORK], *volatile late_blocks[LATE];

static void *volatile passing;

static void warm_up(void)
{
    for (int i = 0; i < WARM; i++)
        warm_blocks[i] = malloc(100);
}

static void work(void)
{
    for (int i = 0; i < WORK; i++)
        work_blocks[i] = malloc(2000);
}

static void late(void)
{
    for (int i = 0; i < LATE; i++)
        late_blocks[i] = malloc(3000);
}

static void session(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        lr_acquire("demo.Session", (void *)i);
}

static void drop(void **blocks, int count)
{
    for (int i = 0; i < count; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

int main(int argc, char **argv)
{
    warm_up();
    session(1, 11);
    lr_mark("warm");
    work();
    drop(warm_blocks, 10);
    for (int i = 0; i < 3; i++)
        lr_mark("round");
    session(11, 61);
    drop(work_blocks, 100);
    for (size_t i = 11; i < 31; i++)
        lr_release("demo.Session", (void *)i);
    lr_mark("done");
    late();
    puts("READY");
    fflush(stdout);
    while (argc > 1 && strcmp(argv[1], "wait") == 0) {
        passing = malloc(100);
        free(passing);
        usleep(20000);
    }
    return 0;
}
