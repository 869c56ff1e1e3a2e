/* library.c -- where libleakring.so is (library.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "library.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "libleakring.so";

/* Where each layout keeps the library, seen from the directory of the program: a build tree, an
 * installation or unpacked tarball, one with lib64, Debian's multiarch. */
static const char *const places[] = {"", "../lib/leakring/", "../lib64/leakring/",
                                     "../lib/*/leakring/"};

static char *own_directory(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *slash;

    if (length <= 0)
        return NULL;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    slash[1] = '\0';
    return strdup(path);
}

/* The directory's own name may hold characters that glob would interpret. */
static char *quote_for_glob(const char *text)
{
    char *quoted = malloc(2 * strlen(text) + 1), *to = quoted;

    for (; quoted && *text; text++) {
        if (strchr("*?[]\\", *text))
            *to++ = '\\';
        *to++ = *text;
    }
    if (to)
        *to = '\0';
    return quoted;
}

static char *find_in(const char *quoted_directory, const char *place)
{
    char *pattern, *found = NULL;
    glob_t matches;

    if (asprintf(&pattern, "%s%s%s", quoted_directory, place, name) < 0)
        return NULL;
    if (glob(pattern, 0, NULL, &matches) == 0)
        found = realpath(matches.gl_pathv[0], NULL);
    globfree(&matches);
    free(pattern);
    return found;
}

static char *find_beside_us(void)
{
    char *directory = own_directory();
    char *quoted = directory ? quote_for_glob(directory) : NULL;
    char *found = NULL;

    for (size_t i = 0; quoted && !found && i < sizeof(places) / sizeof(places[0]); i++)
        found = find_in(quoted, places[i]);
    free(quoted);
    free(directory);
    return found;
}

enum lr_status lr_library_find(char **path, struct lr_error *error)
{
    const char *wanted = getenv("LEAKRING_LIB");

    *path = wanted && *wanted ? realpath(wanted, NULL) : find_beside_us();
    if (!*path && wanted && *wanted)
        return lr_fail(error, LR_UNREADABLE, "LEAKRING_LIB names %s: %s", wanted, strerror(errno));
    if (!*path) {
        lr_fail(error, LR_UNREADABLE, "%s is neither beside this program nor in ../lib/leakring",
                name);
        lr_hint(error, "set LEAKRING_LIB to its path");
        return LR_UNREADABLE;
    }
    if (!lr_library_can_preload(*path)) {
        lr_fail(error, LR_UNREADABLE, "%s can't be preloaded: its path has a blank or a colon",
                *path);
        lr_hint(error, "install or unpack leakring at a path without them");
        free(*path);
        *path = NULL;
        return LR_UNREADABLE;
    }
    return LR_OK;
}

bool lr_library_can_preload(const char *path)
{
    return strpbrk(path, " :") == NULL;
}

static bool is_ours(const char *item, size_t length)
{
    size_t ours = strlen(name);

    return length >= ours && strncmp(item + length - ours, name, ours) == 0 &&
           (length == ours || item[length - ours - 1] == '/');
}

char *lr_library_prepend(const char *library, const char *preload)
{
    size_t room = strlen(library) + (preload ? strlen(preload) : 0) + 2;
    char *value = malloc(room), *to;

    if (!value)
        return NULL;
    to = stpcpy(value, library);
    while (preload && *preload) {
        size_t length = strcspn(preload, " :");

        if (length > 0 && !is_ours(preload, length)) {
            *to++ = ':';
            to = mempcpy(to, preload, length);
        }
        preload += length;
        preload += *preload != '\0';
    }
    *to = '\0';
    return value;
}
