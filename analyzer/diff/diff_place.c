/* diff_place.c -- the sites of a model as places: their names, and what is compared of them.
 *
 * Stage: MODEL -> DIFF.  Context: analyzer only.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "culprit.h"
#include "diff_name.h"
#include "diff_place.h"
#include "jvm_memory.h"

enum { NAME_SIZE = 1024 };

/* A line for each name; which of them are Java's matters to those who compare chains.  A name
 * like the one before (recursion, a call that is passed on) is left out. */
static void put_name(FILE *out, const struct lr_model_frame *frame, char *last)
{
    char name[NAME_SIZE];

    if (lr_diff_name_is_bridge(frame))
        return;
    lr_diff_name(name, sizeof(name), frame, false);
    if (strcmp(name, last) != 0)
        fprintf(out, "%c%s\n", frame->java ? 'j' : 'n', name);
    strcpy(last, name);
}

/* The culprit and the user's frames before `end`; malloc()ed, NULL without memory. */
static char *write_names(const char *resource, const struct lr_model_path *path, size_t end)
{
    char *text = NULL, last[NAME_SIZE] = "";
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "%s\n", resource);
    for (size_t i = path->culprit; i < end; i++)
        if (i == path->culprit || path->frames[i].user)
            put_name(out, &path->frames[i], last);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static struct lr_place *add_place(struct lr_places *places, const char *resource,
                                  const struct lr_model_path *path, size_t key_end)
{
    struct lr_place *place;

    if (places->count == places->room) {
        size_t room = places->room ? 2 * places->room : 256;

        place = realloc(places->items, room * sizeof(*place));
        if (!place)
            return NULL;
        places->items = place;
        places->room = room;
    }
    place = &places->items[places->count];
    memset(place, 0, sizeof(*place));
    place->site.resource = resource;
    place->site.path = path;
    place->key = write_names(resource, path, key_end);
    place->chain = write_names(resource, path, path->count);
    places->count++; /* freed with the others, whole or not */
    return place->key && place->chain ? place : NULL;
}

/* Growth by a trend that was judged; the rest is nothing that is known to grow. */
static struct lr_estimate rate_of(const struct lr_trend *trend)
{
    return (struct lr_estimate){trend->slope, trend->low, trend->high};
}

static void set_trend(struct lr_diff_side *side, const struct lr_trend *trend, bool any)
{
    side->trend_known = !any || trend->kind != LR_TREND_UNKNOWN;
    side->growing = any && trend->kind == LR_TREND_GROWING;
}

static bool add_pair_site(struct lr_places *places, const struct lr_model_pair *pair,
                          const struct lr_model_pair_site *site, int number)
{
    struct lr_place *place = add_place(places, pair->name, &site->path, site->path.key_end);
    struct lr_place_side *sums;
    struct lr_diff_side *side;
    uint64_t never_ended = site->class == LR_CLASS_TRANSIENT ? 0 : lr_pair_site_never_ended(site);
    uint64_t bytes =
        site->class == LR_CLASS_TRANSIENT ? 0 : site->bytes_at_creation + site->bytes_later;

    if (!place)
        return false;
    sums = &place->sides[number];
    side = number == 0 ? &place->site.old : &place->site.new;
    place->site.pair = true;
    *side = (struct lr_diff_side){
        .sites = 1,
        .acquired = site->acquired,
        .released = site->released,
        .released_by_cleaner = site->released_by_cleaner,
        .live = site->live,
        .expected = site->class == LR_CLASS_EXPECTED,
    };
    set_trend(side, &site->trend, never_ended > 0);
    side->trend_known &= site->released_by_cleaner == 0; /* the trend is of the live ones */
    lr_sampled_add_exact(&sums->count, (double)never_ended);
    lr_sampled_add_exact(&sums->bytes, (double)bytes);
    sums->count_rate = rate_of(&site->trend);
    sums->bytes_rate = rate_of(&site->bytes_trend);
    sums->most = (double)never_ended;
    return true;
}

static bool add_memory_site(struct lr_places *places, const struct lr_model_memory_site *site,
                            int number)
{
    bool mapped = site->kind == LR_MEMORY_MMAP;
    struct lr_place *place = add_place(places, lr_memory_kind_name(site->kind), &site->path,
                                       lr_culprit_key_end(&site->path));
    struct lr_diff_side *side;

    if (!place)
        return false;
    side = number == 0 ? &place->site.old : &place->site.new;
    place->site.mapped = mapped;
    place->site.jvm = site->jvm || (mapped && lr_jvm_area_of(&site->path) != LR_JVM_AREA_NONE);
    side->sites = 1;
    side->expected = site->expected != NULL;
    side->late = site->late_bytes.high;
    set_trend(side, &site->trend, site->live_bytes.value > 0);
    place->sides[number] = (struct lr_place_side){
        .bytes = site->live_bytes_sum,
        .count = site->live_count_sum,
        .bytes_rate = rate_of(&site->trend),
        .count_rate = rate_of(&site->count_trend),
        .most = site->live_bytes.value,
    };
    return true;
}

bool lr_places_add(struct lr_places *places, const struct lr_model *model, int side)
{
    size_t first = places->count;
    bool ok = true;

    for (size_t i = 0; i < model->pair_count; i++)
        for (size_t s = 0; ok && s < model->pairs[i].site_count; s++)
            ok = add_pair_site(places, &model->pairs[i], &model->pairs[i].sites[s], side);
    for (size_t i = 0; ok && i < model->site_count; i++)
        ok = add_memory_site(places, &model->sites[i], side);
    for (size_t i = first; ok && i < places->count; i++) {
        struct lr_diff_site *site = &places->items[i].site;

        *(side == 0 ? &site->old_path : &site->new_path) = site->path;
    }
    return ok;
}

void lr_places_free(struct lr_places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        free(places->items[i].key);
        free(places->items[i].chain);
    }
    free(places->items);
}
