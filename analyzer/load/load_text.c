/* load_text.c -- strings of a trace, made safe to print.
 *
 * Stage: LOAD.  Context: analyzer only.
 * Names come from the traced process and may hold anything (clean.h).  They are cleaned once, here,
 * so that every emitter may print them as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "load_internal.h"

/* The record of string `id`: its bytes and length; false when the id is no such record's. */
static bool string_record(const struct lr_trace *trace, uint32_t id, const unsigned char **bytes,
                          uint32_t *length)
{
    const struct lr_part *part = &trace->parts[LR_SEC_STRINGS];
    if (id % 4 != 0 || part->count < sizeof(*length) || id > part->count - sizeof(*length))
        return false;
    memcpy(length, part->bytes + id, sizeof(*length));
    *bytes = part->bytes + id + sizeof(*length);
    return *length <= LR_STRING_MAX && *length <= part->count - sizeof(*length) - id;
}

bool lr_string_valid(const struct lr_trace *trace, uint32_t id)
{
    const unsigned char *bytes;
    uint32_t length;
    /* A file without any string has no record 0 either, and that is not damage. */
    return id == 0 || string_record(trace, id, &bytes, &length);
}

const char *lr_trace_string(const struct lr_trace *trace, uint32_t id)
{
    const unsigned char *bytes;
    uint32_t length;
    if (id == 0 || !string_record(trace, id, &bytes, &length) || length == 0)
        return "";
    char **slot = &trace->strings[id / 4];
    if (*slot == NULL)
        *slot = lr_text_clean(bytes, length);
    return *slot != NULL ? *slot : "";
}
