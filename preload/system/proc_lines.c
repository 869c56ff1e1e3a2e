/* proc_lines.c -- proc_lines.h.  Stage: helper thread.  Context: no allocation, no libc. */
#include "proc_lines.h"

#include <fcntl.h>
#include <string.h>

#include "prim.h"
#include "text.h"

bool lr_proc_open(struct lr_proc_lines *lines, const char *path)
{
    lines->fd = lr_prim_open(path, O_RDONLY | O_CLOEXEC, 0);
    lines->begin = lines->end = 0;
    lines->skipping = false;
    return lines->fd >= 0;
}

void lr_proc_close(struct lr_proc_lines *lines)
{
    if (lines->fd >= 0)
        lr_prim_close(lines->fd);
    lines->fd = -1;
}

/* More bytes behind those that are there; false at the end. */
static bool fill(struct lr_proc_lines *lines)
{
    if (lines->begin > 0) {
        memmove(lines->bytes, lines->bytes + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->fd < 0)
        return false;
    long got = lr_prim_read(lines->fd, lines->bytes + lines->end,
                            sizeof lines->bytes - 1 - lines->end);
    if (got <= 0) {
        lr_proc_close(lines);
        return false;
    }
    lines->end += (size_t)got;
    return true;
}

static char *take(struct lr_proc_lines *lines, size_t length, size_t with_end)
{
    char *line = lines->bytes + lines->begin;
    line[length] = '\0';
    lines->begin += with_end;
    return line;
}

char *lr_proc_next(struct lr_proc_lines *lines)
{
    for (;;) {
        char *line = lines->bytes + lines->begin;
        size_t left = lines->end - lines->begin;
        char *newline = left ? memchr(line, '\n', left) : NULL;
        if (newline && lines->skipping) {
            lines->skipping = false;
            lines->begin += (size_t)(newline - line) + 1;
            continue;
        }
        if (newline)
            return take(lines, (size_t)(newline - line), (size_t)(newline - line) + 1);
        if (left == sizeof lines->bytes - 1) {
            bool again = lines->skipping;
            lines->skipping = true;
            line = take(lines, left, left);
            if (!again)
                return line;
            continue;
        }
        if (!fill(lines))
            break;
    }
    size_t left = lines->end - lines->begin;
    return left && !lines->skipping ? take(lines, left, left) : NULL;
}

bool lr_proc_value(const char *line, const char *key, uint64_t unit, uint64_t *value)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0)
        return false;
    line += length;
    if (*line != ':' && *line != ' ' && *line != '=')
        return false;
    while (*line == ':' || *line == ' ' || *line == '\t' || *line == '=')
        line++;
    if (*line < '0' || *line > '9')
        return false;
    *value = lr_text_number(&line) * unit;
    return true;
}

bool lr_proc_number(const char *path, uint64_t *value)
{
    char text[32];
    if (lr_prim_slurp(path, text, sizeof text) <= 0)
        return false;
    const char *at = text;
    *value = *at >= '0' && *at <= '9' ? lr_text_number(&at) : UINT64_MAX;
    return *value != UINT64_MAX || strncmp(text, "max", 3) == 0;
}
