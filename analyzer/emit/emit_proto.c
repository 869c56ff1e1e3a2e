/* emit_proto.c -- emit_proto.h.
 *
 * Stage: EMIT.  Context: analyzer only.  https://protobuf.dev/programming-guides/encoding
 */
#include "emit_proto.h"

#include <stdlib.h>
#include <string.h>

#include "gzip.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

static void append(struct lr_proto *message, const void *bytes, size_t length)
{
    if (message->room - message->length < length) {
        size_t room = 2 * message->room + length + 64;
        unsigned char *larger = realloc(message->bytes, room);

        if (!larger) {
            message->no_memory = true;
            return;
        }
        message->bytes = larger;
        message->room = room;
    }
    if (length > 0)
        memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
void lr_proto_varint(struct lr_proto *message, uint64_t value)
{
    unsigned char bytes[10];
    size_t length = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (unsigned char)(value | 0x80);
    bytes[length++] = (unsigned char)value;
    append(message, bytes, length);
}

static void put_key(struct lr_proto *message, unsigned field, unsigned wire)
{
    lr_proto_varint(message, field << 3 | wire);
}

void lr_proto_number(struct lr_proto *message, unsigned field, uint64_t value)
{
    if (value == 0)
        return;
    put_key(message, field, WIRE_VARINT);
    lr_proto_varint(message, value);
}

static void put_bytes(struct lr_proto *message, unsigned field, const void *bytes, size_t length)
{
    put_key(message, field, WIRE_LENGTH);
    lr_proto_varint(message, length);
    append(message, bytes, length);
}

void lr_proto_text(struct lr_proto *message, unsigned field, const char *text)
{
    put_bytes(message, field, text, strlen(text));
}

void lr_proto_message(struct lr_proto *message, unsigned field, struct lr_proto *inner)
{
    message->no_memory |= inner->no_memory;
    put_bytes(message, field, inner->bytes, inner->length);
    free(inner->bytes);
    *inner = (struct lr_proto){0};
}

enum lr_status lr_proto_gzip(struct lr_proto *message, FILE *out, struct lr_error *error)
{
    unsigned char *packed = NULL;
    size_t size = 0;
    enum lr_status status = message->no_memory
                                ? lr_fail(error, LR_FAILED, "out of memory")
                                : lr_gzip(message->bytes, message->length, &packed, &size, error);

    if (status == LR_OK)
        fwrite(packed, 1, size, out); /* ferror is the caller's */
    free(packed);
    free(message->bytes);
    *message = (struct lr_proto){0};
    return status;
}
