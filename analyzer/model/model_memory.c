/* model_memory.c -- live blocks and mappings, summed by stack, then by place.
 *
 * Stage: MODEL.  Context: analyzer only.  What a pair owns is the pair's, never listed here.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model_build.h"
#include "model_parts.h"
#include "steps.h"

static void add_block(struct lr_sum *sum, double size, double weight, uint64_t birth_ms,
                      uint64_t span_ms)
{
    bool first = sum->count.exact + sum->count.scaled == 0;

    lr_sampled_add(&sum->bytes, size, weight);
    lr_sampled_add(&sum->count, 1, weight);
    sum->smallest = first ? size : fmin(sum->smallest, size);
    lr_births_add(&sum->births, birth_ms, weight, span_ms);
}

static bool is_late(const struct lr_build *build, uint64_t birth_ms)
{
    return birth_ms >= lr_model_warm_ms(build->model);
}

/* Adds what was acquired behind the warm-up. */
static void add_late(const struct lr_build *build, struct lr_sum *sum, double size, double weight,
                     uint64_t birth_ms)
{
    const struct lr_model *model = build->model;
    uint64_t warm_ms = lr_model_warm_ms(model), end_ms = model->phase.to_ms;

    if (!is_late(build, birth_ms))
        return;
    lr_sampled_add(&sum->late, size, weight);
    if (end_ms > warm_ms && birth_ms < warm_ms + (end_ms - warm_ms) / 2)
        lr_sampled_add(&sum->kept, size, weight);
}

static bool tally_block(struct lr_build *build, const struct lr_live_view *block)
{
    uint32_t stack = block->stack < build->stacks ? block->stack : 0;
    struct lr_tally *tally = &build->tallies[stack];
    enum lr_memory_kind kind = block->kind == LR_KIND_NEW ? LR_MEMORY_NEW : LR_MEMORY_MALLOC;
    uint64_t bytes;

    if (is_late(build, block->birth_ms))
        build->model->late_bytes += (double)block->size * block->weight;
    if (!block->owned) {
        add_block(&tally->memory[kind], (double)block->size, block->weight, block->birth_ms,
                  build->model->run.duration_ms);
        add_late(build, &tally->memory[kind], (double)block->size, block->weight,
                 block->birth_ms);
        return lr_parts_add(build->model, &tally->parts[kind], block->birth_ms,
                            (double)block->size * block->weight, block->weight) &&
               lr_threads_count(&build->threads, LR_PLACE_MEMORY + kind, stack, block->thread,
                                block->weight);
    }
    bytes = lr_model_round((double)block->size * block->weight);
    *(block->later ? &tally->owned_later : &tally->owned_at_creation) += bytes;
    tally->owned_blocks += lr_model_round(block->weight);
    return lr_parts_add(build->model, &tally->owned_parts, block->birth_ms, (double)bytes, 0);
}

/* Pages of it become memory that somebody must free when they are written to: the process' own, of
 * a file or not, or shared memory.  Those of other files are the kernel's, which takes them back
 * when it wants to. */
static bool is_memory(const struct lr_region_view *region)
{
    return region->flags & MAP_ANONYMOUS || region->in_memory ||
           ((region->flags & MAP_TYPE) == MAP_PRIVATE && region->prot & PROT_WRITE);
}

static bool tally_region(struct lr_build *build, const struct lr_region_view *region)
{
    uint32_t stack = region->stack < build->stacks ? region->stack : 0;
    struct lr_tally *tally = &build->tallies[stack];
    struct lr_sum *sum = &tally->memory[LR_MEMORY_MMAP];

    add_block(sum, (double)region->length, 1, region->birth_ms, build->model->run.duration_ms);
    if (!(region->flags & MAP_ANONYMOUS))
        tally->file_bytes += region->length;
    if (is_memory(region))
        add_late(build, sum, (double)region->length, 1, region->birth_ms);
    return lr_parts_add(build->model, &tally->parts[LR_MEMORY_MMAP], region->birth_ms,
                        (double)region->length, 1) &&
           lr_threads_count(&build->threads, LR_PLACE_MEMORY + LR_MEMORY_MMAP, stack,
                            region->thread, 1);
}

