/* followed.c -- followed.h.
 *
 * Stage: helper thread -> FILE.  Context: the helper thread only.
 */
#include "followed.h"

#include "clock.h"
#include "file.h"
#include "live_scan.h"
#include "prim.h"

enum {
    EPOCH_MS = 60000,
    FIRST_EPOCH_MS = 5000,
    EPOCH_SHARE = 16, /* an epoch is this part of the time that has gone by, between these two */
    KEEP_MS = 5 * 60000, /* what goes on growing isn't given up sooner, */
    IDLE_MAX = 2,        /* nor after fewer epochs without growth */
    STREAK_MAX = 250,
    TRIAL = 4, /* epochs after which a stack that doesn't grow gives its place to another */
};

/* What is known of a stack, or of a pair site (its value is a count then). */
struct tracker {
    float value, count;         /* as of the last scan */
    float low_now, low_before;  /* the least of this epoch, and of the one before */
    float growth;               /* of these, averaged */
    uint8_t streak;             /* epochs that it grew in, halved when it shrinks */
    uint8_t barred;             /* belongs to a pair, which is followed itself */
    uint8_t followed;
    uint8_t epochs;             /* that it was seen in, up to TRIAL */
    uint8_t idle;               /* epochs since it grew last */
};

struct pool {
    enum lr_followed_kind kind;
    enum lr_section_id section;
    float base; /* what one is worth that has nothing live: a free slot or not */
    struct tracker *trackers; /* of stacks: by place (live_scan.h), else by id */
};
static struct pool pools[] = {
    {LR_FOLLOWED_STACK, LR_SEC_STACKS, 0, NULL},
    {LR_FOLLOWED_PAIR, LR_SEC_PAIRSITES, 1, NULL},
};
enum { STACKS, PAIRS, POOLS };

/* Slots for those that come first by one measure. */
enum measure { BY_SIZE, BY_GROWTH, BY_STEADINESS };
static const struct group {
    struct pool *pool;
    uint32_t first, end;
    enum measure measure;
    float better_by; /* so many times as much, or it isn't worth the change */
} groups[] = {
    {&pools[STACKS], 0, 12, BY_SIZE, 1.5f},      {&pools[STACKS], 12, 26, BY_GROWTH, 2},
    {&pools[STACKS], 26, 40, BY_STEADINESS, 2},  {&pools[PAIRS], 40, 48, BY_SIZE, 1.5f},
    {&pools[PAIRS], 48, 56, BY_GROWTH, 2},       {&pools[PAIRS], 56, 64, BY_STEADINESS, 2},
};
enum { GROUPS = sizeof groups / sizeof *groups };
_Static_assert(LR_FOLLOWED_SLOTS == 64, "the groups above");

static bool complete;      /* there was a scan */
static uint32_t epoch_end; /* ms */

bool lr_followed_start(void)
{
    uint64_t sites = lr_file_capacity(LR_SEC_PAIRSITES);
    pools[STACKS].trackers = lr_prim_map(LR_TALLIES * sizeof(struct tracker));
    pools[PAIRS].trackers = lr_prim_map(sites * sizeof(struct tracker));
    epoch_end = FIRST_EPOCH_MS;
    return pools[STACKS].trackers && pools[PAIRS].trackers;
}

/* How many trackers may be in use, and whose one is: UINT32_MAX for nobody's. */
static uint32_t tracker_count(const struct pool *pool)
{
    if (pool->kind == LR_FOLLOWED_STACK)
        return LR_TALLIES;

    const struct lr_section *section = lr_file.section[pool->section];
    uint64_t used = __atomic_load_n(&section->used, __ATOMIC_ACQUIRE);
    return (uint32_t)(used < section->capacity ? used : section->capacity);
}

static uint32_t id_of(const struct pool *pool, uint32_t number)
{
    return pool->kind == LR_FOLLOWED_STACK ? lr_live_scan_stack(number) : number;
}

/* NULL: a stack without anything live, or one that is left out. */
static struct tracker *tracker_of(const struct pool *pool, uint32_t id)
{
    uint32_t number = pool->kind == LR_FOLLOWED_STACK ? lr_live_scan_place(id) : id;
    return number == LR_NO_TALLY && pool->kind == LR_FOLLOWED_STACK ? NULL
                                                                    : &pool->trackers[number];
}

