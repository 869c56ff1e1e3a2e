/* written.c -- which traces a command has written (written.h).
 *
 * Stage: command line.  Context: analyzer only.
 */
#include "written.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "load.h"
#include "settings.h"

struct candidate {
    char *path;
    uint64_t start;
    bool same_pid, became_another; /* the latter: by exec, behind which this trace has nothing */
};

struct candidates {
    struct candidate *items;
    size_t count;
};

static const char default_file[] = "leakring.%e.%p.lkr";

/* The template of `file=` as a pattern: %e and the like may be anything, and a number may come
 * before .lkr (a later image of the same process) or at the end. */
static char *to_pattern(const char *directory, const char *template)
{
    size_t length = strlen(template);
    bool suffix = length > 4 && strcmp(template + length - 4, ".lkr") == 0;
    char *pattern = malloc(2 * (strlen(directory) + length) + 16), *to = pattern;

    if (!pattern)
        return NULL;
    for (; *directory; directory++) {
        if (strchr("*?[]\\", *directory))
            *to++ = '\\';
        *to++ = *directory;
    }
    if (to != pattern)
        *to++ = '/';
    for (size_t i = 0; i < length - (suffix ? 4 : 0); i++) {
        if (template[i] == '%' && i + 1 < length) {
            *to++ = '*';
            i++;
            continue;
        }
        if (strchr("*?[]\\", template[i]))
            *to++ = '\\';
        *to++ = template[i];
    }
    strcpy(to, suffix ? "*.lkr" : "*");
    return pattern;
}

/* Was the trace recorded under these settings?  The recorded text is cleaned, and may be cut,
 * or hidden as these settings ask. */
static bool same_settings(const struct lr_trace *trace, const char *settings)
{
    const char *recorded = lr_trace_meta(trace, LR_META_CONFIG);
    char *clean = lr_text_clean((const unsigned char *)settings, strlen(settings));
    size_t length = strlen(recorded);
    bool hidden = strcmp(recorded, "[redacted]") == 0 && strstr(settings, "redact");
    bool same = clean && strncmp(recorded, clean, length) == 0 &&
                (clean[length] == '\0' || length + 4 > LR_STRING_MAX);

    free(clean);
    return same || hidden;
}

static void consider(struct candidates *found, const char *path, const char *settings, uint32_t pid,
                     uint64_t since)
{
    struct lr_trace *trace = NULL;
    struct candidate *items;
    struct stat status;

    /* Opening copies the file; old ones are skipped by their time. */
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        (uint64_t)status.st_ctim.tv_sec + 2 < since / 1000000000u)
        return;
    if (lr_trace_open(path, &trace, NULL) != LR_OK)
        return;
    if (lr_trace_info(trace)->start_unix_ns >= since && same_settings(trace, settings) &&
        (items = realloc(found->items, (found->count + 1) * sizeof(*items)))) {
        found->items = items;
        items[found->count].path = strdup(path);
        items[found->count].start = lr_trace_info(trace)->start_unix_ns;
        items[found->count].same_pid = lr_trace_info(trace)->pid == pid;
        items[found->count].became_another = lr_trace_info(trace)->ended == LR_ENDED_EXEC;
        found->count += items[found->count].path != NULL;
    }
    lr_trace_close(trace);
}

static void search(struct candidates *found, const char *directory, const char *template,
                   const char *settings, uint32_t pid, uint64_t since)
{
    char *pattern = to_pattern(directory, template);
    glob_t matches;

    if (!pattern)
        return;
    if (glob(pattern, 0, NULL, &matches) == 0)
        for (size_t i = 0; i < matches.gl_pathc; i++)
            consider(found, matches.gl_pathv[i], settings, pid, since);
    globfree(&matches);
    free(pattern);
}

static int compare_starts(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;

    return (a->start > b->start) - (a->start < b->start);
}

/* Moves the paths that count into *written. */
static void take(struct candidates *found, bool all, struct lr_written *written)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].same_pid)
            written->own = !found->items[i].became_another;
    written->paths = calloc(found->count + 1, sizeof(*written->paths));
    for (size_t i = 0; i < found->count; i++) {
        if (written->paths && (all || !written->own || found->items[i].same_pid))
            written->paths[written->count++] = found->items[i].path;
        else
            free(found->items[i].path);
    }
    free(found->items);
}

static bool wants_children(const char *settings)
{
    char *value = lr_settings_get(settings, "children");
    bool wanted = value && strcmp(value, "1") == 0;

    free(value);
    return wanted;
}

void lr_written_find(const char *settings, uint32_t pid, uint64_t since_unix_ns,
                     struct lr_written *written)
{
    char *file = lr_settings_get(settings, "file");
    const char *temporary = getenv("TMPDIR");
    struct candidates found = {NULL, 0};

    *written = (struct lr_written){NULL, 0, false};
    if (file) {
        search(&found, "", file, settings, pid, since_unix_ns);
    } else {
        search(&found, "", default_file, settings, pid, since_unix_ns);
        if (found.count == 0 && temporary && *temporary)
            search(&found, temporary, default_file, settings, pid, since_unix_ns);
        if (found.count == 0)
            search(&found, "/tmp", default_file, settings, pid, since_unix_ns);
    }
    free(file);
    if (found.count > 0)
        qsort(found.items, found.count, sizeof(*found.items), compare_starts);
    take(&found, wants_children(settings), written);
}

void lr_written_free(struct lr_written *written)
{
    for (size_t i = 0; i < written->count; i++)
        free(written->paths[i]);
    free(written->paths);
}
