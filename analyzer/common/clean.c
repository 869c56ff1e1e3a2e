/* clean.c -- texts of others, made safe to print (clean.h).
 *
 * Stage: all.  Context: analyzer only.
 */
#include "clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Characters that turn the direction of writing (Unicode's bidirectional controls): by them a name
 * can look like another. */
static bool turns(uint32_t character)
{
    return character == 0x61c || character == 0x200e || character == 0x200f ||
           (character >= 0x202a && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

/* Length of the well-formed UTF-8 character at `bytes` (1 … 4), 0 when it isn't one. */
static size_t utf8_length(const unsigned char *bytes, size_t available)
{
    static const struct {
        unsigned char mask, lead, length;
        uint32_t smallest;
    } forms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    if (bytes[0] < 0x80)
        return 1;
    for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
        if ((bytes[0] & forms[f].mask) != forms[f].lead)
            continue;
        if (available < forms[f].length)
            return 0;
        uint32_t character = bytes[0] & (unsigned char)~forms[f].mask;
        for (size_t i = 1; i < forms[f].length; i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return 0;
            character = character << 6 | (bytes[i] & 0x3f);
        }
        bool surrogate = character >= 0xd800 && character <= 0xdfff;
        bool control = character >= 0x80 && character <= 0x9f;
        if (character < forms[f].smallest || character > 0x10ffff || surrogate || control ||
            turns(character))
            return 0;
        return forms[f].length;
    }
    return 0;
}

char *lr_text_clean(const unsigned char *bytes, size_t length)
{
    char *clean = malloc(length + 1);
    if (clean == NULL)
        return NULL;
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length(bytes + i, length - i);
        if (step == 0 || (step == 1 && (bytes[i] < 0x20 || bytes[i] == 0x7f))) {
            clean[i++] = '?';
            continue;
        }
        memcpy(clean + i, bytes + i, step);
        i += step;
    }
    clean[length] = '\0';
    return clean;
}
