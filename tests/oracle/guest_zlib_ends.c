/* guest_zlib_ends.c -- which calls end a zlib stream, and which only look so.
 *
 * Oracle program: prints `function<TAB>acquired<TAB>released<TAB>live` and what each call said.
 *
 * build: -lz
 */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { COUNT = 10 };

static unsigned char window[32768];

static z_stream *new_stream(void)
{
    return calloc(1, sizeof(z_stream));
}

static void say(const char *function, int released, int answer)
{
    printf("%s\t%d\t%d\t%d\n", function, COUNT, released, COUNT - released);
    printf("answer %d\n", answer);
}

/* inflateEnd answers Z_STREAM_ERROR and frees nothing. */
static void back_by_wrong_end(void)
{
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        inflateBackInit(stream, 15, window);
        answer = inflateEnd(stream);
    }
    say("back_by_wrong_end", 0, answer);
}

static void back_by_right_end(void)
{
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        inflateBackInit(stream, 15, window);
        inflateEnd(stream);
        answer = inflateBackEnd(stream);
    }
    say("back_by_right_end", COUNT, answer);
}

static void inflate_by_deflate_end(void)
{
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        inflateInit(stream);
        answer = deflateEnd(stream);
    }
    say("inflate_by_deflate_end", 0, answer);
}

/* In the midst of its work deflateEnd answers Z_DATA_ERROR, and yet frees everything. */
static void busy_deflate(void)
{
    static unsigned char input[1000], output[10];
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        deflateInit(stream, 6);
        stream->next_in = input;
        stream->avail_in = sizeof input;
        stream->next_out = output;
        stream->avail_out = sizeof output;
        deflate(stream, Z_NO_FLUSH);
        answer = deflateEnd(stream);
    }
    say("busy_deflate", COUNT, answer);
}

static void ended_twice(void)
{
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        deflateInit(stream, 6);
        deflateEnd(stream);
        answer = deflateEnd(stream);
    }
    say("ended_twice", COUNT, answer);
}

static z_stream *victims[COUNT];
static int ended;

/* As a pool does that makes room by ending what nobody uses. */
static void *end_another(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    if (ended < COUNT)
        inflateEnd(victims[ended++]);
    return calloc(count, size);
}

static void free_block(void *opaque, void *block)
{
    (void)opaque;
    free(block);
}

static void ended_inside_another_init(void)
{
    for (int i = 0; i < COUNT; i++)
        inflateInit(victims[i] = new_stream());
    say("ended_inside_another_init", COUNT, Z_OK);
}

static void other_init(void)
{
    int answer = 0;
    for (int i = 0; i < COUNT; i++) {
        z_stream *stream = new_stream();
        stream->zalloc = end_another;
        stream->zfree = free_block;
        inflateInit(stream);
        answer = inflateEnd(stream);
    }
    say("other_init", COUNT, answer);
}

int main(void)
{
    back_by_wrong_end();
    back_by_right_end();
    inflate_by_deflate_end();
    busy_deflate();
    ended_twice();
    ended_inside_another_init();
    other_init();
    return 0;
}
