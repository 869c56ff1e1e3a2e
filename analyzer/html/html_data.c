/* html_data.c -- html_data.h.  Stage: EMIT.  Context: analyzer only. */
#include "html_data.h"

#include <stdlib.h>

#include "emit_web.h"
#include "gzip.h"

enum { LINE = 96 };

static void put_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        unsigned three = (unsigned)bytes[i] << 16 |
                         (i + 1 < size ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (i + 2 < size ? bytes[i + 2] : 0);

        fputc(digits[three >> 18 & 63], out);
        fputc(digits[three >> 12 & 63], out);
        fputc(i + 1 < size ? digits[three >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[three & 63] : '=', out);
        if (i % LINE == LINE - 3)
            fputc('\n', out);
    }
}

/* What the script is given, with at most `top` places, compressed. */
static enum lr_status pack(const struct lr_model *model, const struct lr_diff *diff, unsigned top,
                           unsigned char **packed, size_t *packed_size, struct lr_error *error)
{
    char *json = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&json, &size);
    enum lr_status status;

    if (!memory)
        return lr_fail(error, LR_FAILED, "out of memory");
    status = lr_emit_web(memory, model, diff, top, error);
    if (fclose(memory) != 0 && status == LR_OK)
        status = lr_fail(error, LR_FAILED, "out of memory");
    if (status == LR_OK)
        status = lr_gzip(json, size, packed, packed_size, error);
    free(json);
    return status;
}

/* As many bytes as so many will be in base64, with its line ends. */
static size_t written_size(size_t size)
{
    size_t digits = (size + 2) / 3 * 4;

    return digits + digits / (LINE / 3 * 4) + 128;
}

enum lr_status lr_html_data(FILE *out, const struct lr_model *model, const struct lr_diff *diff,
                            size_t most, struct lr_error *error)
{
    static const unsigned tops[] = {20000, 10000, 5000, 2500, 1000, 300, 100, 1};
    unsigned char *packed = NULL;
    size_t size = 0;
    enum lr_status status = LR_OK;

    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]) && status == LR_OK; i++) {
        status = pack(model, diff, tops[i], &packed, &size, error);
        if (status == LR_OK && written_size(size) <= most)
            break;
        if (status == LR_OK)
            free(packed);
        packed = NULL;
    }
    if (packed) {
        fputs("<script type=\"application/gzip\" id=\"data\">\n", out);
        put_base64(out, packed, size);
        fputs("\n</script>\n", out);
    }
    free(packed);
    return status;
}
