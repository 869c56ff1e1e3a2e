/* oom_line.h -- kernel messages out of log lines of every common kind.
 *
 * Stage: first of `leakring oom`, before oom_parse.c.  Context: analyzer only, one thread.
 * The input is streamed: memory is bounded by LR_LINE_MAX whatever the file's size.
 */
#ifndef LEAKRING_OOM_LINE_H
#define LEAKRING_OOM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define LR_LINE_MAX 65536u /* longer lines are cut, and counted */

struct lr_lines {
    int fd;
    uint64_t number; /* of the line returned last, from 1 */
    uint64_t bytes;  /* read so far */
    uint64_t cut;    /* lines that were longer than LR_LINE_MAX */
    /* private */
    char *buffer;
    size_t start, end;
    bool eof, skipping;
};

enum lr_status lr_lines_open(struct lr_lines *lines, int fd, struct lr_error *error);
void lr_lines_close(struct lr_lines *lines); /* leaves fd open */

/* The next line without its newline, terminated, in the reader's buffer until the next call (the
 * caller may write into it).  LR_OK, or LR_CANNOT_TELL at the end, or LR_UNREADABLE. */
enum lr_status lr_lines_next(struct lr_lines *lines, char **text, size_t *length,
                             struct lr_error *error);

/* What a log line is made of.  Pointers go into the line, which is changed: strings of JSON are
 * unescaped in place, control characters become blanks. */
struct lr_message {
    char *text;     /* the kernel's message; may hold several lines, see lr_message_next */
    char stamp[64]; /* time as the log has it; "" when it has none */
    char host[64];
};

/* Understands dmesg ([secs], -T, -x, with caller ids), journalctl (short, iso, verbose, export,
 * json), syslog (RFC 3164, 5424), /dev/kmsg, <6>, docker and Kubernetes logs, grep's FILE:N:.
 * A line of none of these is taken as it is. */
void lr_message_split(char *line, size_t length, struct lr_message *out);

/* Syslog daemons write #012 for a newline, JSON has \n: the message's first line is cut off and
 * returned, *rest moves on (NULL after the last). */
char *lr_message_next(char **rest);

/* Copies printable text, cut to size and to whole UTF-8 characters; others become '?'. */
void lr_copy_text(char *to, size_t size, const char *from, size_t length);

#endif