enum lr_status lr_build_tallies(struct lr_build *build, struct lr_error *error)
{
    struct lr_live_view block;
    struct lr_region_view region;
    uint64_t cursor = 0;
    bool memory = true; /* enough of it */

    build->stacks = lr_trace_stack_entries(build->trace);
    if (build->stacks == 0)
        build->stacks = 1; /* "no stack" */
    build->tallies = calloc(build->stacks, sizeof(*build->tallies));
    if (!build->tallies)
        return lr_fail(error, LR_FAILED, "out of memory");
    while (memory && lr_trace_each_live(build->trace, &cursor, &block))
        memory = tally_block(build, &block);
    cursor = 0;
    while (memory && lr_trace_each_region(build->trace, &cursor, &region))
        memory = tally_region(build, &region);
    return memory ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

void lr_tallies_free(struct lr_build *build)
{
    for (uint32_t stack = 0; build->tallies && stack < build->stacks; stack++) {
        for (int kind = 0; kind < LR_MEMORY_KINDS; kind++)
            free(build->tallies[stack].parts[kind]);
        free(build->tallies[stack].owned_parts);
    }
    free(build->tallies);
}

/* What may be missing: no mapping; of blocks one for each interval of bytes, and nothing tells
 * that they are smaller than those that were seen. */
static void set_unseen(struct lr_model_memory_site *site, double interval, double late,
                       double smallest)
{
    double blocks = interval / fmax(smallest, 1);

    if (site->kind == LR_MEMORY_MMAP || interval <= 0)
        return;
    site->live_bytes_sum.unseen = interval;
    site->live_count_sum.unseen = fmax(blocks, 1);
    site->late_bytes_sum.unseen = site->kept_bytes_sum.unseen = late;
}

static void set_totals(struct lr_model_memory_site *site, const struct lr_stack_view *view)
{
    if (site->kind == LR_MEMORY_MMAP)
        return;
    site->total_bytes_sum = lr_sampled_total((double)view->alloc_bytes, view->bytes_variance,
                                             site->live_bytes_sum.unseen);
    site->total_count_sum = lr_sampled_total((double)view->alloc_count, view->count_variance,
                                             site->live_count_sum.unseen);
}

static enum lr_status append_site(struct lr_build *build, size_t *room, uint32_t stack,
                                  enum lr_memory_kind kind, const struct lr_sum *sum,
                                  struct lr_error *error)
{
    struct lr_model *model = build->model;
    struct lr_model_memory_site *site;
    struct lr_stack_view view;
    enum lr_status status;

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
    site->followed = lr_followed_mask(build, false, stack);
    site->live_bytes_sum = sum->bytes;
    site->live_count_sum = sum->count;
    site->births = sum->births;
    site->late_bytes_sum = sum->late;
    site->kept_bytes_sum = sum->kept;
    lr_parts_merge(model, &site->parts, &build->tallies[stack].parts[kind]);
    if (kind == LR_MEMORY_MMAP)
        site->file_bytes = (double)build->tallies[stack].file_bytes;
    set_unseen(site, (double)lr_trace_info(build->trace)->max_interval,
               (double)build->late_interval, sum->smallest);
    if (site->followed)
        site->followed_bytes = sum->bytes.exact + sum->bytes.scaled;
    lr_trace_stack_at(build->trace, stack, &view);
    site->lost = view.lost_count;
    set_totals(site, &view);
    model->site_count++;
    status = lr_path_make(build, stack, NULL, false, &site->path, error);
    if (status == LR_OK && !lr_threads_take(build->threads, LR_PLACE_MEMORY + (unsigned)kind, stack,
                                            &site->path.threads))
        status = lr_fail(error, LR_FAILED, "out of memory");
    return status;
}

/* Memory owned by a pair whose call site is not in the file is plain memory to the report. */
static void disown(const struct lr_model *model, struct lr_tally *tally)
{
    if (tally->pair_seed || tally->owned_blocks == 0)
        return;
    lr_parts_merge(model, &tally->parts[LR_MEMORY_MALLOC], &tally->owned_parts);
    lr_sampled_add_exact(&tally->memory[LR_MEMORY_MALLOC].count, (double)tally->owned_blocks);
    lr_sampled_add_exact(&tally->memory[LR_MEMORY_MALLOC].bytes,
                         (double)(tally->owned_at_creation + tally->owned_later));
    lr_sampled_add_exact(&tally->memory[LR_MEMORY_MALLOC].late,
                         (double)(tally->owned_at_creation + tally->owned_later));
    lr_sampled_add_exact(&tally->memory[LR_MEMORY_MALLOC].kept,
                         (double)(tally->owned_at_creation + tally->owned_later));
}

static int compare_by_path(const void *left, const void *right)
{
    const struct lr_model_memory_site *a = left, *b = right;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return lr_path_compare(&a->path, &b->path);
}

static void merge_site(const struct lr_model *model, struct lr_model_memory_site *into,
                       struct lr_model_memory_site *from)
{
    lr_parts_merge(model, &into->parts, &from->parts);
    lr_sampled_merge(&into->live_bytes_sum, &from->live_bytes_sum);
    lr_sampled_merge(&into->live_count_sum, &from->live_count_sum);
    lr_sampled_merge(&into->late_bytes_sum, &from->late_bytes_sum);
    lr_sampled_merge(&into->kept_bytes_sum, &from->kept_bytes_sum);
    lr_sampled_merge(&into->total_bytes_sum, &from->total_bytes_sum);
    lr_sampled_merge(&into->total_count_sum, &from->total_count_sum);
    into->followed |= from->followed;
    into->followed_bytes += from->followed_bytes;
    into->lost += from->lost;
    into->file_bytes += from->file_bytes;
    lr_births_merge(&into->births, &from->births);
}

static void estimate_sites(struct lr_model *model)
{
    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        site->live_bytes = lr_sampled_estimate(&site->live_bytes_sum);
        site->live_count = lr_sampled_estimate(&site->live_count_sum);
        site->late_bytes = lr_sampled_estimate(&site->late_bytes_sum);
        site->kept_bytes = lr_sampled_estimate(&site->kept_bytes_sum);
        site->total_bytes = lr_sampled_estimate(&site->total_bytes_sum);
        site->total_count = lr_sampled_estimate(&site->total_count_sum);
    }
}

