/* model_pairs.c -- pair call sites: what was acquired there, who released it, what is live.
 *
 * Stage: MODEL.  Context: analyzer only.  One seed per call site of the file; seeds whose paths
 * agree (culprit.h) become one site of the report.
 */
#include <stdlib.h>
#include <string.h>

#include "model_build.h"
#include "model_parts.h"
#include "steps.h"

struct seed {
    uint32_t pair;
    uint32_t stack;
    struct lr_model_pair_site site;
};

struct seeds {
    struct seed *items;
    uint32_t count, room;
    uint32_t *orphans; /* hashed: seeds whose site isn't in the file, plus 1; 0: free */
    uint32_t orphan_room; /* a power of two, twice the orphans at least */
};

static struct seed *add_seed(struct seeds *seeds, uint32_t pair, uint32_t stack)
{
    struct seed *seed;

    if (seeds->count == seeds->room) {
        uint32_t room = seeds->room ? 2 * seeds->room : 64;

        seed = realloc(seeds->items, room * sizeof(*seed));
        if (!seed)
            return NULL;
        seeds->items = seed;
        seeds->room = room;
    }
    seed = &seeds->items[seeds->count++];
    memset(seed, 0, sizeof(*seed));
    seed->pair = pair;
    seed->stack = stack;
    return seed;
}

/* One seed per record of the section, so that a live pair's site index is its seed's. */
static bool read_sites(struct lr_build *build, struct seeds *seeds)
{
    uint32_t entries = lr_trace_pairsite_entries(build->trace);

    for (uint32_t i = 0; i < entries; i++) {
        struct lr_pairsite_view view;
        struct seed *seed;

        lr_trace_pairsite_at(build->trace, i, &view);
        seed = add_seed(seeds, view.pair, view.stack);
        if (!seed)
            return false;
        seed->site.acquired = view.acquired;
        seed->site.released = view.released;
        seed->site.released_by_cleaner =
            build->cleaned ? build->cleaned[i] : view.released_by_cleaner;
        seed->site.released_unknown = view.released_unknown;
        seed->site.lost = view.lost;
        seed->site.followed = lr_followed_mask(build, true, i);
    }
    return true;
}

static uint32_t *orphan_slot(const struct seeds *seeds, uint32_t pair, uint32_t stack)
{
    uint64_t hash = ((uint64_t)pair << 32 | stack) * UINT64_C(0x9e3779b97f4a7c15) >> 32;

    for (;; hash++) {
        uint32_t *slot = &seeds->orphans[hash & (seeds->orphan_room - 1)];
        const struct seed *seed = *slot ? &seeds->items[*slot - 1] : NULL;

        if (!seed || (seed->pair == pair && seed->stack == stack))
            return slot;
    }
}

static bool make_orphan_room(struct seeds *seeds, uint32_t first)
{
    uint32_t count = seeds->count - first;

    if (seeds->orphans && count < seeds->orphan_room / 2)
        return true;
    free(seeds->orphans);
    seeds->orphan_room = seeds->orphan_room ? 2 * seeds->orphan_room : 64;
    seeds->orphans = calloc(seeds->orphan_room, sizeof(*seeds->orphans));
    for (uint32_t i = first; seeds->orphans && i < seeds->count; i++)
        *orphan_slot(seeds, seeds->items[i].pair, seeds->items[i].stack) = i + 1;
    return seeds->orphans != NULL;
}

/* The seed of a live pair whose site is not in the file: by pair and stack, behind the others. */
static struct seed *orphan_seed(struct seeds *seeds, uint32_t first,
                                const struct lr_pair_view *live)
{
    uint32_t *slot;
    struct seed *seed;

    if (!make_orphan_room(seeds, first))
        return NULL;
    slot = orphan_slot(seeds, live->pair, live->stack);
    if (*slot)
        return &seeds->items[*slot - 1];
    seed = add_seed(seeds, live->pair, live->stack);
    *slot = seed ? seeds->count : 0;
    return seed;
}

static void count_live(struct lr_model_pair_site *site, uint64_t birth_ms,
                       const struct lr_model_run *run)
{
    if (site->live == 0 || birth_ms < site->oldest_ms)
        site->oldest_ms = birth_ms;
    if (birth_ms > site->newest_ms)
        site->newest_ms = birth_ms;
    site->live++;
    *(birth_ms < run->full_gc_ms ? &site->survived : &site->untested) += 1;
    site->followed_live += site->followed != 0;
    lr_births_add(&site->births, birth_ms, 1, run->duration_ms);
}

