/* site_id.c -- site_id.h.  Stage: EMIT.  Context: analyzer only. */
#include "site_id.h"

#include <inttypes.h>
#include <stdio.h>

#include "diff_name.h"
#include "words.h"

/* FNV-1a, of the text with its end. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    while (*text++);
    return hash;
}

static uint64_t start(const char *kind)
{
    return add_text(UINT64_C(0xcbf29ce484222325), kind);
}

/* A native function without a name is told by its offset, which its own `function` has. */
static uint64_t add_frame(uint64_t hash, const struct lr_model_frame *frame)
{
    char name[1024], line[16];

    hash = add_text(hash, frame->java ? lr_diff_name(name, sizeof(name), frame, false)
                                      : frame->function);
    hash = add_text(hash, lr_base_name(frame->file));
    hash = add_text(hash, lr_base_name(frame->module));
    snprintf(line, sizeof(line), "%" PRIu32, frame->line);
    return add_text(hash, line);
}

/* The frames by which the model tells sites apart. */
static uint64_t add_path(uint64_t hash, const struct lr_model_path *path)
{
    for (size_t i = path->key_whole ? 0 : path->culprit; i < path->count && i < path->key_end; i++)
        if (path->key_whole || i == path->culprit || path->frames[i].user)
            hash = add_frame(hash, &path->frames[i]);
    return hash;
}

static const char *write_id(char *out, uint64_t hash)
{
    snprintf(out, LR_SITE_ID_SIZE, "%08" PRIx32, (uint32_t)(hash ^ hash >> 32));
    return out;
}

const char *lr_pair_site_id(char *out, const struct lr_model_pair *pair,
                            const struct lr_model_pair_site *site)
{
    return write_id(out, add_path(start(pair->name), &site->path));
}

const char *lr_memory_site_id(char *out, const struct lr_model_memory_site *site)
{
    return write_id(out, add_path(start(lr_memory_kind_name(site->kind)), &site->path));
}

const char *lr_culprit_id(char *out, const struct lr_model_frame *culprit, bool mappings)
{
    uint64_t hash = start(mappings ? "mappings at" : "blocks at");

    return write_id(out, culprit ? add_frame(hash, culprit) : hash);
}
