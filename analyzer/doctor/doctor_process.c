/* doctor_process.c -- is that process traced, and if not, why?
 *
 * Stage: command line.  Context: analyzer only; reads /proc/PID.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "load.h"
#include "words.h"

/* The whole of /proc/PID/NAME, terminated, malloc()ed; NULL when it can't be read. */
static char *slurp(pid_t pid, const char *name, size_t *length)
{
    char path[64], *text = NULL;
    size_t room = 0, got;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    file = fopen(path, "r");
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
    } while (got > 0);
    text[*length] = '\0';
    fclose(file);
    return text;
}

/* Value of a variable in an environment block; NULL when it isn't set. */
static const char *variable(const char *block, size_t length, const char *name)
{
    size_t name_length = strlen(name);

    for (const char *at = block; at < block + length; at += strlen(at) + 1)
        if (strncmp(at, name, name_length) == 0 && at[name_length] == '=')
            return at + name_length + 1;
    return NULL;
}

/* The first mapped file that `wanted` agrees to, malloc()ed; NULL for none.  `rights` is as in
 * "rw-s". */
static char *mapped_file(const char *maps, bool (*wanted)(const char *path, const char *rights))
{
    for (const char *line = maps; *line;) {
        const char *end = strchrnul(line, '\n');
        const char *at = memchr(line, '/', (size_t)(end - line));
        const char *rights = memchr(line, ' ', (size_t)(end - line));
        char *path = at && rights ? strndup(at, (size_t)(end - at)) : NULL;

        if (path && wanted(path, rights + 1))
            return path;
        free(path);
        line = *end ? end + 1 : end;
    }
    return NULL;
}

static bool is_library(const char *path, const char *rights)
{
    return strcmp(lr_base_name(path), "libleakring.so") == 0;
}

static bool is_trace(const char *path, const char *rights)
{
    struct lr_trace *trace;

    if (rights[1] != 'w' || rights[3] != 's' || lr_trace_open(path, &trace, NULL) != LR_OK)
        return false;
    lr_trace_close(trace);
    return true;
}

static void check_environment(struct lr_doctor *doctor, pid_t pid)
{
    size_t length;
    char *block = slurp(pid, "environ", &length);
    const char *preload = block ? variable(block, length, "LD_PRELOAD") : NULL;

    if (!block)
        lr_doctor_warn(doctor, "run doctor as that user, or as root",
                       "its environment can't be read: %s", strerror(errno));
    else if (!preload || !strstr(preload, "libleakring.so"))
        lr_doctor_problem(doctor,
                          "set LD_PRELOAD for the program itself (a service, sudo or cron "
                          "starts it with an environment of its own), or use leakring run",
                          "it was started without libleakring.so in LD_PRELOAD%s%s",
                          preload ? ": " : "", preload ? preload : "");
    else
        lr_doctor_problem(doctor,
                          "check that path inside its container, and `leakring doctor PROGRAM`: "
                          "set-user-id, file capabilities, static or musl programs ignore it",
                          "LD_PRELOAD=%s was set, but the library was not loaded", preload);
    free(block);
}

static void check_not_recording(struct lr_doctor *doctor, const char *exe)
{
    if (lr_doctor_passes_through(lr_base_name(exe)))
        lr_doctor_ok(doctor,
                     "%s is a shell, launcher or small tool: it passes the tracer on, "
                     "and has no trace",
                     exe);
    else
        lr_doctor_problem(doctor,
                          "look for a line `leakring: ...` at the start of its stderr; children "
                          "of a traced program need LEAKRING=children=1, others must match "
                          "LEAKRING=exe=",
                          "the library is loaded, but it records into no file");
}

void lr_doctor_process(struct lr_doctor *doctor, pid_t pid)
{
    char path[64], exe[4096] = "?", *maps, *library, *trace;
    size_t length;
    ssize_t exe_length;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    exe_length = readlink(path, exe, sizeof(exe) - 1);
    if (exe_length > 0)
        exe[exe_length] = '\0';
    maps = slurp(pid, "maps", &length);
    if (!maps) {
        lr_doctor_problem(doctor, errno == ENOENT ? NULL : "run doctor as that user, or as root",
                          "pid %d: %s", (int)pid,
                          errno == ENOENT ? "no such process" : strerror(errno));
        return;
    }
    lr_doctor_ok(doctor, "pid %d runs %s", (int)pid, exe);
    library = mapped_file(maps, is_library);
    trace = library ? mapped_file(maps, is_trace) : NULL;
    if (!library)
        check_environment(doctor, pid);
    else if (trace)
        lr_doctor_ok(doctor, "it is traced into %s", trace);
    else
        check_not_recording(doctor, exe);
    free(trace);
    free(library);
    free(maps);
}