static bool read_live(struct lr_build *build, struct seeds *seeds)
{
    uint32_t known = seeds->count;
    struct lr_pair_view live;
    uint64_t cursor = 0;

    while (lr_trace_each_pair(build->trace, &cursor, &live)) {
        struct seed *seed;

        if (live.site < known) {
            seed = &seeds->items[live.site];
        } else {
            seed = orphan_seed(seeds, known, &live);
            if (!seed)
                return false;
            seed->site.acquired++; /* at least; its totals found no room */
            build->orphan_pairs++;
        }
        count_live(&seed->site, live.birth_ms, &build->model->run);
        if (!lr_parts_add(build->model, &seed->site.parts, live.birth_ms, 0, 1) ||
            !lr_threads_count(&build->threads, LR_PLACE_PAIRS, (uint32_t)(seed - seeds->items),
                              live.thread, 1))
            return false;
    }
    return true;
}

/* Memory that a pair's calls allocated belongs to the pair acquired at that stack. */
static void claim_memory(struct lr_build *build, struct seeds *seeds)
{
    for (uint32_t i = 0; i < seeds->count; i++) {
        struct seed *seed = &seeds->items[i];
        struct lr_tally *tally;

        if (seed->stack == 0 || seed->stack >= build->stacks)
            continue;
        tally = &build->tallies[seed->stack];
        if (tally->pair_seed) {
            build->shared_stacks++;
            continue;
        }
        tally->pair_seed = i + 1;
        seed->site.bytes_at_creation = tally->owned_at_creation;
        seed->site.bytes_later = tally->owned_later;
        seed->site.owned_blocks = tally->owned_blocks;
        lr_parts_merge(build->model, &seed->site.parts, &tally->owned_parts);
        lr_stack_sums(build, seed->stack, &seed->site.total_bytes_sum,
                      &seed->site.total_count_sum);
    }
}

static enum lr_status name_paths(struct lr_build *build, struct seeds *seeds,
                                 struct lr_error *error)
{
    lr_steps_begin("naming the places of streams", seeds->count);
    for (uint32_t i = 0; i < seeds->count; i++, lr_steps_advance()) {
        struct seed *seed = &seeds->items[i];
        uint32_t pair = seed->pair;
        bool known = pair < lr_trace_pairdef_entries(build->trace);
        enum lr_status status =
            lr_path_make(build, seed->stack, known ? lr_trace_pair_name(build->trace, pair) : "",
                         known && (lr_trace_pair_flags(build->trace, pair) & LR_PAIR_JAVA),
                         &seed->site.path, error);

        if (status != LR_OK)
            return status;
        if (!lr_threads_take(build->threads, LR_PLACE_PAIRS, i, &seed->site.path.threads))
            return lr_fail(error, LR_FAILED, "out of memory");
    }
    return LR_OK;
}

/* Of one site, the stack with most that was never ended comes first and lends its frames. */
static int compare_seeds(const void *left, const void *right)
{
    const struct seed *a = left, *b = right;
    uint64_t never_a, never_b;
    int order;

    if (a->pair != b->pair)
        return a->pair < b->pair ? -1 : 1;
    order = lr_path_compare(&a->site.path, &b->site.path);
    if (order)
        return order;
    never_a = lr_pair_site_never_ended(&a->site);
    never_b = lr_pair_site_never_ended(&b->site);
    if (never_a != never_b)
        return never_a > never_b ? -1 : 1;
    return (a->stack > b->stack) - (a->stack < b->stack);
}

static void merge_site(const struct lr_model *model, struct lr_model_pair_site *into,
                       struct lr_model_pair_site *from)
{
    lr_parts_merge(model, &into->parts, &from->parts);
    into->acquired += from->acquired;
    into->released += from->released;
    into->released_by_cleaner += from->released_by_cleaner;
    into->released_unknown += from->released_unknown;
    into->lost += from->lost;
    if (from->live > 0 && (into->live == 0 || from->oldest_ms < into->oldest_ms))
        into->oldest_ms = from->oldest_ms;
    if (from->newest_ms > into->newest_ms)
        into->newest_ms = from->newest_ms;
    into->live += from->live;
    into->survived += from->survived;
    lr_births_merge(&into->births, &from->births);
    into->untested += from->untested;
    into->bytes_at_creation += from->bytes_at_creation;
    into->bytes_later += from->bytes_later;
    into->owned_blocks += from->owned_blocks;
    lr_sampled_merge(&into->total_bytes_sum, &from->total_bytes_sum);
    lr_sampled_merge(&into->total_count_sum, &from->total_count_sum);
    into->followed |= from->followed;
    into->followed_live += from->followed_live;
    lr_path_merge(&into->path, &from->path);
}