static uint64_t load(const uint64_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

/* The numbers are written one by one: a moment's difference may be negative. */
static uint64_t live_pairs(const struct lr_pairsite *site)
{
    uint64_t gone = load(&site->released) + load(&site->lost), acquired = load(&site->acquired);
    return acquired > gone ? acquired - gone : 0;
}

static void set(struct tracker *tracker, double value, double count)
{
    tracker->value = (float)value;
    tracker->count = (float)count;
    if (tracker->value < tracker->low_now)
        tracker->low_now = tracker->value;
}

static void drop(uint32_t place)
{
    pools[STACKS].trackers[place] = (struct tracker){0};
    lr_live_scan_drop(place);
}

static void read_stacks(void)
{
    struct pool *pool = &pools[STACKS];
    for (uint32_t place = 0; place < LR_TALLIES; place++) {
        struct tracker *tracker = &pool->trackers[place];
        bool owned;
        if (id_of(pool, place) == UINT32_MAX)
            continue;
        struct lr_live_sum sum = lr_live_scan_take(place, &owned);
        set(tracker, sum.bytes, sum.count);
        tracker->barred = owned;
        if (sum.count == 0 && !tracker->followed)
            drop(place);
    }
}

/* Stacks were left out: whoever is small and didn't grow has had its time. */
static void make_places(void)
{
    const struct pool *pool = &pools[STACKS];
    double sum = 0;
    for (uint32_t place = 0; place < LR_TALLIES; place++)
        sum += (double)pool->trackers[place].value;
    for (uint32_t place = 0; place < LR_TALLIES; place++) {
        const struct tracker *tracker = &pool->trackers[place];
        if (id_of(pool, place) != UINT32_MAX && !tracker->followed && !tracker->barred &&
            tracker->streak <= 1 && tracker->epochs == TRIAL &&
            (double)tracker->value <= sum / LR_TALLIES)
            drop(place);
    }
}

static void read_pairs(void)
{
    struct pool *pool = &pools[PAIRS];
    uint32_t count = tracker_count(pool);
    for (uint32_t id = 0; id < count; id++) {
        double live = (double)live_pairs(&lr_file.pairsites[id]);
        set(&pool->trackers[id], live, live);
    }
}

static void end_epoch(struct pool *pool)
{
    uint32_t count = tracker_count(pool);
    for (uint32_t number = 0; number < count; number++) {
        struct tracker *tracker = &pool->trackers[number];
        if (id_of(pool, number) == UINT32_MAX)
            continue;
        float grown = tracker->low_now - tracker->low_before;
        tracker->epochs += tracker->epochs < TRIAL;
        if (grown > 0)
            tracker->idle = 0;
        else
            tracker->idle += tracker->idle < UINT8_MAX;
        if (grown > 0 && tracker->streak < STREAK_MAX)
            tracker->streak++;
        else if (grown < 0)
            tracker->streak /= 2;
        tracker->growth += (grown - tracker->growth) / 4;
        tracker->low_before = tracker->low_now;
        tracker->low_now = tracker->value;
    }
}

static float worth(const struct pool *pool, const struct tracker *tracker, enum measure measure)
{
    if (measure == BY_SIZE)
        return tracker->value + pool->base;
    if (tracker->growth <= 0)
        return 0;
    return measure == BY_GROWTH ? tracker->growth * (float)(1 + tracker->streak)
                                : (float)tracker->streak / (float)(1 + tracker->idle);
}

/* What is followed keeps its place. */
static struct tracker *tracker_in(const struct pool *pool, uint32_t slot)
{
    return tracker_of(pool, lr_file.followed[slot].id);
}

/* What must stay the same while an id means the same; 0 for a stack that was given back. */
static uint32_t check_of(const struct pool *pool, uint32_t id)
{
    if (pool->kind != LR_FOLLOWED_STACK)
        return lr_file.pairsites[id].first_ms + 1;
    const struct lr_stack *stack = &lr_file.stacks[id];
    return stack->flags & LR_STACK_FREE ? 0 : stack->first_ms + 1;
}

static void leave(const struct pool *pool, uint32_t slot)
{
    tracker_in(pool, slot)->followed = 0;
    __atomic_store_n(&lr_file.followed[slot].kind, 0, __ATOMIC_RELEASE);
}

static void follow(const struct pool *pool, uint32_t slot, uint32_t id, uint32_t now_ms)
{
    struct lr_followed *entry = &lr_file.followed[slot];
    if (entry->kind)
        leave(pool, slot);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    entry->id = id;
    entry->since_ms = now_ms;
    entry->check = check_of(pool, id);
    tracker_of(pool, id)->followed = 1;
    __atomic_store_n(&entry->kind, pool->kind, __ATOMIC_RELEASE);
}

/* Ids whose meaning changed. */
static void leave_stale(const struct group *group)
{
    for (uint32_t slot = group->first; slot < group->end; slot++) {
        const struct lr_followed *entry = &lr_file.followed[slot];
        if (entry->kind && entry->check != check_of(group->pool, entry->id))
            leave(group->pool, slot);
    }
}

/* A series takes minutes to tell anything.  What took a slot because nothing better was there, or
 * has had its warm-up, has no claim to them. */
static bool is_kept(const struct group *group, const struct lr_followed *entry,
                    const struct tracker *tracker, uint32_t now_ms)
{
    bool deserves = group->measure == BY_SIZE || (tracker->growth > 0 && tracker->idle <= IDLE_MAX);
    return deserves && now_ms - entry->since_ms < KEEP_MS;
}

/* A free slot, else the least interesting one that may be given up; -1 when there is none. */
static int weakest_slot(const struct group *group, uint32_t now_ms)
{
    int weakest = -1;
    float least = 0;
    for (uint32_t slot = group->first; slot < group->end; slot++) {
        const struct lr_followed *entry = &lr_file.followed[slot];
        if (!entry->kind)
            return (int)slot;
        const struct tracker *tracker = tracker_in(group->pool, slot);
        float value = worth(group->pool, tracker, group->measure);
        if (is_kept(group, entry, tracker, now_ms) || (weakest >= 0 && value >= least))
            continue;
        least = value;
        weakest = (int)slot;
    }
    return weakest;
}

/* The best of those that aren't followed. */
static uint32_t best_candidate(const struct pool *pool, enum measure measure)
{
    uint32_t count = tracker_count(pool), best = UINT32_MAX;
    float most = 0;
    for (uint32_t number = 0; number < count; number++) {
        const struct tracker *tracker = &pool->trackers[number];
        uint32_t id = id_of(pool, number);
        if (id == UINT32_MAX || tracker->followed || tracker->barred)
            continue;
        float value = worth(pool, tracker, measure);
        if (value <= most)
            continue;
        most = value;
        best = id;
    }
    return best;
}

/* Gives the group's slots to whatever deserves them; free ones to anything. */
static void choose(const struct group *group, uint32_t now_ms)
{
    const struct pool *pool = group->pool;
    for (uint32_t round = group->first; round < group->end; round++) {
        int slot = weakest_slot(group, now_ms);
        if (slot < 0)
            return;
        bool free = !lr_file.followed[slot].kind;
        uint32_t id = best_candidate(pool, group->measure);
        if (id == UINT32_MAX && free)
            id = best_candidate(pool, BY_SIZE);
        if (id == UINT32_MAX)
            return;
        float gained = worth(pool, tracker_of(pool, id), group->measure);
        if (!free && gained <= worth(pool, tracker_in(pool, (uint32_t)slot), group->measure) *
                                   group->better_by)
            return;
        follow(pool, (uint32_t)slot, id, now_ms);
    }
}

/* Short ones at first: what grows while all else still warms up is to be known soon. */
static uint32_t length_of_epoch(uint32_t now_ms)
{
    uint32_t length = now_ms / EPOCH_SHARE;
    return length < FIRST_EPOCH_MS ? FIRST_EPOCH_MS : length > EPOCH_MS ? EPOCH_MS : length;
}

void lr_followed_update(uint32_t now_ms)
{
    read_stacks();
    read_pairs();
    complete = true;
    for (unsigned i = 0; i < GROUPS; i++)
        leave_stale(&groups[i]);
    if (lr_is_later(epoch_end, now_ms))
        return;
    epoch_end = now_ms + length_of_epoch(now_ms);
    for (unsigned i = 0; i < POOLS; i++)
        end_epoch(&pools[i]);
    for (unsigned i = 0; i < GROUPS; i++)
        choose(&groups[i], now_ms);
    if (lr_live_scan_left_out())
        make_places();
}

static struct lr_followed_value value_of(const struct lr_followed *entry)
{
    if (entry->kind == LR_FOLLOWED_STACK) {
        const struct tracker *tracker = tracker_of(&pools[STACKS], entry->id);
        return (struct lr_followed_value){tracker->value, tracker->count};
    }
    if (entry->kind != LR_FOLLOWED_PAIR)
        return (struct lr_followed_value){-1, -1};
    const struct lr_pairsite *site = &lr_file.pairsites[entry->id];
    const struct tracker *bytes = tracker_of(&pools[STACKS], site->stack);
    return (struct lr_followed_value){bytes ? bytes->value : 0, (float)live_pairs(site)};
}

bool lr_followed_values(struct lr_followed_value *values)
{
    if (!complete)
        return false;
    for (uint32_t slot = 0; slot < LR_FOLLOWED_SLOTS; slot++)
        values[slot] = value_of(&lr_file.followed[slot]);
    return true;
}

void lr_followed_pair_totals(uint64_t *live, uint64_t *acquired, uint64_t *cleaned)
{
    uint32_t count = tracker_count(&pools[PAIRS]);
    *live = *acquired = *cleaned = 0;
    for (uint32_t id = 0; id < count; id++) {
        const struct lr_pairsite *site = &lr_file.pairsites[id];
        *live += live_pairs(site);
        *acquired += load(&site->acquired);
        *cleaned += load(&site->released_by_cleaner);
    }
}
