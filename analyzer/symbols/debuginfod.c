/* debuginfod.c -- debug information from the servers that the environment names (debuginfod.h).
 *
 * Stage: SYMBOLIZE.  Context: analyzer only.
 */
#include "debuginfod.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "optional_library.h"
#include "status.h"

/* Of <elfutils/debuginfod.h>, which need not be here to build. */
typedef void *begin_fn(void);
typedef void end_fn(void *client);
typedef int find_fn(void *client, const unsigned char *build_id, int size, char **path);
typedef int progress_fn(void *client, long done, long total);
typedef void set_progress_fn(void *client, progress_fn *progress);
typedef void set_data_fn(void *client, void *data);
typedef void *get_data_fn(void *client);

static const char soname[] = "libdebuginfod.so.1";
static const double TELL_AFTER_S = 1, GIVE_UP_AFTER_S = 5; /* or DEBUGINFOD_TIMEOUT */

struct lr_debuginfod {
    void *client;
    end_fn *end;
    find_fn *find[2];
    bool gave_up;
    const char *module; /* being fetched */
    double started, moved, patience;
    long done;
    bool told;
};

static get_data_fn *get_data; /* the progress function gets nothing but the client */

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Called several times a second while servers are asked; not 0 ends that.  Before one answers,
 * `done` counts rounds of waiting, with no `total`; afterwards bytes. */
static int on_progress(void *client, long done, long total)
{
    struct lr_debuginfod *self = get_data(client);
    double now = now_s();
    if (done - self->done >= (total > 0 ? 1 : 1024)) {
        self->done = done;
        self->moved = now;
    }
    if (!self->told && now - self->started > TELL_AFTER_S) {
        self->told = true;
        lr_tell("asking DEBUGINFOD_URLS for debug information of %s ...", self->module);
    }
    if (now - self->moved > self->patience) {
        self->gave_up = true;
        lr_tell("no answer for %.0f s; going on without", self->patience);
    }
    return self->gave_up;
}

static bool load(struct lr_debuginfod *self)
{
    begin_fn *begin = (begin_fn *)lr_optional_function(soname, "debuginfod_begin");
    set_progress_fn *set_progress =
        (set_progress_fn *)lr_optional_function(soname, "debuginfod_set_progressfn");
    set_data_fn *set_data = (set_data_fn *)lr_optional_function(soname, "debuginfod_set_user_data");
    get_data = (get_data_fn *)lr_optional_function(soname, "debuginfod_get_user_data");
    self->end = (end_fn *)lr_optional_function(soname, "debuginfod_end");
    self->find[LR_DEBUGINFOD_DEBUG] =
        (find_fn *)lr_optional_function(soname, "debuginfod_find_debuginfo");
    self->find[LR_DEBUGINFOD_EXECUTABLE] =
        (find_fn *)lr_optional_function(soname, "debuginfod_find_executable");
    if (begin == NULL || set_progress == NULL || set_data == NULL || get_data == NULL ||
        self->end == NULL || self->find[0] == NULL || self->find[1] == NULL)
        return false;
    self->client = begin();
    if (self->client == NULL)
        return false;
    set_data(self->client, self);
    set_progress(self->client, on_progress);
    return true;
}

static bool has_servers(void)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    return urls != NULL && urls[strspn(urls, " ")] != '\0';
}

double lr_debuginfod_patience(void)
{
    if (!has_servers())
        return 0;
    const char *text = getenv("DEBUGINFOD_TIMEOUT");
    double seconds = text != NULL ? strtod(text, NULL) : 0;
    return seconds > 0 ? seconds : GIVE_UP_AFTER_S;
}

struct lr_debuginfod *lr_debuginfod_open(void)
{
    if (!has_servers())
        return NULL;
    struct lr_debuginfod *self = calloc(1, sizeof(*self));
    if (self != NULL && !load(self)) {
        free(self);
        return NULL;
    }
    if (self != NULL)
        self->patience = lr_debuginfod_patience();
    return self;
}

void lr_debuginfod_close(struct lr_debuginfod *self)
{
    if (self == NULL)
        return;
    self->end(self->client);
    free(self);
}

int lr_debuginfod_find(struct lr_debuginfod *self, enum lr_debuginfod_kind kind,
                       const unsigned char *build_id, uint32_t size, const char *module)
{
    char *path = NULL;
    if (self == NULL || self->gave_up || size == 0)
        return -1;
    self->module = module;
    self->started = self->moved = now_s();
    self->done = 0;
    self->told = false;
    int fd = self->find[kind](self->client, build_id, (int)size, &path);
    free(path);
    return fd < 0 ? -1 : fd;
}
