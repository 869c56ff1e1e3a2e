/* forgets.c -- a program that ends many zlib streams and forgets some, for the gate's tests.
 *
 *     forgets LEAKED ENDED [SECONDS]
 *
 * Forgets LEAKED streams in forgetful() and ends ENDED in careful(), evenly spread over SECONDS.
 *
 * build: -lz
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

static void *kept; /* so that nothing is optimized away */

static void forgetful(void)
{
    z_stream *stream = calloc(1, sizeof(*stream));
    inflateInit(stream);
    kept = stream;
}

static void careful(void)
{
    z_stream stream = {0};
    inflateInit(&stream);
    inflateEnd(&stream);
}

int main(int argc, char **argv)
{
    long leaked = argc > 1 ? atol(argv[1]) : 0, ended = argc > 2 ? atol(argv[2]) : 0;
    double seconds = argc > 3 ? atof(argv[3]) : 0;
    long all = leaked + ended, done = 0;

    for (long i = 0; i < all; i++) {
        if ((i + 1) * leaked / all > done) {
            forgetful();
            done++;
        } else {
            careful();
        }
        if (seconds > 0) {
            long ns = (long)(seconds / (double)all * 1e9);
            struct timespec pause = {ns / 1000000000, ns % 1000000000};
            nanosleep(&pause, NULL);
        }
    }
    printf("forgot %ld of %ld\n", done, all);
    return 0;
}