static void merge_sites(struct lr_model *model)
{
    size_t kept = 0;

    for (size_t i = 0; i < model->site_count; i++) {
        struct lr_model_memory_site *site = &model->sites[i];

        if (kept > 0 && compare_by_path(&model->sites[kept - 1], site) == 0) {
            merge_site(model, &model->sites[kept - 1], site);
            lr_path_merge(&model->sites[kept - 1].path, &site->path);
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

enum lr_status lr_build_memory(struct lr_build *build, struct lr_error *error)
{
    struct lr_model *model = build->model;
    size_t room = 0;

    build->late_interval = lr_late_interval(build);
    lr_steps_begin("naming the places of memory", build->stacks);
    for (uint32_t stack = 0; stack < build->stacks; stack++, lr_steps_advance()) {
        disown(model, &build->tallies[stack]);
        for (int kind = 0; kind < LR_MEMORY_KINDS; kind++) {
            const struct lr_sum *sum = &build->tallies[stack].memory[kind];
            enum lr_status status;

            if (sum->count.exact + sum->count.scaled <= 0)
                continue;
            status = append_site(build, &room, stack, (enum lr_memory_kind)kind, sum, error);
            if (status != LR_OK)
                return status;
        }
    }
    lr_steps_begin("judging", 0);
    if (model->site_count > 0) {
        qsort(model->sites, model->site_count, sizeof(*model->sites), compare_by_path);
        merge_sites(model);
        estimate_sites(model);
        qsort(model->sites, model->site_count, sizeof(*model->sites), compare_by_size);
    }
    return LR_OK;
}
