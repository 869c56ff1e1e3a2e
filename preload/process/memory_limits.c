/* memory_limits.c -- memory_limits.h: /proc/meminfo and the cgroup's limit files. */
#include "memory_limits.h"

#include <string.h>

#include "prim.h"
#include "text.h"

static uint64_t host_memory(void)
{
    char text[256];
    if (lr_prim_slurp("/proc/meminfo", text, sizeof text) <= 0)
        return UINT64_MAX;
    const char *at = strstr(text, "MemTotal:");
    if (!at)
        return UINT64_MAX;
    at += strlen("MemTotal:");
    while (*at == ' ')
        at++;
    uint64_t kib = lr_text_number(&at);
    return kib ? kib * 1024 : UINT64_MAX;
}

static uint64_t read_limit(const char *root, const char *group, size_t group_length,
                           const char *file)
{
    char path[512], value[32];
    struct lr_text text = lr_text_in(path, sizeof path);
    lr_text_add(&text, root);
    lr_text_add_bytes(&text, group, group_length);
    lr_text_add(&text, file);
    if (text.cut || lr_prim_slurp(path, value, sizeof value) <= 0)
        return UINT64_MAX;
    const char *at = value;
    uint64_t limit = lr_text_number(&at); /* "max" has no digits */
    return limit ? limit : UINT64_MAX;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A line of /proc/self/cgroup: "0::/path" (v2) or "N:controllers:/path" (v1).  Inside a cgroup
 * namespace the path may not exist below our mount; the mount's root is tried as well. */
static uint64_t limit_of_line(const char *line, const char *end)
{
    const char *group = memchr(line, ':', (size_t)(end - line));
    group = group ? memchr(group + 1, ':', (size_t)(end - group - 1)) : NULL;
    if (!group)
        return UINT64_MAX;
    group++;
    size_t length = (size_t)(end - group);
    if (lr_text_starts(line, "0::"))
        return smaller(read_limit("/sys/fs/cgroup", group, length, "/memory.max"),
                       read_limit("/sys/fs/cgroup", "", 0, "/memory.max"));
    const char *v1 = "/sys/fs/cgroup/memory", *file = "/memory.limit_in_bytes";
    return smaller(read_limit(v1, group, length, file), read_limit(v1, "", 0, file));
}

uint64_t lr_memory_limit(void)
{
    uint64_t limit = host_memory();
    char text[4096];
    if (lr_prim_slurp("/proc/self/cgroup", text, sizeof text) <= 0)
        return limit;
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        if (!end)
            end = line + strlen(line);
        const char *memory = strstr(line, "memory");
        if (lr_text_starts(line, "0::") || (memory && memory < end))
            limit = smaller(limit, limit_of_line(line, end));
        line = *end ? end + 1 : end;
    }
    return limit;
}
