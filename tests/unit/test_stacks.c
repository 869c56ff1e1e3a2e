/* test_stacks.c -- the tree of frames, and giving back stacks that nothing refers to.
 *
 * A stack here is a number: its frames are made from it, so that whoever finds a stack in the file
 * can tell whether it is the right one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "guard.h"
#include "intern.h"
#include "nodes.h"
#include "pair_sites.h"
#include "pairs_start.h"
#include "record.h"
#include "recording.h"
#include "regions.h"
#include "fold.h"
#include "stack_totals.h"
#include "stacks.h"
#include "trace.h"

static struct lr_armed armed = {.on = LR_ARMED};
static const char *path;
static uint32_t now_ms;

static int start(void **state)
{
    (void)state;
    path = recording_create("test_stacks");
    assert_true(lr_intern_start() && lr_stacks_start() && lr_record_start() && lr_regions_start() &&
                lr_pairs_start());
    lr_armed = &armed;
    lr_totals_defer(true);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

enum { DEPTH = 24, UNIQUE = 8, BY_OUTER_FRAMES = 3000000 };

/* Addresses in no module, so that they are frames as they are.  A number's own are the innermost
 * ones, or the outermost if it is so large; the others it shares with a third of all numbers. */
static void frames_of(uint32_t number, uintptr_t *frames)
{
    for (unsigned i = 0; i < DEPTH; i++) {
        unsigned from = number >= BY_OUTER_FRAMES ? DEPTH - 1 - i : i;
        frames[i] =
            from < UNIQUE ? 0x100000 + number * UINT64_C(64) + i : 0x1000 + i * 16 + number % 3;
    }
}

static uint32_t take(uint32_t number, enum lr_stack_use use)
{
    uintptr_t frames[DEPTH];
    struct lr_raw_stack raw = {.native_count = DEPTH, .native = frames};
    frames_of(number, frames);
    return lr_stack_intern(&raw, use);
}

/* Is it that stack, cut or not? */
static bool is_stack(uint32_t id, uint32_t number)
{
    uintptr_t frames[DEPTH];
    uint64_t words[DEPTH];
    const struct lr_stack *stack = &lr_file.stacks[id];
    frames_of(number, frames);
    for (unsigned i = 0; i < DEPTH; i++)
        words[i] = frames[i];
    bool cut = stack->flags & LR_STACK_DEPTH_CUT;
    return !(stack->flags & LR_STACK_FREE) && stack->frame_count > 0 &&
           (stack->frame_count == DEPTH || (cut && stack->frame_count < DEPTH)) &&
           lr_nodes_equal(stack->node, words, stack->frame_count);
}

static bool is_whole(uint32_t id, uint32_t number)
{
    return is_stack(id, number) && lr_file.stacks[id].frame_count == DEPTH;
}

static void put_live(uintptr_t address, uint32_t stack)
{
    struct lr_live record = {
        .key = address,
        .info = 16 | (uint64_t)LR_KIND_MALLOC << LR_LIVE_KIND_SHIFT,
        .stack = stack,
        .weight = 1,
    };
    lr_record_put_back(&record);
}

static void steps(unsigned count)
{
    while (count--)
        lr_make_room(now_ms += 5000);
}

