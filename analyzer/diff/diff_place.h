/* diff_place.h -- what the files that make a difference share; nobody else includes it.
 *
 * Stage: DIFF.  Context: analyzer only.
 */
#ifndef LEAKRING_DIFF_PLACE_H
#define LEAKRING_DIFF_PLACE_H

#include "diff.h"

/* One run's part of a place, as it is summed up. */
struct lr_place_side {
    struct lr_sampled bytes, count; /* what is compared (diff.h) */
    struct lr_estimate bytes_rate, count_rate; /* sums of the trends, per hour */
    double most; /* of its sites: the one that lends its frames */
};

struct lr_place {
    struct lr_diff_site site;
    struct lr_place_side sides[2]; /* old, new */
    char *key;   /* resource and names from the culprit to who decided: equal ones are one place */
    char *chain; /* names of all the user's frames, of the site that lends its frames */
    bool matched; /* has both sides, or is done with */
};

struct lr_places {
    struct lr_place *items;
    size_t count, room;
};

/* All sites of one model; `side` 0 is the old one.  False: no memory. */
bool lr_places_add(struct lr_places *places, const struct lr_model *model, int side);
/* Makes one of those that are the same place. */
void lr_places_match(struct lr_places *places);
void lr_places_free(struct lr_places *places);

#endif
