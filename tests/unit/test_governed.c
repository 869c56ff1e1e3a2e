/* test_governed.c -- a load that grows a thousandfold and falls again, decided second by second
 * without a clock: what recording costs stays within what it may at every moment, and what is told
 * of live blocks meanwhile holds the truth.
 *
 * `make governor` shows the same on a real program.  Everything is drawn from fixed seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "estimate.h"
#include "governor.h"
#include "sampler.h"

enum { SITES = 20, BLOCKS = 1000, REPLACED = 50 };

/* As governor.c has them: ns of an event outside what is timed, of a block that isn't recorded, of
 * what a second may always cost, and of what returning to exact is granted. */
static const double EVENT_NS = 68, SKIP_NS = 4, FREE_NS = 1e6, GRANT_NS = LR_GOVERNOR_BURST / 8;

struct world {
    struct lr_governor governor;
    double budget;
    double own, cost, skipping; /* ns since the start */
    double forgiven;            /* what a second cost more than it might when the interval grew */
    unsigned returns, changes, worst_level;
    uint64_t interval, largest;
    float weights[SITES][BLOCKS]; /* of kept blocks; 0: not recorded */
    unsigned told, inside;
};

static uint64_t state;

static uint64_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static double size_of(unsigned site)
{
    return 256.0 * (site + 1);
}

static void acquire(struct world *world, unsigned site, unsigned block)
{
    double p = world->interval ? lr_sampler_probability((uint64_t)size_of(site), world->interval)
                               : 1;
    bool recorded = (double)(draw() >> 11) * 0x1p-53 < p;
    world->weights[site][block] = recorded ? (float)(1 / p) : 0;
}

static void replace_some(struct world *world)
{
    for (unsigned site = 0; site < SITES; site++)
        for (unsigned i = 0; i < REPLACED; i++)
            acquire(world, site, (unsigned)(draw() >> 20) % BLOCKS);
}

static void tell(struct world *world)
{
    for (unsigned site = 0; site < SITES; site++) {
        struct lr_sampled sum = {.unseen = (double)world->largest};
        double truth = BLOCKS * size_of(site);
        struct lr_estimate estimate;
        for (unsigned block = 0; block < BLOCKS; block++)
            if (world->weights[site][block] > 0)
                lr_sampled_add(&sum, size_of(site), (double)world->weights[site][block]);
        estimate = lr_sampled_estimate(&sum);
        if (estimate.value == 0)
            continue; /* no sample: not in the report */
        world->told++;
        world->inside += estimate.low <= truth && truth <= estimate.high;
    }
}

/* A second with `rate` blocks of 512 bytes that come and go, which need 100 ns each of the program
 * itself; and 5 % of a processor besides. */
static void live_a_second(struct world *world, double rate)
{
    double p = world->interval ? lr_sampler_probability(512, world->interval) : 1;
    struct lr_governor_input input = {
        .seconds = 1,
        .events = 2 * rate * p,
        .event_ns = EVENT_NS - 8,
        .skipped = rate * (1 - p),
    };
    double cost = input.events * EVENT_NS + input.skipped * SKIP_NS, own = 5e7 + rate * 100;
    unsigned before = world->governor.level;
    input.cpu_ns = own + cost;
    replace_some(world);
    world->own += own;
    world->cost += cost;
    world->skipping += input.skipped * SKIP_NS;
    if (lr_governor_decide(&world->governor, &input)) {
        world->interval = lr_governor_interval(world->governor.level);
        world->changes++;
        world->returns += world->governor.level == 0;
        if (world->governor.level > before)
            world->forgiven += cost;
    }
    if (world->interval > world->largest)
        world->largest = world->interval;
    if (world->governor.level > world->worst_level)
        world->worst_level = world->governor.level;
    tell(world);
}

static double may_cost(const struct world *world, double now)
{
    return world->budget * world->own + FREE_NS * now + LR_GOVERNOR_BURST +
           GRANT_NS * world->returns + world->forgiven + world->skipping;
}

static void test_a_thousandfold_load_stays_within_budget(void **unused)
{
    static const struct {
        unsigned seconds;
        double rate;
    } phases[] = {{60, 8e3}, {300, 8e6}, {300, 8e3}, {120, 8e6}, {900, 8e3}, {5, 8e6}, {300, 8e3}};
    static struct world world;
    unsigned now = 0;

    (void)unused;
    state = 88172645463325252u;
    world.budget = 0.03;
    lr_governor_init(&world.governor, world.budget);
    for (unsigned site = 0; site < SITES; site++)
        for (unsigned block = 0; block < BLOCKS; block++)
            acquire(&world, site, block);
    for (size_t phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++) {
        for (unsigned second = 0; second < phases[phase].seconds; second++) {
            live_a_second(&world, phases[phase].rate);
            if (world.cost > may_cost(&world, ++now))
                fail_msg("after %u s recording had cost %.2f s, and may %.2f", now,
                         world.cost / 1e9, may_cost(&world, now) / 1e9);
        }
        /* Calm: exact again.  A storm that outlasts the burst: sampled. */
        if (phases[phase].rate < 1e6)
            assert_int_equal(world.governor.level, 0);
        else if (phases[phase].seconds > 100)
            assert_true(world.governor.level > 0);
    }
    assert_true(world.worst_level > 0 && world.changes < 40);
    assert_true(world.told > now * SITES / 2);
    if (world.inside < 0.95 * world.told)
        fail_msg("%u of %u estimates held the truth", world.inside, world.told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thousandfold_load_stays_within_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
