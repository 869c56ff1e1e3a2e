/* diff.c -- diff.h: what changed between two runs, and by how much at least.
 *
 * Stage: DIFF.  Context: analyzer only; pure functions.
 * Source of the interval of a difference: the method of variance estimates recovery, Zou & Donner
 * 2008, which takes it from the two intervals and needs no symmetry of theirs.
 */
#include "diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff_place.h"

static const double ALIKE_LONG = 1.1;    /* runs whose lengths differ by no more */
static const double FAR_APART = 2;
static const double SHORT_HOURS = 1.0 / 60; /* how long such runs took is the machine's doing */
static const double ALPHA = 0.025;       /* of an interval's one side */
static const double RATE_FLOOR = 100000; /* bytes an hour: as LR_MATTERS_RATE of judge.h */
static const double MS_PER_HOUR = 3600000;

const char *lr_diff_state_name(enum lr_diff_state state)
{
    static const char *const names[] = {"equal", "new", "grown", "unclear", "shrunk", "gone"};

    return names[state];
}

const char *lr_diff_basis_name(enum lr_diff_basis basis)
{
    return basis == LR_DIFF_BY_RATE ? "rate" : "total";
}

const char *lr_diff_verdict_name(enum lr_diff_verdict verdict)
{
    static const char *const names[] = {"same", "regression", "improvement", "cannot-tell"};

    return names[verdict];
}

static void set_delta(struct lr_diff_figure *figure)
{
    const struct lr_estimate *old = &figure->old, *new = &figure->new;

    figure->delta.value = new->value - old->value;
    figure->delta.low = figure->delta.value - hypot(new->value - new->low, old->high - old->value);
    figure->delta.high = figure->delta.value + hypot(new->high - new->value, old->value - old->low);
}

static struct lr_estimate per_hour(const struct lr_estimate *estimate, double hours)
{
    double factor = hours > 0 ? 1 / hours : 0;

    return (struct lr_estimate){estimate->value * factor, estimate->low * factor,
                                estimate->high * factor};
}

/* Blocks that were sampled may be missing altogether: one interval's worth of each place. */
static double unseen_bytes(const struct lr_model *model, const struct lr_place *place)
{
    bool exact = place->site.pair || place->site.mapped;

    return exact ? 0 : (double)model->completeness.max_interval;
}

static bool by_trend(const struct lr_diff_site *site)
{
    return site->old.trend_known && site->new.trend_known &&
           (site->old.growing || site->new.growing);
}

static void fill_rates(struct lr_place *place, const struct lr_diff *diff)
{
    struct lr_diff_site *site = &place->site;
    bool trends = by_trend(site);

    site->bytes_rate.old =
        trends ? place->sides[0].bytes_rate : per_hour(&site->bytes.old, diff->old_hours);
    site->bytes_rate.new =
        trends ? place->sides[1].bytes_rate : per_hour(&site->bytes.new, diff->new_hours);
    site->count_rate.old =
        trends ? place->sides[0].count_rate : per_hour(&site->count.old, diff->old_hours);
    site->count_rate.new =
        trends ? place->sides[1].count_rate : per_hour(&site->count.new, diff->new_hours);
    set_delta(&site->bytes_rate);
    set_delta(&site->count_rate);
}

static void fill_figures(struct lr_place *place, const struct lr_diff *diff)
{
    struct lr_diff_site *site = &place->site;
    const struct lr_model *models[] = {diff->old, diff->new};

    for (int i = 0; i < 2; i++)
        place->sides[i].bytes.unseen =
            fmax(place->sides[i].bytes.unseen, unseen_bytes(models[i], place));
    site->bytes.old = lr_sampled_estimate(&place->sides[0].bytes);
    site->bytes.new = lr_sampled_estimate(&place->sides[1].bytes);
    site->count.old = lr_sampled_estimate(&place->sides[0].count);
    site->count.new = lr_sampled_estimate(&place->sides[1].count);
    set_delta(&site->bytes);
    set_delta(&site->count);
    site->old.trend_known |= site->old.sites == 0;
    site->new.trend_known |= site->new.sites == 0;
    site->expected = site->new.sites ? site->new.expected : site->old.expected;
    fill_rates(place, diff);
}

/* -1 less, 1 more, 0: no difference that two equal runs wouldn't show.  `widen`: of the interval,
 * for the many places that are looked at. */
static int compare(const struct lr_diff_figure *figure, double noise, double floor, double widen)
{
    const struct lr_estimate *delta = &figure->delta;
    double least = fmax(floor, noise * fmin(figure->old.value, figure->new.value));

    if (delta->value - (delta->value - delta->low) * widen > least)
        return 1;
    return delta->value + (delta->high - delta->value) * widen < -least ? -1 : 0;
}

struct change {
    int total, rate;
};

