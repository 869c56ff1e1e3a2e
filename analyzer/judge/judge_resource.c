/* judge_resource.c -- what plain memory is of, and how it is given back (judge_internal.h).
 *
 * Stage: JUDGE.  Context: analyzer only.  What is known of it is data: resources.def.
 */
#include <stdio.h>
#include <string.h>

#include "judge_internal.h"

struct resource {
    const char *part, *name, *release, *rest;
};
static const struct resource resources[] = {
#define LR_RESOURCE(part, name, release, rest) {part, name, release, rest},
#include "resources.def"
#undef LR_RESOURCE
};

bool lr_maps_files(const struct lr_model_memory_site *site)
{
    return site->kind == LR_MEMORY_MMAP && site->file_bytes >= 0.9 * site->live_bytes.value;
}

static bool has_part(const struct lr_model_path *path, const char *part)
{
    for (size_t i = 0; i < path->count && i < path->culprit; i++)
        if (strstr(path->frames[i].function, part))
            return true;
    return false;
}

/* Where nothing is known of it. */
static struct resource plain(const struct lr_model_memory_site *site)
{
    if (site->kind == LR_MEMORY_MMAP)
        return (struct resource){
            "", lr_maps_files(site) ? "memory of mapped files" : "mapped address space",
            "unmap what", "maps, or bound how much of it is kept."};
    if (site->kind == LR_MEMORY_NEW)
        return (struct resource){"", "memory of new", "delete what",
                                 "allocates, or bound how much of it is kept."};
    return (struct resource){"", "memory of malloc", "free what",
                             "allocates, or bound how much of it is kept."};
}

static struct resource find(const struct lr_model_memory_site *site)
{
    for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
        if (has_part(&site->path, resources[i].part))
            return resources[i];
    return plain(site);
}

const char *lr_resource_name(const struct lr_model_memory_site *site)
{
    return find(site).name;
}

int lr_resource_advice(char **out, const struct lr_model_memory_site *site)
{
    struct resource resource = find(site);
    char place[600] = "that place";

    if (site->path.count)
        lr_model_frame_text(place, sizeof(place), &site->path.frames[site->path.culprit]);
    return asprintf(out, "%s %s %s", resource.release, place, resource.rest);
}
