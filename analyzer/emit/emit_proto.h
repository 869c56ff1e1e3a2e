/* emit_proto.h -- protocol buffer messages, written field by field.
 *
 * Stage: EMIT, below emit_pprof.c.  Context: analyzer only.
 */
#ifndef LEAKRING_EMIT_PROTO_H
#define LEAKRING_EMIT_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "status.h"

/* All zero is an empty message. */
struct lr_proto {
    unsigned char *bytes;
    size_t length, room;
    bool no_memory; /* something is missing */
};

void lr_proto_varint(struct lr_proto *message, uint64_t value); /* for packed fields */
void lr_proto_number(struct lr_proto *message, unsigned field, uint64_t value); /* 0 is left out */
void lr_proto_text(struct lr_proto *message, unsigned field, const char *text);
/* Appends `inner` and frees it. */
void lr_proto_message(struct lr_proto *message, unsigned field, struct lr_proto *inner);
/* Writes it compressed, the same bytes for the same message, and frees it. */
enum lr_status lr_proto_gzip(struct lr_proto *message, FILE *out, struct lr_error *error);

#endif
