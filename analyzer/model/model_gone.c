/* model_gone.c -- followed places of which nothing is live as the recording ends.
 *
 * Stage: MODEL.  Context: analyzer only.  What grew there and was released in time has a history
 * and nothing else; places of which something is live have theirs with that (model_memory.c).
 */
#include <stdlib.h>

#include "jvm_memory.h"
#include "model_build.h"

static bool is_live(const struct lr_tally *tally)
{
    for (int kind = 0; kind < LR_MEMORY_KINDS; kind++)
        if (tally->memory[kind].count.exact + tally->memory[kind].count.scaled > 0)
            return true;
    return tally->pair_seed || tally->owned_blocks;
}

/* Known already, by another of its stacks? */
static bool merge(struct lr_model *model, struct lr_model_memory_site *site)
{
    for (size_t i = 0; i < model->gone_count; i++)
        if (lr_path_compare(&model->gone[i].path, &site->path) == 0) {
            model->gone[i].followed |= site->followed;
            lr_path_merge(&model->gone[i].path, &site->path);
            return true;
        }
    return false;
}

static enum lr_status add(struct lr_build *build, uint32_t stack, struct lr_error *error)
{
    struct lr_model *model = build->model;
    struct lr_model_memory_site *site = &model->gone[model->gone_count];
    enum lr_status status = lr_path_make(build, stack, NULL, false, &site->path, error);

    site->followed = lr_followed_mask(build, false, stack);
    if (status != LR_OK || !merge(model, site)) {
        site->jvm = status == LR_OK && lr_jvm_owns(&site->path);
        model->gone_count++;
    } else {
        *site = (struct lr_model_memory_site){0};
    }
    return status;
}

enum lr_status lr_build_gone(struct lr_build *build, struct lr_error *error)
{
    enum lr_status status = LR_OK;

    build->model->gone = calloc(LR_MODEL_SLOTS, sizeof(*build->model->gone));
    if (!build->model->gone)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (unsigned slot = 0; status == LR_OK && slot < LR_MODEL_SLOTS; slot++) {
        const struct lr_followed_view *followed = &build->followed[slot];

        if (followed->kind == LR_FOLLOWED_STACK && followed->id < build->stacks &&
            !is_live(&build->tallies[followed->id]))
            status = add(build, followed->id, error);
    }
    return status;
}
