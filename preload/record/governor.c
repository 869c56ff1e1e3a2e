/* governor.c -- governor.h: measuring, deciding, and carrying it out.
 *
 * Stage: RECORD, in the background.  Context: the helper thread.
 */
#include "governor.h"

#include "address_filter.h"
#include "config.h"
#include "file.h"
#include "meter.h"
#include "prim.h"
#include "record.h"
#include "sampler.h"
#include "thin.h"
#include "ticks.h"

enum {
    PATIENCE = 5, /* seconds */
    PATIENCE_MAX = 600,
    SOON = 600,
    SECOND_MS = 1000,
    ROOM_MS = 60000, /* that the table must have had room before blocks are sampled less */
    REBUILD_MS = 1000, /* between two filters, and twice as long each time that didn't help */
    REBUILD_MAX_MS = 64000,
};

static const double SKIP_NS = 4;     /* a malloc and free that nothing is recorded of */
static const double WRAPPER_NS = 8;  /* of an event, outside what is timed */
static const double FREE_NS = 1e6;   /* a second may always cost: a process at rest has no CPU */
static const double GRANT = 0.125;   /* of the burst, to who returns to exact */
static const double COMFORT = 0.6;   /* of the budget, to step down */

uint64_t lr_governor_interval(unsigned level)
{
    uint64_t interval = 0;
    for (; level; level--)
        interval = lr_sampler_step(interval);
    return interval;
}

void lr_governor_init(struct lr_governor *governor, double budget)
{
    *governor = (struct lr_governor){.budget = budget,
                                     .credit = LR_GOVERNOR_BURST,
                                     .patience = PATIENCE,
                                     .since = SOON};
}

static double at_most(double value, double limit)
{
    return value < limit ? value : limit;
}

/* ns of what a larger interval would spare. */
static double spared_by_sampling(const struct lr_governor_input *input)
{
    double missed = input->missed < input->events ? input->missed : input->events;
    return (input->events - missed) * (input->event_ns + WRAPPER_NS);
}

/* ns that the input would have cost one level down.  A quarter of the interval makes at most four
 * times as many records; all blocks are recorded and looked for once each. */
static double cost_below(const struct lr_governor *governor, const struct lr_governor_input *input)
{
    double event_ns = input->event_ns + WRAPPER_NS;
    double recorded = spared_by_sampling(input);
    double every = (input->events + 2 * input->skipped) *
                   (governor->exact_ns > 0 ? governor->exact_ns : event_ns);
    if (governor->level == 1)
        return every;
    return at_most(lr_governor_input_cost(input) + 3 * recorded, every);
}

static void step_up(struct lr_governor *governor)
{
    if (governor->since < SOON)
        governor->patience = governor->patience * 2 < PATIENCE_MAX ? governor->patience * 2
                                                                    : PATIENCE_MAX;
    governor->since = SOON;
    governor->calm = 0;
    governor->level++;
}

static void step_down(struct lr_governor *governor)
{
    double grant = LR_GOVERNOR_BURST * GRANT;
    governor->calm = 0;
    governor->since = 0;
    governor->level--;
    if (governor->level == 0 && governor->credit < grant)
        governor->credit = grant;
}

double lr_governor_input_cost(const struct lr_governor_input *input)
{
    return input->events * (input->event_ns + WRAPPER_NS) + input->skipped * SKIP_NS;
}

bool lr_governor_decide(struct lr_governor *governor, const struct lr_governor_input *input)
{
    double recorded = spared_by_sampling(input);
    double cost = lr_governor_input_cost(input);
    double own = input->cpu_ns > cost * 1.05 ? input->cpu_ns - cost : cost * 0.05;
    double allowed = governor->budget * own + FREE_NS * input->seconds;
    governor->cost = input->cpu_ns > 0 ? at_most(cost / input->cpu_ns, 1) : 0;
    governor->credit = at_most(governor->credit + allowed - cost, LR_GOVERNOR_BURST);
    if (governor->credit < 0)
        governor->credit = 0;
    if (governor->since < SOON)
        governor->since++;
    else if (governor->level == 0)
        governor->patience = PATIENCE; /* long at peace */
    if (governor->level == 0 && input->events > 0)
        governor->exact_ns = input->event_ns + WRAPPER_NS;
    if (governor->credit == 0 && cost > allowed && governor->level < LR_GOVERNOR_LEVELS &&
        recorded > cost / 4) { /* else a larger interval would spare nothing */
        step_up(governor);
        return true;
    }
    bool calm = governor->level > 0 && cost_below(governor, input) < COMFORT * allowed;
    governor->calm = calm ? governor->calm + 1 : 0;
    if (governor->calm < governor->patience)
        return false;
    step_down(governor);
    return true;
}

/* --- in this process ---------------------------------------------------------------------- */

static struct lr_governor governor;
static bool governs_cpu, governs_table;
static uint64_t table_interval; /* that the table's fullness asks for; 0: none */
static uint32_t decided_ms, room_since_ms, prepared_ms;
static uint64_t last_ns, last_cpu_ns, last_ticks;
static uint64_t look_ticks; /* that looking at the clock twice takes by itself */
static struct lr_meter_reading last;
static uint32_t last_missed;
static double whole_cost; /* ns */

/* interval= leaves the CPU to the user, interval=exact and budget=off the table too. */
void lr_governor_expect(bool helper)
{
    governs_table = lr_config.interval_set ? lr_config.interval != 0 : lr_config.budget != 0;
    __atomic_store_n(&lr_sampling.may_crowd, helper && governs_table, __ATOMIC_RELAXED);
}

