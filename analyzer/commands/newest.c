/* newest.c -- the trace that was written last (newest.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "newest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

static bool is_trace_name(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && name[0] != '.' && strcmp(name + length - 4, ".lkr") == 0;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* The newest trace's name in `directory`, malloc()ed; NULL when there is none. */
static char *newest_in(const char *directory, bool any_owner)
{
    struct timespec newest = {0, 0};
    DIR *stream = opendir(directory);
    struct dirent *entry;
    char *path = NULL;

    while (stream && (entry = readdir(stream))) {
        struct stat status;
        char *candidate;

        if (!is_trace_name(entry->d_name) ||
            fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode) || (!any_owner && status.st_uid != geteuid()))
            continue;
        if (path && !is_later(&status.st_mtim, &newest))
            continue;
        if (asprintf(&candidate, "%s%s%s", any_owner ? "" : directory, any_owner ? "" : "/",
                     entry->d_name) < 0)
            break;
        free(path);
        path = candidate;
        newest = status.st_mtim;
    }
    if (stream)
        closedir(stream);
    return path;
}

static void announce(const char *path)
{
    lr_tell("reading %s", path);
}

enum lr_status lr_newest_trace(char **path, struct lr_error *error)
{
    const char *temporary = getenv("TMPDIR");

    *path = newest_in(".", true);
    if (!*path && temporary && *temporary)
        *path = newest_in(temporary, false);
    if (!*path)
        *path = newest_in("/tmp", false);
    if (*path) {
        announce(*path);
        return LR_OK;
    }
    lr_fail(error, LR_UNREADABLE, "no trace (*.lkr) in this directory, in TMPDIR or in /tmp");
    lr_hint(error, "leakring run -- COMMAND writes one; leakring doctor says why there is none");
    return LR_UNREADABLE;
}
