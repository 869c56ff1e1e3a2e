/* zlib_pairs.c -- zlib streams that are ended, forgotten, copied, reused, ended elsewhere.
 *
 * Oracle program: prints `function<TAB>acquired<TAB>released<TAB>live<TAB>live_bytes`, then
 * `ready`.  The streams allocate through hooks that count, so the bytes are what zlib really
 * holds.  Acquisitions belong to the function that made them.
 *
 *     zlib_pairs exit|wait
 *
 * build: -lz
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { MAX_BLOCKS = 4096 };

struct tally {
    const char *function;
    uint64_t acquired, released, bytes;
};

struct block {
    void *address;
    size_t size;
    struct tally *owner;
};
static struct block blocks[MAX_BLOCKS];
static struct tally tallies[32];
static unsigned tally_count;

static struct tally *tally_of(const char *function)
{
    for (unsigned i = 0; i < tally_count; i++)
        if (strcmp(tallies[i].function, function) == 0)
            return &tallies[i];
    tallies[tally_count].function = function;
    return &tallies[tally_count++];
}

static void *counting_alloc(void *opaque, unsigned items, unsigned size)
{
    struct block *block = blocks;
    while (block->address)
        block++;
    if (block == blocks + MAX_BLOCKS - 1)
        abort();
    *block = (struct block){malloc((size_t)items * size), (size_t)items * size, opaque};
    block->owner->bytes += block->size;
    return block->address;
}

static void counting_free(void *opaque, void *address)
{
    struct block *block = blocks;
    while (block->address != address)
        block++;
    block->owner->bytes -= block->size;
    block->address = NULL;
    free(address);
}

/* A new, not yet acquired stream that counts for `function`. */
static z_stream *new_stream(const char *function)
{
    z_stream *stream = calloc(1, sizeof *stream);
    stream->zalloc = counting_alloc;
    stream->zfree = counting_free;
    stream->opaque = tally_of(function);
    return stream;
}

static void must(int status)
{
    if (status != Z_OK && status != Z_STREAM_END)
        abort();
}

static void acquired(z_stream *stream, int status)
{
    must(status);
    ((struct tally *)stream->opaque)->acquired++;
}

/* deflateEnd says Z_DATA_ERROR when output was pending; the stream is gone all the same. */
static void released(z_stream *stream, int status)
{
    if (status != Z_OK && status != Z_DATA_ERROR)
        abort();
    ((struct tally *)stream->opaque)->released++;
}

static unsigned char packed[4096], text[100000];
static unsigned long packed_size = sizeof packed;

/* The window of 32 KiB is allocated here, not in inflateInit. */
static void use_inflate(z_stream *stream)
{
    unsigned char out[50000];
    stream->next_in = packed;
    stream->avail_in = (unsigned)packed_size;
    stream->next_out = out;
    stream->avail_out = sizeof out;
    must(inflate(stream, Z_NO_FLUSH));
}

static void inflate_forgotten(void)
{
    for (int i = 0; i < 7; i++) {
        z_stream *stream = new_stream(__func__);
        acquired(stream, inflateInit(stream));
        if (i < 4)
            use_inflate(stream);
    }
}

static void inflate_ended(void)
{
    for (int i = 0; i < 5; i++) {
        z_stream *stream = new_stream(__func__);
        acquired(stream, inflateInit2(stream, 47));
        use_inflate(stream);
        released(stream, inflateEnd(stream));
        free(stream);
    }
}

static void inflate_copied(void)
{
    z_stream *source = new_stream(__func__);
    acquired(source, inflateInit(source));
    use_inflate(source);
    for (int i = 0; i < 4; i++) {
        z_stream *copy = new_stream(__func__);
        acquired(copy, inflateCopy(copy, source));
        if (i == 0)
            released(copy, inflateEnd(copy));
    }
    released(source, inflateEnd(source));
}

static void inflate_back(void)
{
    static unsigned char window[32768];
    for (int i = 0; i < 3; i++) {
        z_stream *stream = new_stream(__func__);
        acquired(stream, inflateBackInit(stream, 15, window));
        if (i == 0)
            released(stream, inflateBackEnd(stream));
    }
}

/* The same z_stream is initialized again and again: each but the last can never be ended. */
static void inflate_again(void)
{
    z_stream *stream = new_stream(__func__);
    for (int i = 0; i < 6; i++)
        acquired(stream, inflateInit(stream));
    released(stream, inflateEnd(stream));
}

/* A failing acquisition acquires nothing. */
static void inflate_refused(void)
{
    for (int i = 0; i < 3; i++) {
        z_stream *stream = new_stream(__func__);
        if (inflateInit2(stream, 99) == Z_OK)
            abort();
        free(stream);
    }
}

static void deflate_forgotten(void)
{
    for (int i = 0; i < 3; i++) {
        z_stream *stream = new_stream(__func__);
        acquired(stream, deflateInit(stream, 6));
    }
}

static void deflate_ended(void)
{
    for (int i = 0; i < 4; i++) {
        z_stream *stream = new_stream(__func__);
        acquired(stream, deflateInit2(stream, 9, Z_DEFLATED, -12, 5, Z_DEFAULT_STRATEGY));
        released(stream, deflateEnd(stream));
    }
}

static void deflate_copied(void)
{
    z_stream *source = new_stream(__func__);
    acquired(source, deflateInit(source, 1));
    for (int i = 0; i < 2; i++) {
        z_stream *copy = new_stream(__func__);
        acquired(copy, deflateCopy(copy, source));
    }
    released(source, deflateEnd(source));
}

static void *end_stream(void *stream)
{
    released(stream, inflateEnd(stream));
    return NULL;
}

static void ended_by_thread(void)
{
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        z_stream *stream = new_stream(__func__);
        acquired(stream, inflateInit(stream));
        pthread_create(&thread, NULL, end_stream, stream);
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (unsigned char)(i % 7);
    must(compress(packed, &packed_size, text, sizeof text));
    inflate_forgotten();
    inflate_ended();
    inflate_copied();
    inflate_back();
    inflate_again();
    inflate_refused();
    deflate_forgotten();
    deflate_ended();
    deflate_copied();
    ended_by_thread();
    for (unsigned i = 0; i < tally_count; i++) {
        struct tally *tally = &tallies[i];
        printf("%s\t%llu\t%llu\t%llu\t%llu\n", tally->function, (unsigned long long)tally->acquired,
               (unsigned long long)tally->released,
               (unsigned long long)(tally->acquired - tally->released),
               (unsigned long long)tally->bytes);
    }
    printf("ready\n");
    fflush(stdout);
    while (strcmp(argv[1], "wait") == 0)
        pause();
    return 0;
}
