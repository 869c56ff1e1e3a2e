/* zlib_left.c -- calls of zlib that the program leaves by longjmp, out of its allocator.
 *
 * Oracle program: prints `function<TAB>acquired<TAB>released<TAB>live` of streams, `memory function
 * count bytes` of blocks that belong to no stream, then `ready`.
 *
 *     zlib_left exit|wait
 *
 * build: -lz
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { TIMES = 10, DEEP = 40 };

static jmp_buf out;
static unsigned blocks_left; /* then the allocator leaves */
static void *volatile sink;

static void *leaving_alloc(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    if (blocks_left-- == 0)
        longjmp(out, 1);
    return calloc(count, size);
}

static void leaving_free(void *opaque, void *block)
{
    (void)opaque;
    free(block);
    if (blocks_left-- == 0)
        longjmp(out, 1);
}

static z_stream *new_stream(unsigned after)
{
    z_stream *stream = calloc(1, sizeof *stream);
    stream->zalloc = leaving_alloc;
    stream->zfree = leaving_free;
    blocks_left = after;
    return stream;
}

/* The stream never came to be. */
static void leave_an_init(void)
{
    if (setjmp(out) == 0)
        deflateInit(new_stream(0), 6);
}

static void memory_of_its_own(void)
{
    for (int i = 0; i < TIMES; i++)
        sink = malloc(111);
}

static void streams_afterwards(void)
{
    for (int i = 0; i < TIMES; i++)
        inflateInit(new_stream(100));
}

static void far_down(void (*function)(void), unsigned depth)
{
    char room[64];
    sink = room;
    if (depth)
        far_down(function, depth - 1);
    else
        function();
    sink = NULL;
}

static void memory_far_down(void)
{
    for (int i = 0; i < TIMES; i++)
        sink = malloc(222);
}

static void streams_far_down(void)
{
    for (int i = 0; i < TIMES; i++)
        deflateInit(new_stream(100), 1);
}

/* At the same place again and again, every other time to its end. */
static void every_other(void)
{
    for (volatile int i = 0; i < 2 * TIMES; i++)
        if (setjmp(out) == 0)
            inflateInit(new_stream(i % 2 ? 100 : 0));
}

static unsigned char packed[600];
static uLongf pack(void)
{
    static const unsigned char text[300] = "some text";
    uLongf size = sizeof packed;
    compress(packed, &size, text, sizeof text);
    return size;
}

/* The window is allocated by inflate(). */
static void leave_a_use(void)
{
    static unsigned char output[400];
    const uLongf size = pack();
    for (volatile int i = 0; i < TIMES; i++) {
        z_stream *volatile stream = new_stream(100);
        inflateInit(stream);
        stream->next_in = packed;
        stream->avail_in = (unsigned)size;
        stream->next_out = output;
        stream->avail_out = 100;
        blocks_left = 0;
        if (setjmp(out) == 0)
            inflate(stream, Z_NO_FLUSH);
        blocks_left = 100;
        inflateEnd(stream);
    }
}

/* Out of zfree: the stream is gone. */
static void leave_an_end(void)
{
    for (volatile int i = 0; i < TIMES; i++) {
        z_stream *stream = new_stream(100);
        inflateInit(stream);
        blocks_left = 0;
        if (setjmp(out) == 0)
            inflateEnd(stream);
    }
}

static void *exiting_alloc(void *opaque, unsigned count, unsigned size)
{
    (void)count, (void)size;
    pthread_exit(opaque);
}

static void *exit_in_a_call(void *unused)
{
    z_stream *stream = calloc(1, sizeof *stream);
    stream->zalloc = exiting_alloc;
    stream->zfree = leaving_free;
    deflateInit(stream, 6);
    return unused;
}

static void *thread_afterwards(void *unused)
{
    for (int i = 0; i < TIMES; i++)
        inflateInit(new_stream(100));
    return unused;
}

static void run_thread(void *(*function)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, NULL) != 0 || pthread_join(thread, NULL) != 0)
        abort();
}

static void say(const char *function, int acquired, int released)
{
    printf("%s\t%d\t%d\t%d\n", function, acquired, released, acquired - released);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    leave_an_init();
    memory_of_its_own();
    leave_an_init();
    streams_afterwards();
    leave_an_init();
    far_down(memory_far_down, DEEP);
    leave_an_init();
    far_down(streams_far_down, DEEP);
    every_other();
    leave_a_use();
    leave_an_end();
    run_thread(exit_in_a_call);
    run_thread(thread_afterwards);
    say("streams_afterwards", TIMES, 0);
    say("streams_far_down", TIMES, 0);
    say("every_other", TIMES, 0);
    say("leave_a_use", TIMES, TIMES);
    say("leave_an_end", TIMES, TIMES);
    say("thread_afterwards", TIMES, 0);
    printf("memory memory_of_its_own %d %d\n", TIMES, TIMES * 111);
    printf("memory memory_far_down %d %d\nready\n", TIMES, TIMES * 222);
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
