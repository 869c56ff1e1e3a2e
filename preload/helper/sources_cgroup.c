/* sources_cgroup.c -- figures of the memory cgroup, v1 or v2.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.  They go into the trace because
 * they are gone with the container when it was killed (exit 137).
 */
#include "sources.h"

#include <string.h>

#include "proc_lines.h"
#include "prim.h"
#include "text.h"

enum { PATH_SIZE = 512, LEVELS = 16 };

/* The group's directory, and how much of the path is the mount's. */
static struct {
    char path[PATH_SIZE];
    size_t mount_length;
    bool known, found, v2;
} group;

static bool number_in(const char *directory, size_t length, const char *file, uint64_t *value)
{
    char path[PATH_SIZE + 64];
    struct lr_text text = lr_text_in(path, sizeof path);
    lr_text_add_bytes(&text, directory, length);
    lr_text_add(&text, file);
    return !text.cut && lr_proc_number(path, value);
}

static bool try_group(const char *mount, const char *name, size_t name_length, bool v2)
{
    struct lr_text text = lr_text_in(group.path, sizeof group.path);
    uint64_t ignored;
    lr_text_add(&text, lr_sources_root);
    lr_text_add(&text, mount);
    group.mount_length = text.length;
    lr_text_add_bytes(&text, name, name_length);
    while (text.length > group.mount_length && group.path[text.length - 1] == '/')
        group.path[--text.length] = '\0';
    group.v2 = v2;
    return !text.cut && number_in(group.path, text.length,
                                  v2 ? "/memory.current" : "/memory.usage_in_bytes", &ignored);
}

/* Below the mount, else at the mount itself: in a namespace of its own the path may be another. */
static bool try_both(const char *mount, const char *name, bool v2)
{
    return try_group(mount, name, strlen(name), v2) || try_group(mount, "", 0, v2);
}

/* A line of /proc/self/cgroup: "0::/path" or "4:memory:/path". */
static bool try_line(char *line, bool v2)
{
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return false;
    *path++ = '\0';
    if (v2)
        return controllers[1] == '\0' && (try_both("/sys/fs/cgroup", path, true) ||
                                          try_both("/sys/fs/cgroup/unified", path, true));
    for (char *name = controllers + 1; name; name = strchr(name, ',')) {
        name += *name == ',';
        if (strncmp(name, "memory", 6) == 0 && (name[6] == '\0' || name[6] == ','))
            return try_both("/sys/fs/cgroup/memory", path, false);
    }
    return false;
}

/* Where both are mounted, memory is accounted by the one that has its files. */
static bool find(bool v2)
{
    struct lr_proc_lines lines;
    char path[PATH_SIZE];
    struct lr_text text = lr_text_in(path, sizeof path);
    lr_text_add(&text, lr_sources_root);
    lr_text_add(&text, "/proc/self/cgroup");
    if (text.cut || !lr_proc_open(&lines, path))
        return false;
    bool found = false;
    for (char *line; !found && (line = lr_proc_next(&lines));)
        found = try_line(line, v2);
    lr_proc_close(&lines);
    return found;
}

static bool have_group(void)
{
    if (!group.known) {
        group.known = true;
        group.found = find(true) || find(false);
    }
    return group.found;
}

static bool number_of(const char *file, uint64_t *value)
{
    return number_in(group.path, strlen(group.path), file, value);
}

bool lr_source_cgroup_use(uint64_t *values)
{
    return have_group() && number_of(group.v2 ? "/memory.current" : "/memory.usage_in_bytes",
                                     &values[LR_SERIES_cgroup_used]);
}

/* v1 says "no limit" by a huge number. */
static bool limit_of(size_t length, uint64_t *limit)
{
    const uint64_t NONE = UINT64_C(1) << 60;
    return number_in(group.path, length, group.v2 ? "/memory.max" : "/memory.limit_in_bytes",
                     limit) &&
           *limit < NONE;
}