/* Against a model that keeps whole paths; paths share much, both ends of them differ. */
static void test_nodes_equal_a_model_of_paths(void **state)
{
    (void)state;
    enum { PATHS = 64, LONGEST = 12 };
    uint64_t paths[PATHS][LONGEST], before = lr_nodes_used();
    size_t lengths[PATHS] = {0};
    uint32_t leaves[PATHS] = {0};
    unsigned seed = 4711;
    for (unsigned step = 0; step < 20000; step++) {
        unsigned at = (unsigned)rand_r(&seed) % PATHS;
        if (lengths[at]) {
            assert_true(lr_nodes_equal(leaves[at], paths[at], lengths[at]));
            lr_nodes_drop(leaves[at]);
            lengths[at] = 0;
            continue;
        }
        lengths[at] = 1 + (size_t)rand_r(&seed) % LONGEST;
        for (size_t i = 0; i < lengths[at]; i++)
            paths[at][i] = 1 + (unsigned)rand_r(&seed) % 3;
        leaves[at] = lr_nodes_add(paths[at], lengths[at]);
        assert_int_not_equal(leaves[at], 0);
        for (unsigned other = 0; other < PATHS;
             other++) { /* one node for equal paths, and for others another */
            bool same = lengths[other] == lengths[at] &&
                        memcmp(paths[other], paths[at], lengths[at] * 8) == 0;
            assert_true(!lengths[other] || (leaves[other] == leaves[at]) == same);
        }
    }
    for (unsigned at = 0; at < PATHS; at++)
        if (lengths[at]) {
            assert_true(lr_nodes_equal(leaves[at], paths[at], lengths[at]));
            lr_nodes_drop(leaves[at]);
        }
    assert_int_equal(lr_nodes_used(), before); /* all came back */
}

static void test_nodes_share_outer_frames(void **state)
{
    (void)state;
    uint64_t a[] = {1001, 7, 8, 9}, b[] = {1002, 7, 8, 9}, before = lr_nodes_used();
    uint32_t leaf = lr_nodes_add(a, 4), again = lr_nodes_add(a, 4), other = lr_nodes_add(b, 4);
    assert_int_equal(leaf, again);
    assert_int_not_equal(leaf, other);
    assert_int_equal(lr_nodes_used(), before + 5);
    lr_nodes_drop(leaf);
    assert_true(lr_nodes_equal(leaf, a, 4)); /* its second user is there */
    lr_nodes_drop(leaf);
    assert_int_equal(lr_nodes_used(), before + 4);
    assert_true(lr_nodes_equal(other, b, 4));
    lr_nodes_drop(other);
    assert_int_equal(lr_nodes_used(), before);
}

/* Takes new stacks from `number` on until so many sixteenths are used; returns the next number. */
static uint32_t fill(uint32_t number, unsigned sixteenths)
{
    while (lr_stacks_fullness() < sixteenths)
        lr_stack_add(take(number++, LR_STACK_OF_BLOCK), 10);
    return number;
}

static uint64_t sum_of_counts(void)
{
    uint64_t sum = lr_file.counters[LR_CNT_folded_allocs];
    lr_totals_flush();
    for (uint64_t id = 0; id < lr_file.section[LR_SEC_STACKS]->used; id++)
        sum += lr_file.stacks[id].alloc_count;
    return sum;
}

static void test_what_nothing_refers_to_makes_room(void **state)
{
    (void)state;
    uint32_t block = take(1, LR_STACK_OF_BLOCK), region = take(2, LR_STACK_OF_BLOCK);
    uint32_t pair = take(3, LR_STACK_OF_PAIR), used = take(4, LR_STACK_OF_BLOCK);
    put_live(0x10000, block);
    lr_regions_map(0x20000, 4096, 0, region);
    uint64_t before = sum_of_counts();
    uint32_t first = fill(1000, 6), number = first;
    assert_int_equal(lr_file.counters[LR_CNT_stacks_folded], 0);
    for (unsigned i = 0; i < 40; i++) {
        lr_stack_add(used, 1);
        steps(1);
    }
    assert_true(lr_stacks_fullness() <= 3); /* folded ones may take an eighth */
    assert_true(lr_file.counters[LR_CNT_stacks_folded] > 900);
    assert_true(is_whole(block, 1) && is_whole(region, 2) && is_whole(pair, 3) &&
                is_whole(used, 4));
    assert_int_equal(take(1, LR_STACK_OF_BLOCK), block); /* and found again */
    assert_int_equal(take(4, LR_STACK_OF_BLOCK), used);
    assert_int_equal(sum_of_counts(), before + (first - 1000) + 40);
    for (unsigned round = 0; round < 5; round++) { /* for ever */
        number = fill(number, 9);
        steps(40);
    }
    assert_int_equal(lr_file.counters[LR_CNT_stacks_full], 0);
    assert_int_equal(lr_file.counters[LR_CNT_stacks_cut], 0);
    assert_true(is_whole(block, 1) && is_whole(region, 2) && is_whole(pair, 3));
    assert_int_equal(sum_of_counts(), before + (number - 1000) + 40);
}

