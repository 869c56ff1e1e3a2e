/* gate_config.c -- rules from an INI file (gate_rules.h).
 *
 * Stage: command line.  Context: analyzer only.  The file is somebody's: its size is limited here,
 * the length of its lines and names by libinih, which reads it.
 */
#include "gate_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "plain_file.h"

/* libinih would read what is behind 200 bytes as a line of its own. */
enum { MOST_BYTES = 64 * 1024, LONGEST_LINE = 190 };

struct reading {
    struct lr_gate_rules *rules;
    const char *path;
    char **baseline;
    struct lr_error *error;
    enum lr_status status;
};

/* The whole text, malloc()ed; NULL with a message. */
static char *read_text(const char *path, struct lr_error *error)
{
    struct stat status;
    int fd = lr_plain_open(path, O_RDONLY, &status);
    char *text = calloc(1, MOST_BYTES + 2);
    size_t size = 0;
    ssize_t got = -1;

    if (fd < 0)
        lr_fail(error, LR_UNREADABLE, "%s",
                errno == EINVAL || errno == EISDIR ? "is not a regular file" : strerror(errno));
    else if (!text)
        lr_fail(error, LR_FAILED, "out of memory");
    else
        while ((got = read(fd, text + size, MOST_BYTES + 1 - size)) > 0)
            size += (size_t)got;
    if (got == 0 && (size > MOST_BYTES || strlen(text) != size)) {
        lr_fail(error, LR_UNREADABLE, "is no file of rules (text of at most 64 KiB)");
        got = -1;
    }
    if (fd >= 0)
        close(fd);
    if (got == 0)
        return text;
    free(text);
    return NULL;
}

/* 0, or the number of the first line that is too long. */
static int long_line(const char *text)
{
    for (int line = 1;; line++) {
        size_t length = strcspn(text, "\n");

        if (length > LONGEST_LINE)
            return line;
        if (text[length] == '\0')
            return 0;
        text += length + 1;
    }
}

/* A relative name is relative to the file that says it. */
static enum lr_status take_baseline(struct reading *reading, const char *value)
{
    const char *slash = strrchr(reading->path, '/');
    int folder = slash && value[0] != '/' ? (int)(slash - reading->path) + 1 : 0;

    free(*reading->baseline);
    if (asprintf(reading->baseline, "%.*s%s", folder, reading->path, value) >= 0)
        return LR_OK;
    *reading->baseline = NULL;
    return lr_fail(reading->error, LR_FAILED, "out of memory");
}

/* libinih's: 0 is an error, and reading goes on; the first one is what we tell. */
static int take(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;

    if (reading->status != LR_OK)
        return 0;
    if (*section && strcmp(section, "rules") != 0)
        reading->status =
            lr_fail(reading->error, LR_USAGE, "the section is [rules], not [%.100s]", section);
    else if (strcmp(name, "baseline") == 0 && *value)
        reading->status = take_baseline(reading, value);
    else
        reading->status = lr_gate_rules_set_named(reading->rules, name, value, reading->error);
    return reading->status == LR_OK;
}

/* The message, cleaned of what a terminal would obey, behind the line's number. */
static void name_line(struct lr_error *error, int line)
{
    char *clean = lr_text_clean((const unsigned char *)error->text, strlen(error->text));

    if (clean)
        snprintf(error->text, sizeof(error->text), "line %d: %.400s", line, clean);
    free(clean);
}

enum lr_status lr_gate_rules_read(struct lr_gate_rules *rules, const char *path, char **baseline,
                                  struct lr_error *error)
{
    struct reading reading = {rules, path, baseline, error, LR_OK};
    char *text = read_text(path, error);
    int line;

    if (!text)
        return LR_USAGE;
    line = long_line(text);
    if (line == 0)
        line = ini_parse_string(text, take, &reading);
    free(text);
    if (line == 0)
        return LR_OK;
    if (reading.status == LR_OK)
        reading.status =
            lr_fail(error, LR_USAGE, "a rule is one line, 'key = value', of at most 190 bytes");
    name_line(error, line > 0 ? line : 0);
    return reading.status;
}
