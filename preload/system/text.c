/* text.c -- text.h: bounded string building for paths and the one line of complaint. */
#include "text.h"

#include <errno.h>
#include <string.h>

struct lr_text lr_text_in(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct lr_text){.bytes = buffer, .size = size};
}

void lr_text_add_bytes(struct lr_text *text, const char *bytes, size_t length)
{
    size_t room = text->size - 1 - text->length;
    if (length > room) {
        length = room;
        text->cut = true;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void lr_text_add(struct lr_text *text, const char *string)
{
    lr_text_add_bytes(text, string, strlen(string));
}

void lr_text_add_printable(struct lr_text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        lr_text_add_bytes(text, byte < ' ' || byte == 0x7f ? "?" : &bytes[i], 1);
    }
}

void lr_text_add_number(struct lr_text *text, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    lr_text_add_bytes(text, digits + at, sizeof digits - at);
}

bool lr_text_starts(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

const char *lr_text_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool lr_text_glob(const char *pattern, const char *end, const char *string)
{
    const char *star = NULL, *retry = NULL;
    while (*string) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            retry = string;
        } else if (pattern < end && (*pattern == '?' || *pattern == *string)) {
            pattern++;
            string++;
        } else if (star) {
            pattern = star;
            string = ++retry;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

uint64_t lr_text_number(const char **string)
{
    uint64_t number = 0;
    while (**string >= '0' && **string <= '9')
        number = number * 10 + (uint64_t)(*(*string)++ - '0');
    return number;
}

const char *lr_text_errno(int error)
{
    switch (error < 0 ? -error : error) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case EROFS:
        return "read-only file system";
    case ENOSPC:
        return "no space left on the file system";
    case EDQUOT:
        return "disk quota exceeded";
    case EFBIG:
        return "larger than the file size limit (ulimit -f)";
    case ENOENT:
        return "no such directory";
    case ENOTDIR:
        return "not a directory";
    case EEXIST:
        return "the file exists";
    case ENOTBLK:
        return "something that isn't a regular file is there";
    case ELOOP:
        return "a symbolic link is in the way";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case ENOMEM:
        return "not enough memory";
    case EOPNOTSUPP:
        return "the file system can't reserve space";
    case ENAMETOOLONG:
        return "the name is too long";
    default:
        return "the system refused";
    }
}
