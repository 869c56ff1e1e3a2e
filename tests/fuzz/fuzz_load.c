/* fuzz_load.c -- libFuzzer target: whatever the bytes, the loader refuses them in one line or
 * hands out nothing but what load.h promises.
 *
 * Stage: fuzzing of LOAD.  Build and run: `make fuzz`.
 *
 * A random file would never get past the checksum.  So the input is not the file but a list of
 * changes to a good one: 4 bytes of place, 1 byte of length, that many bytes to put there; bit 31
 * of the place asks for the checksum to be made right again at the end.  An input that begins
 * with the magic is taken as a file itself, so that real traces can be put into the corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "make_trace.h"
#include "walk_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_load: %s\n", what);
        abort();
    }
}

static void look_at(const unsigned char *bytes, size_t size)
{
    struct lr_trace *trace;
    struct lr_error error = {{0}, {0}};
    enum lr_status status = lr_trace_open_bytes(bytes, size, "fuzz.lkr", &trace, &error);
    if (status == LR_OK) {
        struct lr_walk walk;
        lr_walk_trace(trace, &walk);
        lr_trace_close(trace);
        return;
    }
    must(trace == NULL, "a trace came with an error");
    must(error.text[0] != '\0' && strchr(error.text, '\n') == NULL, "not one line of error");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 8 && memcmp(data, LR_MAGIC, 8) == 0) {
        look_at(data, size);
        return 0;
    }
    struct lr_make *make = lr_make_sample();
    size_t file_size;
    unsigned char *bytes = lr_make_bytes(make, &file_size);
    int seal = 0;
    while (size > 5) {
        uint32_t place;
        memcpy(&place, data, sizeof(place));
        size_t length = data[4] % 33u;
        data += 5;
        size -= 5;
        if (length > size)
            length = size;
        seal |= place >> 31 != 0;
        /* Half of the changes go to the first pages of a section, where the records are. */
        size_t at = (place & 0x7fffffffu) % file_size;
        if ((place & 0x40000000u) != 0)
            at = at / LR_PAGE * LR_PAGE + at % 64;
        if (at + length <= file_size)
            memcpy(bytes + at, data, length);
        data += length;
        size -= length;
    }
    if (seal)
        lr_make_seal(make);
    look_at(bytes, file_size);
    lr_make_free(make);
    return 0;
}
