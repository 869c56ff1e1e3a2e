/* doctor_proc.c -- doctor_proc.h.
 *
 * Stage: command line (doctor).  Context: analyzer only; reads /proc/PID.
 */
#include "doctor_proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "words.h"

/* A process can make its environment, and the list of its mappings, as large as it likes. */
enum { MOST_BYTES = 32 << 20 };

char *lr_proc_slurp(pid_t pid, const char *name, size_t *length)
{
    char path[64], *text = NULL;
    size_t room = 0, got;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "re");
    *length = 0;
    if (!file)
        return NULL;
    do {
        char *longer = realloc(text, (room += 65536) + 1);

        if (!longer) {
            free(text);
            fclose(file);
            errno = ENOMEM;
            return NULL;
        }
        text = longer;
        got = fread(text + *length, 1, room - *length, file);
        *length += got;
    } while (got > 0 && *length < MOST_BYTES);
    text[*length] = '\0';
    fclose(file);
    return text;
}

const char *lr_proc_variable(const char *block, size_t length, const char *name)
{
    size_t name_length = strlen(name);

    for (const char *at = block; at < block + length; at += strlen(at) + 1)
        if (strncmp(at, name, name_length) == 0 && at[name_length] == '=')
            return at + name_length + 1;
    return NULL;
}

long lr_proc_status(pid_t pid, const char *name)
{
    size_t length;
    char *text = lr_proc_slurp(pid, "status", &length);
    const char *at = text;
    long value = -1;

    while (at && strncmp(at, name, strlen(name)) != 0) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    if (at)
        value = strtol(at + strlen(name), NULL, 10);
    free(text);
    return value;
}

void lr_proc_exe(pid_t pid, char *path, size_t size)
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    length = readlink(link, path, size - 1);
    if (length <= 0) {
        snprintf(path, size, "?");
        return;
    }
    path[length] = '\0';
}

static bool is_library(const char *path)
{
    return strncmp(lr_base_name(path), "libleakring.so", 14) == 0;
}

static bool opens(const char *path)
{
    struct lr_trace *trace;

    if (lr_trace_open(path, &trace, NULL) != LR_OK)
        return false;
    lr_trace_close(trace);
    return true;
}

/* A shared mapping of a file: is that a trace, by its name here, in the process's own root, or by
 * the mapping itself? */
static bool take_trace(pid_t pid, const char *range, const char *path,
                       struct lr_proc_traced *traced)
{
    static const char gone[] = " (deleted)";
    size_t length = strlen(path), tail = strlen(gone);
    char *ways[3] = {NULL};
    bool deleted = length > tail && strcmp(path + length - tail, gone) == 0;

    if (!deleted) {
        ways[0] = strdup(path);
        if (asprintf(&ways[1], "/proc/%d/root%s", (int)pid, path) < 0)
            ways[1] = NULL;
    }
    if (asprintf(&ways[2], "/proc/%d/map_files/%s", (int)pid, range) < 0)
        ways[2] = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (!traced->readable && ways[i] && opens(ways[i]))
            traced->readable = ways[i];
        else
            free(ways[i]);
    }
    /* Unreadable here, it is known by its name alone. */
    if (!traced->readable && !(length - (deleted ? tail : 0) > 4 &&
                               strncmp(path + length - (deleted ? tail : 0) - 4, ".lkr", 4) == 0))
        return false;
    traced->deleted = deleted;
    traced->trace = strndup(path, length - (deleted ? tail : 0));
    return traced->trace != NULL;
}

static void take_line(pid_t pid, const char *line, struct lr_proc_traced *traced)
{
    char range[64], rights[8];
    const char *path = strchr(line, '/');

    if (!path || sscanf(line, "%63s %7s", range, rights) != 2)
        return;
    if (is_library(path))
        traced->has_library = true;
    if (!traced->trace && rights[1] == 'w' && rights[3] == 's')
        take_trace(pid, range, path, traced);
}

bool lr_proc_traced(pid_t pid, struct lr_proc_traced *traced)
{
    size_t length;
    char *maps = lr_proc_slurp(pid, "maps", &length), *rest = maps, *line;

    *traced = (struct lr_proc_traced){false, false, NULL, NULL};
    if (!maps)
        return false;
    while ((line = strsep(&rest, "\n")))
        take_line(pid, line, traced);
    free(maps);
    if (!traced->has_library)
        lr_proc_traced_free(traced);
    return true;
}

void lr_proc_traced_free(struct lr_proc_traced *traced)
{
    free(traced->trace);
    free(traced->readable);
    traced->trace = traced->readable = NULL;
}
