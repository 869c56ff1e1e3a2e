/* emit_stacks.c -- emit_stacks.h: gathers live memory from the model.
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_stacks.h"

#include <stdlib.h>

static size_t room_for(const struct lr_model *model)
{
    size_t room = model->site_count + model->past_count;

    for (size_t i = 0; i < model->pair_count; i++)
        room += model->pairs[i].site_count;
    return room;
}

/* Totals trail the truth by up to a second. */
static void add(struct lr_live_stack *stacks, size_t *count, const struct lr_model_path *path,
                uint64_t blocks, uint64_t bytes, const struct lr_sampled *count_sum,
                const struct lr_sampled *bytes_sum)
{
    uint64_t total_blocks = lr_model_round(lr_sampled_estimate(count_sum).value);
    uint64_t total_bytes = lr_model_round(lr_sampled_estimate(bytes_sum).value);

    if (blocks == 0 && total_blocks == 0)
        return;
    stacks[(*count)++] = (struct lr_live_stack){
        .path = path,
        .count = blocks,
        .bytes = bytes,
        .total_count = total_blocks > blocks ? total_blocks : blocks,
        .total_bytes = total_bytes > bytes ? total_bytes : bytes,
    };
}

static void add_pair_site(const struct lr_model_pair_site *site, struct lr_live_stack *stacks,
                          size_t *count)
{
    add(stacks, count, &site->path, site->owned_blocks,
        site->bytes_at_creation + site->bytes_later, &site->total_count_sum,
        &site->total_bytes_sum);
}

static void add_memory_site(const struct lr_model_memory_site *site, struct lr_live_stack *stacks,
                            size_t *count)
{
    if (site->kind != LR_MEMORY_MMAP)
        add(stacks, count, &site->path, lr_model_round(site->live_count.value),
            lr_model_round(site->live_bytes.value), &site->total_count_sum,
            &site->total_bytes_sum);
}

/* Equal ones keep the model's order: stable output. */
static int compare(const void *left, const void *right)
{
    const struct lr_live_stack *a = left, *b = right;

    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    if (a->total_bytes != b->total_bytes)
        return a->total_bytes > b->total_bytes ? -1 : 1;
    return a->path < b->path ? -1 : a->path > b->path;
}

enum lr_status lr_live_stacks(const struct lr_model *model, struct lr_live_stack **stacks,
                              size_t *count, struct lr_error *error)
{
    size_t room = room_for(model);

    *count = 0;
    *stacks = NULL;
    if (room == 0)
        return LR_OK;
    *stacks = calloc(room, sizeof(**stacks));
    if (!*stacks)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t j = 0; j < model->pairs[i].site_count; j++)
            add_pair_site(&model->pairs[i].sites[j], *stacks, count);
    for (size_t i = 0; i < model->site_count; i++)
        add_memory_site(&model->sites[i], *stacks, count);
    for (size_t i = 0; i < model->past_count; i++)
        add_memory_site(&model->past[i], *stacks, count);
    qsort(*stacks, *count, sizeof(**stacks), compare);
    return LR_OK;
}
