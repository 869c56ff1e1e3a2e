/* emit_places.c -- live memory, summed by culprit (emit_places.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_places.h"

#include <stdlib.h>

#include "emit_sampling.h"
#include "units.h"

struct place {
    const struct lr_model_frame *culprit; /* NULL: no stack */
    struct lr_sampled bytes, blocks;
    double size; /* the estimate of bytes */
    size_t sites;
};

static int compare_culprits(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (!a->culprit || !b->culprit)
        return (a->culprit != NULL) - (b->culprit != NULL);
    return lr_model_frame_compare(a->culprit, b->culprit);
}

static int compare_bytes(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return compare_culprits(a, b);
}

static size_t merge_places(struct place *places, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_culprits(&places[kept - 1], &places[i]) == 0) {
            lr_sampled_merge(&places[kept - 1].bytes, &places[i].bytes);
            lr_sampled_merge(&places[kept - 1].blocks, &places[i].blocks);
            places[kept - 1].size += places[i].size;
            places[kept - 1].sites += places[i].sites;
        } else {
            places[kept++] = places[i];
        }
    }
    return kept;
}

static size_t collect(const struct lr_model *model, bool mappings, struct place *places)
{
    size_t count = 0;

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if ((site->kind == LR_MEMORY_MMAP) != mappings)
            continue;
        places[count++] =
            (struct place){site->path.count ? &site->path.frames[site->path.culprit] : NULL,
                           site->live_bytes_sum, site->live_count_sum, site->live_bytes.value, 1};
    }
    return count;
}

static void put_place(struct lr_page *page, const struct place *place, bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE], blocks[LR_UNIT_SIZE], where[1024], range[LR_RANGE_SIZE];
    struct lr_estimate size = lr_sampled_estimate(&place->bytes);
    struct lr_estimate number = lr_sampled_estimate(&place->blocks);

    lr_emit_range(range, &size, raw_bytes);
    lr_page_line(page, 2, LR_INK_PLAIN, "%12s %9s  %s%s%s%s",
                 lr_unit_bytes(bytes, lr_model_round(size.value), raw_bytes),
                 lr_unit_count(blocks, lr_model_round(number.value)), range[0] ? "[" : "", range,
                 range[0] ? "]  " : "",
                 place->culprit ? lr_model_frame_text(where, sizeof(where), place->culprit)
                                : "(no stack was recorded)");
}

static void put_rest(struct lr_page *page, const struct place *places, size_t first, size_t count,
                     bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE], blocks[LR_UNIT_SIZE], rest[LR_UNIT_SIZE];
    double sum = 0, number = 0;

    for (size_t i = first; i < count; i++) {
        sum += places[i].size;
        number += places[i].blocks.exact + places[i].blocks.scaled;
    }
    if (first < count)
        lr_page_line(page, 2, LR_INK_DIM, "%12s %9s  at %s more places (--top %zu lists them)",
                     lr_unit_bytes(bytes, lr_model_round(sum), raw_bytes),
                     lr_unit_count(blocks, lr_model_round(number)),
                     lr_unit_count(rest, count - first), count);
}

void lr_emit_places(struct lr_page *page, const struct lr_model *model, bool mappings, unsigned top,
                    bool raw_bytes)
{
    struct place *places = calloc(model->site_count + 1, sizeof(*places));
    size_t count, shown;

    if (!places) {
        page->no_memory = true;
        return;
    }
    count = collect(model, mappings, places);
    if (count > 0) {
        qsort(places, count, sizeof(*places), compare_culprits);
        count = merge_places(places, count);
        qsort(places, count, sizeof(*places), compare_bytes);
        shown = count < top ? count : top;
        lr_page_blank(page);
        lr_page_text(page, 0, 2, LR_INK_BOLD,
                     mappings ? "Mapped address space (size, mappings, by whom)"
                              : "Live memory (bytes, blocks, allocated by)");
        for (size_t i = 0; i < shown; i++)
            put_place(page, &places[i], raw_bytes);
        put_rest(page, places, shown, count, raw_bytes);
    }
    free(places);
}