/* What a group above holds counts for all of its groups, so the least room may be there. */
static void take_level(size_t length, uint64_t *values)
{
    uint64_t limit, used, room;
    if (!limit_of(length, &limit))
        return;
    if (limit < values[LR_SERIES_cgroup_limit])
        values[LR_SERIES_cgroup_limit] = limit;
    if (!number_in(group.path, length, group.v2 ? "/memory.current" : "/memory.usage_in_bytes",
                   &used))
        return;
    room = limit > used ? limit - used : 0;
    if (room < values[LR_SERIES_cgroup_room])
        values[LR_SERIES_cgroup_room] = room;
}

/* Of this group and those above. */
static void read_limits(uint64_t *values)
{
    size_t length = strlen(group.path);
    values[LR_SERIES_cgroup_limit] = values[LR_SERIES_cgroup_room] = LR_NO_VALUE;
    for (unsigned level = 0; level < LEVELS; level++) {
        take_level(length, values);
        if (length <= group.mount_length)
            break;
        while (length > group.mount_length && group.path[length - 1] != '/')
            length--;
        while (length > group.mount_length && group.path[length - 1] == '/')
            length--;
    }
}

/* Numbers of a file with one `name number` a line. */
static void read_keys(const char *file, const char *const *keys, uint64_t *const *to,
                      unsigned count)
{
    char path[PATH_SIZE + 64];
    struct lr_proc_lines lines;
    struct lr_text text = lr_text_in(path, sizeof path);
    lr_text_add(&text, group.path);
    lr_text_add(&text, file);
    if (text.cut || !lr_proc_open(&lines, path))
        return;
    for (const char *line; (line = lr_proc_next(&lines));)
        for (unsigned i = 0; i < count; i++)
            lr_proc_value(line, keys[i], 1, to[i]);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" */
static void read_pressure(uint64_t *values)
{
    char path[PATH_SIZE + 64];
    struct lr_proc_lines lines;
    struct lr_text text = lr_text_in(path, sizeof path);
    lr_text_add(&text, group.path);
    lr_text_add(&text, "/memory.pressure");
    if (text.cut || !lr_proc_open(&lines, path))
        return;
    for (const char *line; (line = lr_proc_next(&lines));) {
        const char *total = strstr(line, "total=");
        if (!total)
            continue;
        bool full = lr_text_starts(line, "full");
        lr_proc_value(total, "total", 1,
                       &values[full ? LR_SERIES_cgroup_stall_full : LR_SERIES_cgroup_stall_some]);
    }
}

static void read_v2(uint64_t *values)
{
    static const char *const keys[] = {"high", "max", "oom", "oom_kill"};
    uint64_t *const to[] = {
        &values[LR_SERIES_cgroup_high_events], &values[LR_SERIES_cgroup_max_events],
        &values[LR_SERIES_cgroup_oom], &values[LR_SERIES_cgroup_oom_kill]};
    number_of("/memory.peak", &values[LR_SERIES_cgroup_peak]);
    number_of("/memory.swap.current", &values[LR_SERIES_cgroup_swap]);
    read_keys("/memory.events", keys, to, 4);
    read_pressure(values);
}

static void read_v1(uint64_t *values)
{
    static const char *const keys[] = {"oom_kill"};
    uint64_t *const to[] = {&values[LR_SERIES_cgroup_oom_kill]};
    uint64_t both, used = values[LR_SERIES_cgroup_used];
    number_of("/memory.max_usage_in_bytes", &values[LR_SERIES_cgroup_peak]);
    number_of("/memory.failcnt", &values[LR_SERIES_cgroup_max_events]);
    if (used != LR_NO_VALUE && number_of("/memory.memsw.usage_in_bytes", &both))
        values[LR_SERIES_cgroup_swap] = both > used ? both - used : 0;
    read_keys("/memory.oom_control", keys, to, 1);
}

bool lr_source_cgroup_events(uint64_t *values)
{
    if (!have_group())
        return false;
    read_limits(values);
    if (group.v2)
        read_v2(values);
    else
        read_v1(values);
    return true;
}
