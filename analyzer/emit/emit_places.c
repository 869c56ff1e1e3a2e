/* emit_places.c -- live memory, summed by culprit (emit_places.h).
 *
 * Stage: EMIT.  Context: analyzer only.
 */
#include "emit_places.h"

#include <stdlib.h>

#include "emit_choice.h"
#include "emit_sampling.h"
#include "site_id.h"
#include "units.h"

struct place {
    const struct lr_model_frame *culprit; /* NULL: no stack */
    struct lr_sampled bytes, blocks;
    double size; /* the estimate of bytes */
    size_t sites;
    const struct lr_model_memory_site *site; /* of one, it */
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

/* What the JVM allocates for itself nobody can fix: it is one line, unless it is asked for. */
static bool is_summed(const struct lr_model *model, const struct lr_emit_options *options,
                      const struct lr_model_memory_site *site)
{
    return site->jvm && !options->top && !options->choice.filter &&
           model->verdict.kind != LR_VERDICT_JVM_OTHER;
}

/* `jvm`: what is summed. */
static size_t collect(const struct lr_model *model, bool mappings,
                      const struct lr_emit_options *options, struct place *places,
                      struct place *jvm)
{
    size_t count = 0;

    for (size_t i = 0; i < model->site_count; i++) {
        const struct lr_model_memory_site *site = &model->sites[i];

        if ((site->kind == LR_MEMORY_MMAP) != mappings ||
            !lr_choice_has_memory(&options->choice, site))
            continue;
        if (is_summed(model, options, site)) {
            lr_sampled_merge(&jvm->bytes, &site->live_bytes_sum);
            lr_sampled_merge(&jvm->blocks, &site->live_count_sum);
            jvm->sites++;
            continue;
        }
        places[count++] = (struct place){
            .culprit = site->path.count ? &site->path.frames[site->path.culprit] : NULL,
            .bytes = site->live_bytes_sum,
            .blocks = site->live_count_sum,
            .size = site->live_bytes.value,
            .sites = 1,
            .site = site};
    }
    return count;
}

static void put_place(struct lr_page *page, const struct place *place, bool mappings,
                      bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE], blocks[LR_UNIT_SIZE], range[LR_RANGE_SIZE], id[LR_SITE_ID_SIZE];
    char figures[3 * LR_UNIT_SIZE + LR_RANGE_SIZE];
    struct lr_estimate size = lr_sampled_estimate(&place->bytes);
    struct lr_estimate number = lr_sampled_estimate(&place->blocks);

    lr_emit_range(range, &size, raw_bytes);
    snprintf(figures, sizeof(figures), "%*s %9s  %s  %s%s%s", raw_bytes ? 14 : 8,
             lr_unit_bytes(bytes, lr_model_round(size.value), raw_bytes),
             lr_unit_count(blocks, lr_model_round(number.value)),
             place->sites == 1 ? lr_memory_site_id(id, place->site)
                               : lr_culprit_id(id, place->culprit, mappings),
             range[0] ? "[" : "", range,
             range[0] ? "]  " : "");
    if (place->culprit)
        lr_page_frame_line(page, 2, LR_INK_PLAIN, figures, place->culprit);
    else
        lr_page_line(page, 2, LR_INK_PLAIN, "%s(no stack was recorded)", figures);
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
        lr_page_line(page, 2, LR_INK_DIM, "%*s %9s  at %s more places (--top=%zu lists them)",
                     raw_bytes ? 14 : 8, lr_unit_bytes(bytes, lr_model_round(sum), raw_bytes),
                     lr_unit_count(blocks, lr_model_round(number)),
                     lr_unit_count(rest, count - first), count);
}

static void put_jvm(struct lr_page *page, const struct place *jvm, bool raw_bytes)
{
    char bytes[LR_UNIT_SIZE], blocks[LR_UNIT_SIZE], places[LR_UNIT_SIZE];
    struct lr_estimate size = lr_sampled_estimate(&jvm->bytes);
    struct lr_estimate number = lr_sampled_estimate(&jvm->blocks);

    if (jvm->sites)
        lr_page_line(page, 2, LR_INK_DIM,
                     "%*s %9s  by the JVM itself, at %s place%s (--filter=libjvm.so)",
                     raw_bytes ? 14 : 8,
                     lr_unit_bytes(bytes, lr_model_round(size.value), raw_bytes),
                     lr_unit_count(blocks, lr_model_round(number.value)),
                     lr_unit_count(places, jvm->sites), jvm->sites == 1 ? "" : "s");
}

static void put_heading(struct lr_page *page, bool mappings, bool raw_bytes)
{
    lr_page_blank(page);
    lr_page_text(page, 0, 2, LR_INK_BOLD,
                 mappings ? "Mapped address space, by who mapped it"
                          : "Live memory, by who allocated it");
    lr_page_line(page, 2, LR_INK_DIM, "%*s %9s  %-8s  %s", raw_bytes ? 14 : 8, "size",
                 mappings ? "mappings" : "blocks", "site", "where");
}

void lr_emit_places(struct lr_page *page, const struct lr_model *model, bool mappings, unsigned top,
                    const struct lr_emit_options *options)
{
    struct place *places = calloc(model->site_count + 1, sizeof(*places));
    struct place jvm = {.sites = 0};
    size_t count, shown;

    if (!places) {
        page->no_memory = true;
        return;
    }
    count = collect(model, mappings, options, places, &jvm);
    if (count > 0 || jvm.sites > 0) {
        qsort(places, count, sizeof(*places), compare_culprits);
        count = merge_places(places, count);
        qsort(places, count, sizeof(*places), compare_bytes);
        shown = count < top ? count : top;
        put_heading(page, mappings, options->raw_bytes);
        for (size_t i = 0; i < shown; i++)
            put_place(page, &places[i], mappings, options->raw_bytes);
        put_rest(page, places, shown, count, options->raw_bytes);
        put_jvm(page, &jvm, options->raw_bytes);
    }
    free(places);
}
