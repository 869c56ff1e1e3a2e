/* gzip.c -- gzip.h.  Stage: EMIT.  Context: analyzer only. */
#include "gzip.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP = 16 };

enum lr_status lr_gzip(const void *bytes, size_t size, unsigned char **packed, size_t *packed_size,
                       struct lr_error *error)
{
    z_stream stream = {0};
    size_t room;

    *packed = NULL;
    if (size > UINT_MAX / 2)
        return lr_fail(error, LR_FAILED, "more than 2 GiB to compress");
    if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return lr_fail(error, LR_FAILED, "out of memory");
    room = deflateBound(&stream, size);
    *packed = malloc(room);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = *packed;
    stream.avail_out = (uInt)room;
    if (!*packed || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        deflateEnd(&stream);
        free(*packed);
        *packed = NULL;
        return lr_fail(error, LR_FAILED, "out of memory");
    }
    *packed_size = stream.total_out;
    deflateEnd(&stream);
    return LR_OK;
}
