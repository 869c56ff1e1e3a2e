/* model_past.c -- what was allocated where nothing is live any more, and the modules: for profiles.
 *
 * Stage: MODEL.  Context: analyzer only.  A report has no use for it, and naming every stack of a
 * long run takes seconds; so only who asks gets it (struct lr_model_options).
 */
#include <stdio.h>
#include <stdlib.h>

#include "model_build.h"

void lr_stack_sums(const struct lr_build *build, uint32_t stack, struct lr_sampled *bytes,
                   struct lr_sampled *count)
{
    struct lr_stack_view view;

    lr_trace_stack_at(build->trace, stack, &view);
    *bytes = lr_sampled_total((double)view.alloc_bytes, view.bytes_variance, 0);
    *count = lr_sampled_total((double)view.alloc_count, view.count_variance, 0);
}

/* Live blocks and pairs carry their stack's totals themselves. */
static bool is_listed(const struct lr_tally *tally)
{
    const struct lr_sum *memory = tally->memory;
    bool live = false;

    for (int kind = 0; kind < LR_MEMORY_KINDS; kind++)
        live |= kind != LR_MEMORY_MMAP && memory[kind].count.exact + memory[kind].count.scaled > 0;
    return live || tally->pair_seed;
}

static int compare(const void *left, const void *right)
{
    const struct lr_model_memory_site *a = left, *b = right;

    return lr_path_compare(&a->path, &b->path);
}

static void merge(struct lr_model *model)
{
    size_t kept = 0;

    if (model->past_count > 0)
        qsort(model->past, model->past_count, sizeof(*model->past), compare);
    for (size_t i = 0; i < model->past_count; i++) {
        struct lr_model_memory_site *site = &model->past[i];
        struct lr_model_memory_site *last = kept ? &model->past[kept - 1] : NULL;

        if (last && compare(last, site) == 0) {
            lr_sampled_merge(&last->total_bytes_sum, &site->total_bytes_sum);
            lr_sampled_merge(&last->total_count_sum, &site->total_count_sum);
            lr_path_merge(&last->path, &site->path);
        } else {
            model->past[kept++] = *site;
        }
    }
    model->past_count = kept;
    for (size_t i = 0; i < kept; i++) {
        model->past[i].total_bytes = lr_sampled_estimate(&model->past[i].total_bytes_sum);
        model->past[i].total_count = lr_sampled_estimate(&model->past[i].total_count_sum);
    }
}

static enum lr_status add_stacks(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;

    model->past = calloc(build->stacks, sizeof(*model->past));
    if (!model->past)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (uint32_t stack = 0; stack < build->stacks; stack++) {
        struct lr_model_memory_site *site = &model->past[model->past_count];
        enum lr_status status;

        if (is_listed(&build->tallies[stack]))
            continue;
        lr_stack_sums(build, stack, &site->total_bytes_sum, &site->total_count_sum);
        if (lr_sampled_estimate(&site->total_count_sum).value < 0.5)
            continue;
        status = lr_path_make(build, stack, NULL, false, &site->path, error);
        model->past_count++;
        if (status != LR_OK)
            return status;
    }
    merge(model);
    return LR_OK;
}

static enum lr_status add_modules(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    uint32_t entries = lr_trace_module_entries(build->trace);

    model->modules = calloc((size_t)entries + 1, sizeof(*model->modules));
    if (!model->modules)
        return lr_fail(error, LR_FAILED, "out of memory");
    for (uint32_t i = 1; i < entries; i++) {
        struct lr_model_module *module = &model->modules[model->module_count];
        struct lr_module_view view;

        lr_trace_module_at(build->trace, i, &view);
        if (!*view.path)
            continue;
        module->path = view.path;
        module->start = view.start;
        module->end = view.end;
        module->bias = view.bias;
        for (uint32_t b = 0; b < view.build_id_size && b < sizeof(module->build_id) / 2; b++)
            snprintf(module->build_id + 2 * (size_t)b, 3, "%02x", view.build_id[b]);
        model->module_count++;
    }
    return LR_OK;
}

enum lr_status lr_build_past(struct lr_build *build, struct lr_error *error)
{
    enum lr_status status;

    if (!build->past)
        return LR_OK;
    status = add_stacks(build, error);
    return status == LR_OK ? add_modules(build, error) : status;
}
