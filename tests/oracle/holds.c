/* holds.c -- a program that keeps a known amount of memory at one line, beside others that come and
 * go, for the gate's tests under sampling.
 *
 *     holds BLOCKS SIZE
 *
 * Keeps BLOCKS blocks of SIZE bytes of kept(), having freed as many of passing().
 */
#include <stdio.h>
#include <stdlib.h>

static void **blocks;

static void *kept(size_t size)
{
    void *block = malloc(size);
    if (!block)
        abort();
    return block;
}

static void *passing(size_t size)
{
    void *block = malloc(size);
    if (!block)
        abort();
    return block;
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 0, size = argc > 2 ? atol(argv[2]) : 1;

    blocks = calloc((size_t)count + 1, sizeof(*blocks));
    for (long i = 0; i < count; i++) {
        void *other = passing((size_t)size);
        blocks[i] = kept((size_t)size);
        free(other);
    }
    printf("%ld\n", count * size);
    return 0;
}