static struct change compare_counts(const struct lr_diff *diff, const struct lr_diff_site *site,
                                    double widen)
{
    double noise = diff->options.noise, floor = diff->options.floor_count;
    double hours = fmax(diff->old_hours, diff->new_hours);

    return (struct change){compare(&site->count, noise, floor, widen),
                           compare(&site->count_rate, noise, floor / hours, widen)};
}

static struct change compare_bytes(const struct lr_diff *diff, const struct lr_diff_site *site,
                                   double widen)
{
    double noise = diff->options.noise, floor = diff->options.floor_bytes;
    double hours = fmax(diff->old_hours, diff->new_hours);

    return (struct change){compare(&site->bytes, noise, floor, widen),
                           compare(&site->bytes_rate, noise,
                                   fmax(floor / hours, by_trend(site) ? RATE_FLOOR : 0), widen)};
}

/* More by one measure, and not by the other, where the lengths are so different that a place which
 * didn't change is more by one of them as well.  `may`: it can have grown by enough at all. */
static bool is_unclear(const struct lr_diff *diff, const struct lr_diff_site *site,
                       struct change change, bool may)
{
    if (change.total * change.rate < 0)
        return true;
    if (!diff->far_apart || change.total == change.rate)
        return false;
    if (change.rate > 0) /* a leak, or the same in less time */
        return may;
    /* Growth that is known, at a pace that the old run's start alone may have had. */
    return change.total > 0 && site->new.growing && !site->old.trend_known;
}

/* What the two comparisons say together; *unclear: opposite things, or half of it. */
static int decide(const struct lr_diff *diff, struct lr_diff_site *site, struct change change,
                  bool may, bool *unclear)
{
    bool bounded = site->old.trend_known && site->new.trend_known && !by_trend(site);

    *unclear = false;
    site->basis = LR_DIFF_BY_TOTAL;
    if (diff->options.by == LR_DIFF_TOTALS)
        return change.total;
    if (diff->options.by == LR_DIFF_RATES || (by_trend(site) && change.rate != 0)) {
        site->basis = LR_DIFF_BY_RATE;
        return change.rate;
    }
    if (diff->alike_long || bounded)
        return change.total;
    if (by_trend(site)) {
        site->basis = LR_DIFF_BY_RATE;
        return 0;
    }
    *unclear = is_unclear(diff, site, change, may);
    return change.total == change.rate ? change.total : 0;
}

static void set_state(const struct lr_diff *diff, struct lr_diff_site *site, double widen)
{
    const struct lr_diff_figure *figure = &site->bytes;
    bool unclear = false;
    int change = 0;

    if (site->pair) {
        change = decide(diff, site, compare_counts(diff, site, widen), true, &unclear);
        if (change != 0 || unclear)
            figure = &site->count;
    }
    if (change == 0 && !unclear)
        change = decide(diff, site, compare_bytes(diff, site, widen),
                        !site->pair && site->new.late > diff->options.floor_bytes, &unclear);
    if (unclear)
        site->state = LR_DIFF_UNCLEAR;
    else if (change > 0)
        site->state = figure->old.value > 0 ? LR_DIFF_GROWN : LR_DIFF_NEW;
    else if (change < 0)
        site->state = figure->new.value > 0 ? LR_DIFF_SHRUNK : LR_DIFF_GONE;
    else
        site->state = LR_DIFF_EQUAL;
}

static bool counts(const struct lr_diff_site *site)
{
    return !site->jvm && !site->expected && !site->mapped;
}

bool lr_diff_is_regression(const struct lr_diff_site *site)
{
    return counts(site) && (site->state == LR_DIFF_NEW || site->state == LR_DIFF_GROWN);
}

size_t lr_diff_jvm(const struct lr_diff *diff, double *old_bytes, double *new_bytes)
{
    size_t places = 0;

    *old_bytes = *new_bytes = 0;
    for (size_t i = diff->counted; i < diff->count; i++) {
        const struct lr_diff_site *site = &diff->items[i];

        if (!site->jvm || site->mapped)
            continue;
        places++;
        *old_bytes += site->bytes.old.value;
        *new_bytes += site->bytes.new.value;
    }
    return places;
}

/* More first, equal last. */
static int rank(const struct lr_diff_site *site)
{
    static const int ranks[] = {[LR_DIFF_NEW] = 0,    [LR_DIFF_GROWN] = 0, [LR_DIFF_UNCLEAR] = 1,
                                [LR_DIFF_SHRUNK] = 2, [LR_DIFF_GONE] = 2,  [LR_DIFF_EQUAL] = 3};

    return ranks[site->state];
}

static int compare_down(double a, double b)
{
    return (a < b) - (a > b);
}

static int compare_places(const void *left, const void *right)
{
    const struct lr_place *a = left, *b = right;
    int order = counts(&b->site) - counts(&a->site);

    if (order == 0)
        order = rank(&a->site) - rank(&b->site);
    if (order == 0)
        order = b->site.pair - a->site.pair;
    if (order == 0)
        order = compare_down(fabs(a->site.bytes.delta.value), fabs(b->site.bytes.delta.value));
    if (order == 0)
        order = compare_down(fabs(a->site.count.delta.value), fabs(b->site.count.delta.value));
    return order ? order : strcmp(a->key, b->key);
}

