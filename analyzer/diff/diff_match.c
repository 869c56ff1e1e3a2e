/* diff_match.c -- which places of two runs are the same.
 *
 * Stage: DIFF.  Context: analyzer only.
 *
 * First by their keys.  Of what is left over on either side, two are the same place when they are
 * each other's only candidate by
 *   - keys that differ in nothing but the numbers of anonymous classes; or
 *   - the user's frames all the way out: one has all of the other's, and what it has more are
 *     native ones, which a compiler may have inlined into their callers.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff_place.h"

/* More candidates than that are compared by their keys only: the time would grow with the square
 * of their number. */
enum { CANDIDATES_MAX = 3000 };

static double square(double value)
{
    return value * value;
}

/* Sum of two independent estimates. */
static void add_estimate(struct lr_estimate *into, const struct lr_estimate *from)
{
    double low = sqrt(square(into->value - into->low) + square(from->value - from->low));
    double high = sqrt(square(into->high - into->value) + square(from->high - from->value));

    into->value += from->value;
    into->low = into->value - low;
    into->high = into->value + high;
}

static void merge_side(struct lr_diff_side *into, const struct lr_diff_side *from)
{
    if (from->sites == 0)
        return;
    if (into->sites == 0) {
        *into = *from;
        return;
    }
    into->sites += from->sites;
    into->acquired += from->acquired;
    into->released += from->released;
    into->released_by_cleaner += from->released_by_cleaner;
    into->live += from->live;
    into->expected &= from->expected;
    into->trend_known &= from->trend_known;
    into->growing |= from->growing;
    into->late += from->late;
}

static void merge_sums(struct lr_place_side *into, const struct lr_place_side *from)
{
    lr_sampled_merge(&into->bytes, &from->bytes);
    lr_sampled_merge(&into->count, &from->count);
    add_estimate(&into->bytes_rate, &from->bytes_rate);
    add_estimate(&into->count_rate, &from->count_rate);
}

/* The path of the site with most; a chain goes with its path. */
static void take_path(struct lr_place *into, struct lr_place *from)
{
    struct lr_diff_site *to = &into->site, *other = &from->site;

    if (other->old_path && (!to->old_path || from->sides[0].most > into->sides[0].most)) {
        to->old_path = other->old_path;
        into->sides[0].most = from->sides[0].most;
    }
    if (other->new_path && (!to->new_path || from->sides[1].most > into->sides[1].most)) {
        to->new_path = other->new_path;
        into->sides[1].most = from->sides[1].most;
    }
    if (other->path == to->old_path || other->path == to->new_path) {
        char *chain = into->chain;

        into->chain = from->chain;
        from->chain = chain;
    }
    to->path = to->new_path ? to->new_path : to->old_path;
}

/* `from` is a part of `into` from now on, and holds nothing any more. */
static void merge_place(struct lr_place *into, struct lr_place *from)
{
    take_path(into, from);
    merge_side(&into->site.old, &from->site.old);
    merge_side(&into->site.new, &from->site.new);
    into->site.jvm &= from->site.jvm;
    for (int i = 0; i < 2; i++)
        merge_sums(&into->sides[i], &from->sides[i]);
    free(from->key);
    free(from->chain);
    from->key = from->chain = NULL;
}

static int compare_keys(const void *left, const void *right)
{
    const struct lr_place *a = left, *b = right;
    int order = strcmp(a->key, b->key);

    if (order == 0)
        order = (a->site.new.sites > 0) - (b->site.new.sites > 0); /* old ones first */
    return order;
}

static void drop_merged(struct lr_places *places)
{
    size_t kept = 0;

    for (size_t i = 0; i < places->count; i++)
        if (places->items[i].key)
            places->items[kept++] = places->items[i];
    places->count = kept;
}

static void match_keys(struct lr_places *places)
{
    struct lr_place *last = NULL;

    qsort(places->items, places->count, sizeof(*places->items), compare_keys);
    for (size_t i = 0; i < places->count; i++) {
        if (last && strcmp(last->key, places->items[i].key) == 0)
            merge_place(last, &places->items[i]);
        else
            last = &places->items[i];
    }
    drop_merged(places);
}

/* "Foo$12.run" is "Foo$3.run". */
static bool alike_numberless(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        if (*a != *b)
            return false;
        if (*a == '$') {
            a += strspn(a + 1, "0123456789");
            b += strspn(b + 1, "0123456789");
        }
    }
    return *a == *b;
}

static size_t line_length(const char *at)
{
    return strcspn(at, "\n") + 1;
}

/* Has `more` all lines of `less` in their order, what it has more being native frames, and no more
 * of these than of the others? */
static bool has_inlined(const char *more, const char *less)
{
    size_t shared = 0, extra = 0;

    for (; *more; more += line_length(more)) {
        size_t length = line_length(less);

        if (*less && strncmp(more, less, length) == 0) {
            less += length;
            shared++;
        } else if (*more == 'n') {
            extra++;
        } else {
            return false;
        }
    }
    return *less == '\0' && extra > 0 && shared > 1 + extra; /* the first line is the resource */
}

static bool alike_inlined(const char *a, const char *b)
{
    return has_inlined(a, b) || has_inlined(b, a);
}

typedef bool alike_function(const char *a, const char *b);

static const char *text_of(const struct lr_place *place, bool chain)
{
    return chain ? place->chain : place->key;
}

/* The only place of the other run that is like `place`; NULL: none, or several. */
static struct lr_place *only_candidate(struct lr_places *places, const struct lr_place *place,
                                       alike_function *alike, bool chain)
{
    struct lr_place *found = NULL;
    bool old = place->site.old.sites > 0;

    for (size_t i = 0; i < places->count; i++) {
        struct lr_place *other = &places->items[i];

        if (other->matched || (other->site.old.sites > 0) == old ||
            !alike(text_of(place, chain), text_of(other, chain)))
            continue;
        if (found)
            return NULL;
        found = other;
    }
    return found;
}

static void match_left_over(struct lr_places *places, alike_function *alike, bool chain)
{
    size_t left = 0;

    for (size_t i = 0; i < places->count; i++) {
        struct lr_place *place = &places->items[i];

        place->matched = !place->key || (place->site.old.sites > 0 && place->site.new.sites > 0);
        left += !place->matched;
    }
    for (size_t i = 0; i < places->count && left <= CANDIDATES_MAX; i++) {
        struct lr_place *place = &places->items[i], *other;

        if (place->matched || place->site.old.sites == 0)
            continue;
        other = only_candidate(places, place, alike, chain);
        if (!other || only_candidate(places, other, alike, chain) != place)
            continue;
        merge_place(place, other);
        place->matched = other->matched = true;
    }
    drop_merged(places);
}

void lr_places_match(struct lr_places *places)
{
    if (places->count == 0)
        return;
    match_keys(places);
    match_left_over(places, alike_numberless, false);
    match_left_over(places, alike_inlined, true);
}
