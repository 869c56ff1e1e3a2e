/* oom_line.c -- reads a log line by line in bounded memory (see oom_line.h).
 *
 * Stage: first of `leakring oom`.  Context: analyzer only, one thread.
 */
#include "oom_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A whole line always fits behind what is left of the last block. */
#define BUFFER_SIZE (4u * LR_LINE_MAX)

enum lr_status lr_lines_open(struct lr_lines *lines, int fd, struct lr_error *error)
{
    memset(lines, 0, sizeof *lines);
    lines->fd = fd;
    lines->buffer = malloc(BUFFER_SIZE + 1);
    if (!lines->buffer)
        return lr_fail(error, LR_FAILED, "out of memory");
    return LR_OK;
}

void lr_lines_close(struct lr_lines *lines)
{
    free(lines->buffer);
    lines->buffer = NULL;
}

static enum lr_status fill(struct lr_lines *lines, struct lr_error *error)
{
    size_t kept = lines->end - lines->start;
    memmove(lines->buffer, lines->buffer + lines->start, kept);
    lines->start = 0;
    lines->end = kept;
    ssize_t got;
    do
        got = read(lines->fd, lines->buffer + kept, BUFFER_SIZE - kept);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return lr_fail(error, LR_UNREADABLE, "can't read: %s", strerror(errno));
    lines->eof = got == 0;
    lines->end += (size_t)got;
    lines->bytes += (uint64_t)got;
    return LR_OK;
}

/* The rest of a line that was cut is dropped up to its newline. */
static void skip_rest(struct lr_lines *lines)
{
    char *from = lines->buffer + lines->start;
    char *newline = memchr(from, '\n', lines->end - lines->start);
    if (newline) {
        lines->start += (size_t)(newline - from) + 1;
        lines->skipping = false;
    } else {
        lines->start = lines->end;
        if (lines->eof)
            lines->skipping = false;
    }
}

enum lr_status lr_lines_next(struct lr_lines *lines, char **text, size_t *length,
                             struct lr_error *error)
{
    for (;;) {
        if (lines->skipping)
            skip_rest(lines);
        char *from = lines->buffer + lines->start;
        size_t have = lines->end - lines->start;
        char *newline = lines->skipping ? NULL : memchr(from, '\n', have);
        size_t size = newline ? (size_t)(newline - from) : have;
        bool complete = newline || (lines->eof && have > 0);
        if (!lines->skipping && (complete || have >= LR_LINE_MAX)) {
            lines->start += size + (newline != NULL);
            if (size >= LR_LINE_MAX) {
                size = LR_LINE_MAX - 1;
                lines->cut++;
                lines->skipping = !newline;
            }
            from[size] = '\0';
            lines->number++;
            *text = from;
            *length = size;
            return LR_OK;
        }
        if (lines->eof)
            return LR_CANNOT_TELL;
        enum lr_status status = fill(lines, error);
        if (status != LR_OK)
            return status;
    }
}
