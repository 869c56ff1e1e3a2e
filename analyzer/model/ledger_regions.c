/* ledger_regions.c -- ledger_regions.h.
 *
 * Stage: MODEL.  Context: analyzer only.
 */
#include "ledger_regions.h"

#include <stdlib.h>
#include <string.h>

#include "jvm_memory.h"
#include "words.h"

struct lr_ledger_region {
    uint64_t start, end;
    enum lr_jvm_area area;
    bool allocators;
};

/* By what areas and regions begin with. */
static int compare(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

void lr_ledger_ranges_sort(void *items, size_t count, size_t size)
{
    unsigned char *item = items;

    if (count == 0)
        return;
    qsort(items, count, size, compare);
    for (size_t i = 1; i < count; i++) {
        const uint64_t *before = (const uint64_t *)(item + (i - 1) * size);
        uint64_t *range = (uint64_t *)(item + i * size);

        for (int bound = 0; bound < 2; bound++)
            if (range[bound] < before[1])
                range[bound] = before[1];
    }
}

/* jemalloc's, tcmalloc's, mimalloc's own mappings. */
static bool is_allocators(const struct lr_build *build, const struct lr_model_path *path)
{
    const char *allocator = build->model->run.allocator;

    return path->count > 0 && !path->frames[0].java && allocator[0] &&
           strcmp(lr_base_name(path->frames[0].module), lr_base_name(allocator)) == 0;
}

/* What a stack's mappings are for is found out once; 0: not yet. */
struct memo {
    unsigned char *by_stack;
};
enum { ALLOCATORS = 100 };

static enum lr_status find_area(struct lr_build *build, struct memo *memo, uint32_t stack,
                                struct lr_error *error)
{
    struct lr_model_path path = {0};
    enum lr_status status = LR_OK;

    if (memo->by_stack[stack])
        return LR_OK;
    status = lr_path_make(build, stack, NULL, false, &path, error);
    if (status == LR_OK)
        memo->by_stack[stack] = is_allocators(build, &path)
                                    ? ALLOCATORS
                                    : (unsigned char)(1 + (unsigned)lr_jvm_area_of(&path));
    lr_path_free(&path);
    return status;
}

static bool add(struct lr_ledger_regions *regions, size_t *room, struct lr_ledger_region region)
{
    if (regions->count == *room) {
        size_t wanted = *room ? 2 * *room : 256;
        void *items = realloc(regions->items, wanted * sizeof(*regions->items));

        if (!items)
            return false;
        regions->items = items;
        *room = wanted;
    }
    regions->items[regions->count++] = region;
    return true;
}

/* The heap and the tables beside it are committed by the same function, from left to right: what
 * is left of a reservation lies behind, and says whose it is.  The heap is the only one that may be
 * committed to its end. */
static void settle_commits(struct lr_ledger_regions *regions)
{
    for (size_t i = regions->count; i-- > 0;) {
        struct lr_ledger_region *region = &regions->items[i];
        const struct lr_ledger_region *next = region + 1;
        bool adjacent = i + 1 < regions->count && next->start == region->end;

        if (region->area == LR_JVM_AREA_HEAP_COMMIT)
            region->area =
                adjacent && next->area == LR_JVM_AREA_GC ? LR_JVM_AREA_GC : LR_JVM_AREA_HEAP;
    }
}

static enum lr_status read_all(struct lr_build *build, struct lr_ledger_regions *regions,
                               struct memo *memo, struct lr_error *error)
{
    struct lr_region_view view;
    size_t room = 0;

    for (uint64_t cursor = 0; lr_trace_each_region(build->trace, &cursor, &view);) {
        uint32_t stack = view.stack < build->stacks ? view.stack : 0;
        enum lr_status status = find_area(build, memo, stack, error);
        bool allocators = memo->by_stack[stack] == ALLOCATORS;
        uint64_t end = view.start + view.length;

        if (status != LR_OK)
            return status;
        if (end <= view.start)
            continue;
        if (!add(regions, &room,
                 (struct lr_ledger_region){
                     view.start, end,
                     allocators ? LR_JVM_AREA_NONE
                                : (enum lr_jvm_area)(memo->by_stack[stack] - 1),
                     allocators}))
            return lr_fail(error, LR_FAILED, "out of memory");
    }
    return LR_OK;
}

enum lr_status lr_ledger_regions_read(struct lr_build *build, struct lr_ledger_regions *regions,
                                      struct lr_error *error)
{
    struct memo memo = {calloc(build->stacks, 1)};
    enum lr_status status;

    *regions = (struct lr_ledger_regions){0};
    if (!memo.by_stack)
        return lr_fail(error, LR_FAILED, "out of memory");
    status = read_all(build, regions, &memo, error);
    free(memo.by_stack);
    lr_ledger_ranges_sort(regions->items, regions->count, sizeof(*regions->items));
    settle_commits(regions);
    return status;
}

void lr_ledger_regions_free(struct lr_ledger_regions *regions)
{
    free(regions->items);
    regions->items = NULL;
    regions->count = 0;
}

static enum lr_ledger_entry entry_of(const struct lr_ledger_region *region)
{
    static const enum lr_ledger_entry entries[] = {
        [LR_JVM_AREA_NONE] = LR_LEDGER_MAPPED,     [LR_JVM_AREA_HEAP] = LR_LEDGER_JAVA_HEAP,
        [LR_JVM_AREA_HEAP_COMMIT] = LR_LEDGER_JAVA_HEAP, [LR_JVM_AREA_GC] = LR_LEDGER_GC,
        [LR_JVM_AREA_METASPACE] = LR_LEDGER_CLASS, [LR_JVM_AREA_CODE] = LR_LEDGER_CODE,
        [LR_JVM_AREA_STACK] = LR_LEDGER_STACKS,    [LR_JVM_AREA_OTHER] = LR_LEDGER_JVM,
    };

    return region->allocators ? LR_LEDGER_LIVE : entries[region->area];
}

static size_t first_behind(const struct lr_ledger_regions *regions, uint64_t address)
{
    size_t low = 0, high = regions->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (regions->items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void lr_ledger_regions_share(const struct lr_ledger_regions *regions, uint64_t start, uint64_t end,
                             double shares[LR_LEDGER_ENTRIES])
{
    for (size_t i = first_behind(regions, start);
         i < regions->count && regions->items[i].start < end; i++) {
        const struct lr_ledger_region *region = &regions->items[i];
        uint64_t from = region->start > start ? region->start : start;
        uint64_t to = region->end < end ? region->end : end;

        if (to > from)
            shares[entry_of(region)] += (double)(to - from) / (double)(end - start);
    }
}
