/* model_memory.c -- live blocks and mappings, summed by stack, then by place.
 *
 * Stage: MODEL.  Context: analyzer only.  What a pair owns is the pair's, never listed here.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_build.h"

static void add_block(struct lr_sum *sum, double size, double weight)
{
    /* A block recorded with probability p = 1/weight stands for `weight` blocks; the variance of
     * that estimate is (1 - p) / p^2. */
    double variance = weight * (weight - 1);

    sum->count += weight;
    sum->bytes += size * weight;
    sum->count_variance += variance;
    sum->bytes_variance += size * size * variance;
}

static void tally_block(struct lr_build *build, const struct lr_live_view *block)
{
    struct lr_tally *tally = &build->tallies[block->stack < build->stacks ? block->stack : 0];
    enum lr_memory_kind kind = block->kind == LR_KIND_NEW ? LR_MEMORY_NEW : LR_MEMORY_MALLOC;
    uint64_t bytes;

    if (!block->owned) {
        add_block(&tally->memory[kind], (double)block->size, block->weight);
        return;
    }
    bytes = lr_model_round((double)block->size * block->weight);
    *(block->later ? &tally->owned_later : &tally->owned_at_creation) += bytes;
    tally->owned_blocks += lr_model_round(block->weight);
}

enum lr_status lr_build_tallies(struct lr_build *build, struct lr_error *error)
{
    struct lr_live_view block;
    struct lr_region_view region;
    uint64_t cursor = 0;

    build->stacks = lr_trace_stack_entries(build->trace);
    if (build->stacks == 0)
        build->stacks = 1; /* "no stack" */
    build->tallies = calloc(build->stacks, sizeof(*build->tallies));
    if (!build->tallies)
        return lr_fail(error, LR_FAILED, "out of memory");
    while (lr_trace_each_live(build->trace, &cursor, &block))
        tally_block(build, &block);
    cursor = 0;
    while (lr_trace_each_region(build->trace, &cursor, &region)) {
        uint32_t stack = region.stack < build->stacks ? region.stack : 0;

        add_block(&build->tallies[stack].memory[LR_MEMORY_MMAP], (double)region.length, 1);
    }
    return LR_OK;
}

static struct lr_model_estimate estimate(double value, double variance)
{
    double half = 1.96 * sqrt(variance > 0 ? variance : 0);

    return (struct lr_model_estimate){value, value > half ? value - half : 0, value + half};
}

static enum lr_status append_site(struct lr_build *build, size_t *room, uint32_t stack,
                                  enum lr_memory_kind kind, const struct lr_sum *sum,
                                  struct lr_error *error)
{
    struct lr_model *model = build->model;
    struct lr_model_memory_site *site;
    struct lr_stack_view view;
    const char *expected;

    if (model->site_count == *room) {
        size_t wanted = *room ? 2 * *room : 256;

        site = realloc(model->sites, wanted * sizeof(*site));
        if (!site)
            return lr_fail(error, LR_FAILED, "out of memory");
        model->sites = site;
        *room = wanted;
    }
    site = &model->sites[model->site_count];
    memset(site, 0, sizeof(*site));
    site->kind = kind;
    site->live_count = estimate(sum->count, sum->count_variance);
    site->live_bytes = estimate(sum->bytes, sum->bytes_variance);
    lr_trace_stack_at(build->trace, stack, &view);
    if (kind != LR_MEMORY_MMAP) {
        site->total_count = view.alloc_count;
        site->total_bytes = view.alloc_bytes;
    }
    model->site_count++;
    return lr_path_make(build, stack, NULL, false, &site->path, &expected, error);
}

/* Memory owned by a pair whose call site is not in the file is plain memory to the report. */
static void disown(struct lr_tally *tally)
{
    if (tally->pair_seed || tally->owned_blocks == 0)
        return;
    tally->memory[LR_MEMORY_MALLOC].count += (double)tally->owned_blocks;
    tally->memory[LR_MEMORY_MALLOC].bytes +=
        (double)(tally->owned_at_creation + tally->owned_later);
}

static int compare_by_path(const void *left, const void *right)
{
    const struct lr_model_memory_site *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return lr_path_compare(&a->path, &b->path);
}

static void merge_estimates(struct lr_model_estimate *into, const struct lr_model_estimate *from)
{
    double a = into->high - into->value, b = from->high - from->value;

    into->value += from->value;
    into->high = into->value + hypot(a, b);
    into->low = fmax(into->value - hypot(a, b), 0);
}

static void merge_sites(struct lr_model *model)
{
    size_t kept = 0;

    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        if (kept > 0 && compare_by_path(&model->sites[kept - 1], site) == 0) {
            struct lr_model_memory_site *into = &model->sites[kept - 1];

            merge_estimates(&into->live_bytes, &site->live_bytes);
            merge_estimates(&into->live_count, &site->live_count);
            into->total_count += site->total_count;
            into->total_bytes += site->total_bytes;
            lr_path_merge(&into->path, &site->path);
        } else {
            model->sites[kept++] = *site;
        }
    }
    model->site_count = kept;
}

/* By live bytes; mappings are address space, not memory, and come behind the rest. */
static int compare_by_size(const void *left, const void *right)
{
    const struct lr_model_memory_site *a = left, *b = right;
    bool mapped_a = a->kind == LR_MEMORY_MMAP, mapped_b = b->kind == LR_MEMORY_MMAP;

    if (mapped_a != mapped_b)
        return mapped_a - mapped_b;
    if (a->live_bytes.value != b->live_bytes.value)
        return a->live_bytes.value > b->live_bytes.value ? -1 : 1;
    if (a->live_count.value != b->live_count.value)
        return a->live_count.value > b->live_count.value ? -1 : 1;
    return compare_by_path(a, b);
}

static void add_ledger(struct lr_model *model, const char *name, uint64_t bytes)
{
    model->ledger[model->ledger_count++] = (struct lr_model_ledger){name, bytes};
}

static void fill_ledger(struct lr_model *model)
{
    double plain = 0, mapped = 0;
    uint64_t owned = 0;

    for (size_t i = 0; i < model->site_count; i++)
        *(model->sites[i].kind == LR_MEMORY_MMAP ? &mapped : &plain) +=
            model->sites[i].live_bytes.value;
    for (size_t i = 0; i < model->pair_count; i++)
        owned += model->pairs[i].live_bytes;
    add_ledger(model, "malloc live: owned by pairs", owned);
    add_ledger(model, "malloc live: everything else", lr_model_round(plain));
    add_ledger(model, "mapped address space", lr_model_round(mapped));
}

enum lr_status lr_build_memory(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    size_t room = 0;

    for (uint32_t stack = 0; stack < build->stacks; stack++) {
        disown(&build->tallies[stack]);
        for (int kind = 0; kind < LR_MEMORY_KINDS; kind++) {
            const struct lr_sum *sum = &build->tallies[stack].memory[kind];
            enum lr_status status;

            if (sum->count <= 0)
                continue;
            status = append_site(build, &room, stack, (enum lr_memory_kind)kind, sum, error);
            if (status != LR_OK)
                return status;
        }
    }
    if (model->site_count > 0) {
        qsort(model->sites, model->site_count, sizeof(*model->sites), compare_by_path);
        merge_sites(model);
        qsort(model->sites, model->site_count, sizeof(*model->sites), compare_by_size);
    }
    fill_ledger(model);
    return LR_OK;
}