static bool append_site(struct lr_model_pair *pair, const struct lr_model_pair_site *site)
{
    if (pair->site_count == pair->site_room) {
        size_t room = pair->site_room ? 2 * pair->site_room : 16;
        struct lr_model_pair_site *sites = realloc(pair->sites, room * sizeof(*sites));

        if (!sites)
            return false;
        pair->sites = sites;
        pair->site_room = room;
    }
    pair->sites[pair->site_count++] = *site;
    return true;
}

static struct lr_model_pair *append_pair(struct lr_build *build, uint32_t index)
{
    struct lr_model *model = build->model;
    bool known = index < lr_trace_pairdef_entries(build->trace);
    struct lr_model_pair *pairs = realloc(model->pairs, (model->pair_count + 1) * sizeof(*pairs));

    if (!pairs)
        return NULL;
    model->pairs = pairs;
    pairs += model->pair_count++;
    memset(pairs, 0, sizeof(*pairs));
    pairs->name = known ? lr_trace_pair_name(build->trace, index) : "unknown resource";
    pairs->java = known && (lr_trace_pair_flags(build->trace, index) & LR_PAIR_JAVA);
    return pairs;
}

static void add_totals(struct lr_model_pair *pair)
{
    for (size_t i = 0; i < pair->site_count; i++) {
        const struct lr_model_pair_site *site = &pair->sites[i];

        pair->acquired += site->acquired;
        pair->released += site->released;
        pair->released_by_cleaner += site->released_by_cleaner;
        pair->released_unknown += site->released_unknown;
        pair->live += site->live;
        pair->live_bytes += site->bytes_at_creation + site->bytes_later;
    }
}

/* Moves the sorted seeds' sites into the model; the seeds keep no frames. */
static bool merge_seeds(struct lr_build *build, struct seeds *seeds)
{
    struct lr_model_pair *pair = NULL;
    uint32_t current = 0;

    for (uint32_t i = 0; i < seeds->count; i++) {
        struct seed *seed = &seeds->items[i];
        struct lr_model_pair_site *last;

        if (seed->site.acquired == 0 && seed->site.live == 0) {
            lr_path_free(&seed->site.path);
            continue;
        }
        if (!pair || seed->pair != current)
            pair = append_pair(build, current = seed->pair);
        if (!pair)
            return false;
        last = pair->site_count ? &pair->sites[pair->site_count - 1] : NULL;
        if (last && lr_path_compare(&last->path, &seed->site.path) == 0)
            merge_site(build->model, last, &seed->site);
        else if (!append_site(pair, &seed->site))
            return false;
        memset(&seed->site.path, 0, sizeof(seed->site.path));
        seed->site.parts = NULL; /* the model's now */
    }
    for (size_t i = 0; i < build->model->pair_count; i++)
        add_totals(&build->model->pairs[i]);
    return true;
}

static void free_seeds(struct seeds *seeds)
{
    for (uint32_t i = 0; i < seeds->count; i++) {
        lr_path_free(&seeds->items[i].site.path);
        free(seeds->items[i].site.parts);
    }
    free(seeds->items);
    free(seeds->orphans);
}

static bool list_names(struct lr_build *build)
{
    struct lr_model *model = build->model;
    uint32_t entries = lr_trace_pairdef_entries(build->trace);

    model->pair_names = calloc((size_t)entries + 1, sizeof(*model->pair_names));
    for (uint32_t i = 0; model->pair_names && i < entries; i++)
        model->pair_names[model->pair_name_count++] = lr_trace_pair_name(build->trace, i);
    return model->pair_names != NULL;
}

enum lr_status lr_build_pairs(struct lr_build *build, struct lr_error *error)
{
    struct seeds seeds = {0};
    enum lr_status status = LR_OK;

    if (!list_names(build) || !read_sites(build, &seeds) || !read_live(build, &seeds)) {
        status = lr_fail(error, LR_FAILED, "out of memory");
        goto done;
    }
    claim_memory(build, &seeds);
    status = name_paths(build, &seeds, error);
    if (status != LR_OK)
        goto done;
    if (seeds.count > 0)
        qsort(seeds.items, seeds.count, sizeof(*seeds.items), compare_seeds);
    if (!merge_seeds(build, &seeds))
        status = lr_fail(error, LR_FAILED, "out of memory");
done:
    free_seeds(&seeds);
    return status;
}
