/* host_cgroup.c -- control groups of memory, version 1 or 2.
 *
 * Stage: `leakring host`, reading.  Context: analyzer only, one thread.
 * Kept are groups that have a limit or where the OOM killer was at work, the fullest first.
 */
#include "host_model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oom_line.h"

#define DEPTH_MAX 12
#define GROUPS_SEEN_MAX 20000u
#define UNLIMITED (UINT64_C(1) << 60) /* v1 writes a huge number for "no limit" */

struct walk {
    struct lr_host *host;
    bool v2;
    char path[192]; /* below the controller's root, with a leading slash */
};

static uint64_t number_at(int directory, const char *name)
{
    char text[64];
    if (lr_host_file_at(directory, name, text, sizeof text) <= 0)
        return LR_HOST_UNKNOWN;
    uint64_t value = LR_HOST_UNKNOWN;
    if (sscanf(text, "%20lu", &value) != 1)
        return LR_HOST_UNKNOWN;
    return value;
}

static uint64_t field_at(int directory, const char *name, const char *key)
{
    char text[16384];
    if (lr_host_file_at(directory, name, text, sizeof text) <= 0)
        return LR_HOST_UNKNOWN;
    return lr_host_field(text, key);
}

static void read_group(const struct walk *walk, int directory, struct lr_host_group *group)
{
    memset(group, 0, sizeof *group);
    lr_copy_text(group->path, sizeof group->path, walk->path[0] ? walk->path : "/",
                 sizeof walk->path);
    if (walk->v2) {
        group->current = number_at(directory, "memory.current");
        group->limit = number_at(directory, "memory.max");
        group->swap = number_at(directory, "memory.swap.current");
        group->oom_kills = field_at(directory, "memory.events", "oom_kill");
        group->cache = field_at(directory, "memory.stat", "inactive_file");
    } else {
        group->current = number_at(directory, "memory.usage_in_bytes");
        group->limit = number_at(directory, "memory.limit_in_bytes");
        group->swap = LR_HOST_UNKNOWN;
        group->oom_kills = field_at(directory, "memory.oom_control", "oom_kill");
        group->cache = field_at(directory, "memory.stat", "total_inactive_file");
    }
    if (group->limit >= UNLIMITED)
        group->limit = LR_HOST_UNKNOWN;
    if (group->oom_kills == LR_HOST_UNKNOWN)
        group->oom_kills = 0;
}

static double fullness(const struct lr_host_group *group)
{
    if (group->limit == LR_HOST_UNKNOWN || group->current == LR_HOST_UNKNOWN || !group->limit)
        return 0;
    return (double)group->current / (double)group->limit;
}

static void keep_group(struct lr_host *host, const struct lr_host_group *group)
{
    unsigned at = host->group_count;
    while (at > 0 && fullness(&host->groups[at - 1]) < fullness(group))
        at--;
    if (at == LR_HOST_GROUPS_MAX)
        return;
    unsigned last =
        host->group_count < LR_HOST_GROUPS_MAX ? host->group_count++ : LR_HOST_GROUPS_MAX - 1;
    for (unsigned i = last; i > at; i--)
        host->groups[i] = host->groups[i - 1];
    host->groups[at] = *group;
}

/* Closes `directory`. */
static void walk_groups(struct walk *walk, int directory, int depth)
{
    struct lr_host *host = walk->host;
    struct lr_host_group group;
    DIR *list = fdopendir(directory);
    if (!list) {
        close(directory);
        return;
    }
    read_group(walk, directory, &group);
    if (group.limit != LR_HOST_UNKNOWN || group.oom_kills > 0)
        keep_group(host, &group);
    host->groups_seen++;
    size_t length = strlen(walk->path);
    for (struct dirent *entry; depth < DEPTH_MAX && (entry = readdir(list)) != NULL;) {
        if (entry->d_name[0] == '.' || host->groups_seen > GROUPS_SEEN_MAX ||
            (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
            continue;
        int child =
            openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (child < 0)
            continue;
        snprintf(walk->path + length, sizeof walk->path - length, "/%s", entry->d_name);
        walk_groups(walk, child, depth + 1);
        walk->path[length] = '\0';
    }
    closedir(list);
}

void lr_host_read_groups(struct lr_host *host)
{
    char text[16];
    struct walk walk = {.host = host};
    walk.v2 = lr_host_file(host, "sys/fs/cgroup/cgroup.controllers", text, sizeof text) >= 0;
    const char *path = walk.v2 ? "sys/fs/cgroup" : "sys/fs/cgroup/memory";
    int directory = openat(host->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        lr_host_note(host, "control groups (no memory controller under /sys/fs/cgroup)");
        return;
    }
    host->cgroup_version = walk.v2 ? 2 : 1;
    walk_groups(&walk, directory, 0);
}