void lr_governor_start(void)
{
    governs_cpu = lr_config.budget && !lr_config.interval_set;
    lr_governor_init(&governor, lr_config.budget / 10000.0);
    look_ticks = UINT64_MAX;
    for (unsigned i = 0; i < 16; i++) {
        uint64_t before = lr_ticks(), took = lr_ticks() - before;
        look_ticks = took < look_ticks ? took : look_ticks;
    }
    last_ns = lr_prim_mono_exact_ns();
    last_cpu_ns = lr_prim_cpu_ns();
    last_ticks = lr_ticks();
    lr_meter_switch(governs_cpu);
}

void lr_governor_stop(void)
{
    lr_meter_switch(false);
    lr_governor_expect(false);
    if (lr_sampler_was_crowded())
        lr_sampler_change(lr_sampler_interval(), LR_INTERVAL_TABLE, 0);
}

uint64_t lr_governor_cost_us(void)
{
    return governs_cpu ? (uint64_t)(whole_cost / 1000) : LR_NO_VALUE;
}

static uint32_t cost_now(void)
{
    return (uint32_t)(governor.cost * 10000 + 0.5);
}

/* What both ask for, or what interval= does. */
static void apply(enum lr_interval_why why)
{
    uint64_t interval =
        lr_config.interval_set ? lr_config.interval : lr_governor_interval(governor.level);
    if (table_interval > interval)
        interval = table_interval;
    if (interval != lr_file.header->interval)
        lr_sampler_change(interval, why, cost_now());
}

static void govern_cpu(void)
{
    uint64_t now = lr_prim_mono_exact_ns(), cpu = lr_prim_cpu_ns(), ticks = lr_ticks();
    struct lr_meter_reading meter = lr_meter_read();
    uint32_t missed = lr_filter_missed();
    double ns_a_tick = ticks > last_ticks ? (double)(now - last_ns) / (double)(ticks - last_ticks)
                                          : 0;
    double taken = meter.ticks > (double)look_ticks ? meter.ticks - (double)look_ticks : 0;
    struct lr_governor_input input = {
        .seconds = (double)(now - last_ns) / 1e9,
        .cpu_ns = (double)(cpu - last_cpu_ns),
        .events = (double)(meter.events - last.events),
        .event_ns = taken * ns_a_tick,
        .missed = missed - last_missed,
        .skipped = meter.skipped - last.skipped,
    };
    unsigned before = governor.level;
    whole_cost += lr_governor_input_cost(&input);
    if (lr_governor_decide(&governor, &input)) {
        lr_filter_expire(); /* of what was sampled more densely something stays */
        apply(governor.level > before ? LR_INTERVAL_BUDGET : LR_INTERVAL_CALM);
    }
    last_ns = now;
    last_cpu_ns = cpu;
    last_ticks = ticks;
    last = meter;
    last_missed = missed;
}

/* To less than half of the room: enough for what comes before the next look. */
static void thin_table(uint64_t room)
{
    struct lr_table *table = lr_record_live_table();
    uint64_t count = lr_thin_count(table);
    uint64_t interval = lr_file.header->interval, now = lr_sampler_interval(); /* more if crowded */
    while ((now > interval || count > room / 2) && interval < LR_INTERVAL_MAX) {
        interval = now > interval ? now : lr_sampler_step(interval);
        table_interval = interval;
        apply(LR_INTERVAL_TABLE); /* first, so that the file knows what weights to expect */
        count -= lr_thin(table, interval);
    }
    lr_record_recounted(lr_thin_count(table));
    lr_filter_expire();
}

static void govern_table(uint32_t now_ms)
{
    uint64_t room = lr_record_room(), used = lr_record_live_count();
    if (lr_sampler_was_crowded() || used > room / 5 * 3) {
        thin_table(room);
        room_since_ms = now_ms;
    } else if (used > room / 8 || !table_interval) {
        room_since_ms = now_ms;
    } else if (now_ms - room_since_ms > ROOM_MS) {
        room_since_ms = now_ms;
        table_interval =
            table_interval > LR_INTERVAL_FIRST ? table_interval / LR_INTERVAL_STEP : 0;
        apply(LR_INTERVAL_ROOM);
    }
}

/* While blocks are sampled there is a filter for their releases. */
static void keep_filter(uint32_t now_ms)
{
    static uint32_t built_ms, wait_ms = REBUILD_MS;
    bool sampling = lr_sampler_interval() != 0;
    if (!lr_sampling.filter_next && !sampling) {
        lr_filter_stop();
        wait_ms = REBUILD_MS;
    } else if (lr_sampling.filter && (!lr_filter_has_expired() || now_ms - built_ms < wait_ms)) {
        if (now_ms - built_ms >= REBUILD_MAX_MS)
            wait_ms = REBUILD_MS;
    } else if (!lr_sampling.filter_next && lr_filter_prepare()) {
        prepared_ms = now_ms;
        wait_ms = wait_ms < REBUILD_MAX_MS ? wait_ms * 2 : wait_ms;
    }
    if (lr_sampling.filter_next && now_ms - prepared_ms + 1 > LR_FILTER_WAIT_MS) {
        lr_filter_build(lr_record_live_table(), lr_record_young_table());
        built_ms = now_ms;
    }
}

void lr_governor_tick(uint32_t now_ms)
{
    if (governs_table)
        govern_table(now_ms);
    if (governs_cpu && now_ms - decided_ms >= SECOND_MS) {
        decided_ms = now_ms;
        govern_cpu();
    }
    keep_filter(now_ms);
}