/* In how many places could chance of sampling be taken for a change?  So many times rarer must it
 * be at each of them, and with exponential tails the intervals that much wider. */
static double widening(const struct lr_places *places)
{
    double uncertain = 0;

    for (size_t i = 0; i < places->count; i++) {
        const struct lr_estimate *delta = &places->items[i].site.bytes.delta;

        uncertain += delta->low < delta->high;
    }
    return 1 + log(fmax(1, uncertain)) / -log(ALPHA);
}

static void judge(struct lr_diff *diff)
{
    const struct lr_model_completeness *old = &diff->old->completeness;
    const struct lr_model_completeness *new = &diff->new->completeness;
    size_t more, less;

    for (size_t i = 0; i < diff->counted; i++)
        diff->states[diff->items[i].state]++;
    more = diff->states[LR_DIFF_NEW] + diff->states[LR_DIFF_GROWN];
    less = diff->states[LR_DIFF_GONE] + diff->states[LR_DIFF_SHRUNK];
    if (old->verdict == LR_BLIND || new->verdict == LR_BLIND)
        diff->verdict = LR_DIFF_CANNOT_TELL;
    else if (more > 0)
        diff->verdict = LR_DIFF_REGRESSION;
    else if (old->verdict != LR_COMPLETE || new->verdict != LR_COMPLETE || diff->too_short ||
             diff->states[LR_DIFF_UNCLEAR] > 0)
        diff->verdict = LR_DIFF_CANNOT_TELL;
    else
        diff->verdict = less > 0 ? LR_DIFF_IMPROVEMENT : LR_DIFF_SAME;
}

static double hours_of(const struct lr_model *model)
{
    return fmax(1, (double)lr_model_span_ms(model)) / MS_PER_HOUR;
}

static void set_defaults(struct lr_diff *diff, const struct lr_diff_options *options)
{
    diff->options = *options;
    if (options->noise < 0)
        diff->options.noise = LR_DIFF_NOISE;
    if (options->floor_bytes < 0)
        diff->options.floor_bytes = LR_DIFF_FLOOR_BYTES;
    if (options->floor_count < 0)
        diff->options.floor_count = LR_DIFF_FLOOR_COUNT;
    diff->old_hours = hours_of(diff->old);
    diff->new_hours = hours_of(diff->new);
    diff->alike_long = fmax(diff->old_hours, diff->new_hours) <
                       fmax(SHORT_HOURS, ALIKE_LONG * fmin(diff->old_hours, diff->new_hours));
    diff->far_apart = fmax(diff->old_hours, diff->new_hours) >=
                      fmax(SHORT_HOURS, FAR_APART * fmin(diff->old_hours, diff->new_hours));
    diff->too_short = options->by == LR_DIFF_AUTO && diff->far_apart &&
                      diff->new_hours < diff->old_hours &&
                      diff->new_hours * 3600 < LR_TREND_MIN_SECONDS;
}

static bool fill(struct lr_diff *diff, struct lr_places *places)
{
    double widen;

    for (size_t i = 0; i < places->count; i++)
        fill_figures(&places->items[i], diff);
    widen = widening(places);
    for (size_t i = 0; i < places->count; i++)
        set_state(diff, &places->items[i].site, widen);
    if (places->count > 0)
        qsort(places->items, places->count, sizeof(*places->items), compare_places);
    diff->items = calloc(places->count + 1, sizeof(*diff->items));
    for (size_t i = 0; diff->items && i < places->count; i++) {
        diff->items[i] = places->items[i].site;
        diff->counted += counts(&places->items[i].site);
    }
    diff->count = diff->items ? places->count : 0;
    return diff->items != NULL;
}

enum lr_status lr_diff_make(const struct lr_model *old, const struct lr_model *new,
                            const struct lr_diff_options *options, struct lr_diff **diff,
                            struct lr_error *error)
{
    struct lr_places places = {0};
    bool ok;

    *diff = calloc(1, sizeof(**diff));
    if (!*diff)
        return lr_fail(error, LR_FAILED, "out of memory");
    (*diff)->old = old;
    (*diff)->new = new;
    set_defaults(*diff, options);
    ok = lr_places_add(&places, old, 0) && lr_places_add(&places, new, 1);
    if (ok)
        lr_places_match(&places);
    ok = ok && fill(*diff, &places);
    if (ok)
        judge(*diff);
    lr_places_free(&places);
    if (!ok) {
        lr_diff_free(*diff);
        *diff = NULL;
    }
    return ok ? LR_OK : lr_fail(error, LR_FAILED, "out of memory");
}

void lr_diff_free(struct lr_diff *diff)
{
    if (diff)
        free(diff->items);
    free(diff);
}