static uint64_t sum_of_acquired(void)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < lr_file.section[LR_SEC_PAIRSITES]->used; i++)
        if (lr_file.pairsites[i].pair != LR_PAIRSITE_FREE)
            sum += lr_file.pairsites[i].acquired;
    return sum;
}

static struct lr_pairsite *acquired_at(uint32_t number)
{
    uint32_t site = lr_pair_site(1, take(number, LR_STACK_OF_PAIR));
    if (!site)
        fail_msg("no room for a site");
    lr_file.pairsites[site - 1].acquired++;
    return &lr_file.pairsites[site - 1];
}

static void test_sites_without_pairs_make_room(void **state)
{
    (void)state;
    enum { FIRST = BY_OUTER_FRAMES, SITES = 8000 };
    struct lr_pairsite *held = acquired_at(FIRST), *used = acquired_at(FIRST + 1);
    uint32_t held_stack = held->stack, used_stack = used->stack;
    uint64_t before = sum_of_acquired() - 2;
    lr_file.pairs[5] = (struct lr_pair){
        .key = 0x5000, .stack = held_stack, .site = (uint32_t)(held - lr_file.pairsites)};
    for (uint32_t i = 2; i < SITES; i++) { /* four times what there is room for */
        acquired_at(FIRST + i);
        if (i % 5 == 0) {
            used->acquired++;
            steps(1);
        }
    }
    assert_true(lr_file_capacity(LR_SEC_PAIRSITES) < SITES / 4);
    assert_int_equal(lr_file.counters[LR_CNT_pairsites_full], 0);
    assert_int_equal(held->stack, held_stack);
    assert_int_equal(used->stack, used_stack);
    assert_true(is_whole(held_stack, FIRST) && is_whole(used_stack, FIRST + 1));
    assert_int_equal(lr_pair_site(1, held_stack), held - lr_file.pairsites + 1);
    assert_int_equal(lr_pair_site(1, used_stack), used - lr_file.pairsites + 1);
    assert_int_equal(sum_of_acquired(), before + SITES + (SITES - 1) / 5);
    lr_file.pairs[5].key = 0;
}

/* A thread took the id before the stack was retired, and made its record afterwards. */
static void test_straggler_keeps_its_stack(void **state)
{
    (void)state;
    static const uint32_t number = 900000;
    uint32_t held = take(number, LR_STACK_OF_BLOCK), slow = take(number + 1, LR_STACK_OF_BLOCK);
    uint64_t count = fill(1000000, 9), folded = lr_file.counters[LR_CNT_stacks_folded];
    while (lr_file.counters[LR_CNT_stacks_folded] == folded) {
        uint64_t again = take(number, LR_STACK_OF_BLOCK) != held; /* retired, and so stored anew */
        if (again && count) {
            put_live(0x30000, held);
            lr_stack_add(slow, 1);
            count = 0;
        }
        steps(1);
    }
    assert_int_equal(count, 0);
    assert_true(is_whole(held, number));
    assert_true(is_whole(slow, number + 1));
}

enum { WORKERS = 4, BLOCKS = 64 };
static bool enough;
static struct worker {
    uint32_t rounds, numbers[BLOCKS];
    bool failed;
} workers[WORKERS];

/* Until it is enough.  Blocks come and go, each with another stack; a block's stack must be whole
 * as long as it is. */
