/* gc_target.c -- gc_target.h: the trace that a process has mapped.
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "gc_target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leakring/format.h"
#include "plain_file.h"

static const char deleted[] = " (deleted)";

static bool is_pid(const char *name)
{
    return *name && strspn(name, "0123456789") == strlen(name) && strlen(name) < 10;
}

/* What begins as a trace does at `place`, by a name that means it as long as this command runs,
 * malloc()ed; NULL for others.  The process may put something else in its place at any time. */
static char *trace_at(int place)
{
    char magic[sizeof(LR_MAGIC) - 1], *path = NULL;
    struct stat status;
    int fd = lr_plain_reopen(place, NULL, O_RDONLY, &status);
    if (fd >= 0 && pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
        memcmp(magic, LR_MAGIC, sizeof(magic)) == 0 && asprintf(&path, "/proc/self/fd/%d", fd) >= 0)
        return path;
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* A name in /proc/PID/maps has newlines as \012. */
static void unescape(char *name)
{
    char *to = name;
    for (const char *at = name; *at; at++) {
        if (strncmp(at, "\\012", 4) == 0) {
            *to++ = '\n';
            at += 3;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

/* A line of maps: the trace is mapped shared and writable from its start. */
static char *trace_of_line(const char *pid, char *line, bool *was_deleted)
{
    char range[64], flags[8], offset[32], map[128], *path;
    int name_at = 0, place;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%63s %7s %31s %*s %*s %n", range, flags, offset, &name_at) != 3 ||
        name_at == 0 || strcmp(flags, "rw-s") != 0 || strtoul(offset, NULL, 16) != 0 ||
        line[name_at] != '/')
        return NULL;
    size_t length = strlen(line);
    bool gone = length > sizeof(deleted) &&
                strcmp(line + length - (sizeof(deleted) - 1), deleted) == 0;
    unescape(line + name_at);
    if (gone)
        snprintf(map, sizeof(map), "/proc/%s/map_files/%s", pid, range);
    else
        snprintf(map, sizeof(map), "/proc/%s/root", pid);
    place = gone ? open(map, O_PATH | O_CLOEXEC) : lr_plain_place(map, line + name_at);
    path = trace_at(place);
    *was_deleted |= !path && gone && strstr(line + name_at, ".lkr") != NULL;
    return path;
}

static enum lr_status fail_open(int reason, struct lr_error *error)
{
    if (reason == ENOENT || reason == ESRCH)
        return lr_fail(error, LR_UNREADABLE, "no such process");
    lr_fail(error, LR_UNREADABLE, "can't be looked into: %s", strerror(reason));
    lr_hint(error, "ask as the user who runs it, or as root");
    return LR_UNREADABLE;
}

static enum lr_status trace_of_process(const char *pid, char **path, struct lr_error *error)
{
    char maps[64], *line = NULL;
    size_t room = 0;
    bool was_deleted = false;
    snprintf(maps, sizeof(maps), "/proc/%s/maps", pid);
    errno = 0;
    FILE *file = fopen(maps, "re");
    if (file == NULL)
        return fail_open(errno, error);
    while (*path == NULL && getline(&line, &room, file) > 0)
        *path = trace_of_line(pid, line, &was_deleted);
    int reason = ferror(file) ? errno : 0;
    free(line);
    fclose(file);
    if (*path)
        return LR_OK;
    if (reason)
        return fail_open(reason, error);
    if (was_deleted) {
        lr_fail(error, LR_UNREADABLE, "its trace was deleted");
        lr_hint(error, "root can still reach it");
        return LR_UNREADABLE;
    }
    lr_fail(error, LR_UNREADABLE, "isn't traced: it has no trace mapped");
    lr_hint(error, "leakring run -- COMMAND traces a program from its start; leakring doctor %s "
                   "says why this one isn't", pid);
    return LR_UNREADABLE;
}

enum lr_status lr_gc_target(const char *name, char **path, struct lr_error *error)
{
    *path = NULL;
    if (is_pid(name))
        return trace_of_process(name, path, error);
    *path = strdup(name);
    return *path ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}