static void *churn(void *argument)
{
    struct worker *worker = argument;
    uint32_t self = (uint32_t)(worker - workers);
    unsigned seed = self;
    for (uint32_t round = 1; !__atomic_load_n(&enough, __ATOMIC_RELAXED); round++) {
        uint32_t slot = (uint32_t)rand_r(&seed) % BLOCKS;
        uintptr_t address = UINT64_C(0x100000000) * (self + 1) + slot * 64;
        struct lr_live record;
        if (worker->numbers[slot]) {
            if (!lr_record_take((void *)address, &record))
                worker->failed = true;
            worker->numbers[slot] = 0;
        } else {
            worker->numbers[slot] = 2000000 + (uint32_t)rand_r(&seed) % 8000;
            uint32_t id = take(worker->numbers[slot], LR_STACK_OF_BLOCK);
            lr_stack_add(id, 16);
            put_live(address, id);
        }
        __atomic_store_n(&worker->rounds, round, __ATOMIC_RELEASE);
    }
    return NULL;
}

/* What GRACE_MS is for: every worker has put its last stack into the table. */
static void wait_for_all(void)
{
    uint32_t before[WORKERS];
    for (unsigned i = 0; i < WORKERS; i++)
        before[i] = __atomic_load_n(&workers[i].rounds, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < WORKERS; i++)
        while (__atomic_load_n(&workers[i].rounds, __ATOMIC_ACQUIRE) - before[i] < 2)
            usleep(100);
}

static void test_threads_and_folding(void **state)
{
    (void)state;
    pthread_t threads[WORKERS];
    uint64_t folded = lr_file.counters[LR_CNT_stacks_folded];
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &workers[i]), 0);
    while (lr_file.counters[LR_CNT_stacks_folded] < folded + 5000) {
        wait_for_all();
        steps(1);
    }
    __atomic_store_n(&enough, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_false(workers[i].failed);
        for (uint32_t slot = 0; slot < BLOCKS; slot++) {
            struct lr_live record;
            if (!workers[i].numbers[slot])
                continue;
            uintptr_t address = UINT64_C(0x100000000) * (i + 1) + slot * 64;
            assert_true(lr_record_take((void *)address, &record));
            assert_true(record.stack == 0 || is_stack(record.stack, workers[i].numbers[slot]));
        }
    }
}

enum { LOSSES = 1000000 };
static bool all_lost;

static void *lose(void *unused)
{
    for (unsigned i = 0; i < LOSSES; i++)
        lr_stack_lost(0, 3);
    __atomic_store_n(&all_lost, true, __ATOMIC_RELEASE);
    return unused;
}

/* Every thread loses at stack 0 when the table is full, while what others lost moves there. */
static void test_losses_that_move_are_kept(void **state)
{
    (void)state;
    pthread_t thread;
    const struct lr_stack *nobody = &lr_file.stacks[0];
    uint64_t count = nobody->lost_count, bytes = nobody->lost_bytes, moved = 0;
    assert_int_equal(pthread_create(&thread, NULL, lose, NULL), 0);
    for (; !__atomic_load_n(&all_lost, __ATOMIC_ACQUIRE); moved++) {
        lr_stack_lost(1, 5);
        lr_totals_move(1, 0);
    }
    pthread_join(thread, NULL);
    assert_int_equal(nobody->lost_count - count, LOSSES + moved);
    assert_int_equal(nobody->lost_bytes - bytes, 3 * LOSSES + 5 * moved);
    assert_int_equal(lr_file.stacks[1].lost_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_equal_a_model_of_paths),
        cmocka_unit_test(test_nodes_share_outer_frames),
        cmocka_unit_test(test_what_nothing_refers_to_makes_room),
        cmocka_unit_test(test_sites_without_pairs_make_room),
        cmocka_unit_test(test_straggler_keeps_its_stack),
        cmocka_unit_test(test_threads_and_folding),
        cmocka_unit_test(test_losses_that_move_are_kept),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
