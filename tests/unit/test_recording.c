/* test_recording.c -- names, stacks, regions and pairs, recorded into a real file of small size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "guard.h"
#include "intern.h"
#include "lock.h"
#include "nodes.h"
#include "pairs.h"
#include "pairs_start.h"
#include "record.h"
#include "recording.h"
#include "regions.h"
#include "stacks.h"
#include "trace.h"

static struct lr_armed armed = {.on = LR_ARMED};
static const char *path;

/* One small file for the whole program; each test looks at differences. */
static int start(void **state)
{
    (void)state;
    path = recording_create("test_recording");
    assert_true(lr_intern_start() && lr_stacks_start() &&
                lr_stack_take_start() && lr_record_start() &&
                lr_regions_start() && lr_pairs_start());
    assert_true(lr_unwind_select("ehframe"));
    lr_armed = &armed;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

static uint64_t used(enum lr_section_id id)
{
    return lr_file.section[id]->used;
}

static void test_equal_names_are_one_entry(void **state)
{
    (void)state;
    assert_true(lr_intern_lock());
    uint32_t first = lr_intern_string("org.example.Leak", 16);
    uint64_t after = used(LR_SEC_STRINGS);
    assert_int_equal(lr_intern_string("org.example.Leak", 16), first);
    assert_int_equal(used(LR_SEC_STRINGS), after);
    assert_int_not_equal(lr_intern_string("org.example.Leak2", 17), first);
    assert_int_equal(lr_intern_string("", 0), 0);
    uint32_t method = lr_intern_method(first, first, 0, 0);
    assert_int_equal(lr_intern_method(first, first, 0, 0), method);
    assert_int_not_equal(lr_intern_method(first, first, first, 0), method);
    uint32_t frame = lr_intern_jframe(method - 1, 42);
    assert_int_equal(lr_intern_jframe(method - 1, 42), frame);
    assert_int_not_equal(lr_intern_jframe(method - 1, 43), frame);
    lr_intern_unlock();
}

static void test_full_strings_are_counted_not_written(void **state)
{
    (void)state;
    uint64_t capacity = lr_file_capacity(LR_SEC_STRINGS);
    uint64_t before = lr_file.counters[LR_CNT_strings_full];
    char name[64];
    assert_true(lr_intern_lock());
    uint64_t kept = used(LR_SEC_STRINGS);
    lr_file.section[LR_SEC_STRINGS]->used = capacity - 8; /* almost full */
    int length = snprintf(name, sizeof name, "one.that.finds.no.room");
    assert_int_equal(lr_intern_string(name, (size_t)length), 0);
    lr_file.section[LR_SEC_STRINGS]->used = kept;
    lr_intern_unlock();
    assert_int_equal(lr_file.counters[LR_CNT_strings_full], before + 1);
}

static void test_held_lock_is_given_up(void **state)
{
    (void)state;
    static struct lr_lock lock;
    assert_true(lr_lock_take(&lock));
    assert_false(lr_lock_take(&lock));
    lr_lock_drop(&lock);
    assert_true(lr_lock_take(&lock));
    lr_lock_drop(&lock);
}

static __attribute__((noinline)) uint32_t here(void)
{
    struct lr_regs regs = LR_CALLER_REGS;
    return lr_stack_take(&regs, LR_STACK_OF_BLOCK);
}

static __attribute__((noinline)) uint32_t via_a(void)
{
    uint32_t id = here();
    __asm__ volatile("");
    return id;
}

static __attribute__((noinline)) uint32_t via_b(void)
{
    uint32_t id = here();
    __asm__ volatile("");
    return id;
}

static void test_one_stack_one_id(void **state)
{
    (void)state;
    uint32_t a[3];
    for (volatile int i = 0; i < 3; i++) /* volatile: one call site, not three */
        a[i] = via_a();
    assert_int_not_equal(a[0], 0);
    assert_int_equal(a[1], a[0]);
    assert_int_equal(a[2], a[0]);
    assert_int_not_equal(via_b(), a[0]);
    const struct lr_stack *stack = &lr_file.stacks[a[0]];
    assert_true(stack->frame_count >= 3); /* via_a, this test, main, … */
    uint64_t frame = lr_file.nodes[stack->node].frame;
    const struct lr_module *module = &lr_file.modules[frame >> LR_FRAME_MODULE_SHIFT];
    assert_int_not_equal(frame >> LR_FRAME_MODULE_SHIFT, 0);
    uintptr_t pc = (uintptr_t)(module->bias + (frame & LR_FRAME_ADDR_MASK));
    assert_true(pc > (uintptr_t)via_a && pc < (uintptr_t)via_a + 64);
}

static void test_forgotten_memo_finds_the_same_stack(void **state)
{
    (void)state;
    uint32_t ids[2];
    uint64_t stacks = 0;
    for (volatile int i = 0; i < 2; i++) {
        ids[i] = via_a();
        if (i == 0)
            stacks = used(LR_SEC_STACKS);
        lr_stacks_forget();
    }
    assert_int_equal(ids[0], ids[1]);
    assert_int_equal(used(LR_SEC_STACKS), stacks);
}

/* While a module may be going, the memo is neither asked nor told. */
static void test_doubtful_stacks_are_looked_at_afresh(void **state)
{
    (void)state;
    uint32_t ids[3];
    uint64_t stacks = 0, counted = 0;
    for (volatile int i = 0; i < 3; i++) {
        if (i == 1)
            lr_unwind_doubt();
        ids[i] = via_b();
        if (i == 0)
            stacks = used(LR_SEC_STACKS);
        if (i == 1) {
            /* Were it remembered, the lock would not be wanted, and an id be had. */
            assert_true(lr_intern_lock());
            counted = lr_file.counters[LR_CNT_intern_busy];
            assert_int_equal(via_b(), 0);
            assert_int_equal(lr_file.counters[LR_CNT_intern_busy], counted + 1);
            lr_intern_unlock();
            lr_unwind_doubt_over();
        }
    }
    assert_int_equal(ids[0], ids[1]);
    assert_int_equal(ids[0], ids[2]);
    assert_int_equal(used(LR_SEC_STACKS), stacks);
}

static __attribute__((noinline)) uint32_t deep(unsigned depth, enum lr_stack_use use)
{
    if (depth) {
        uint32_t id = deep(depth - 1, use);
        __asm__ volatile("");
        return id;
    }
    struct lr_regs regs = LR_CALLER_REGS;
    return lr_stack_take(&regs, use);
}

/* Pretends that so many sixteenths of the nodes' room are used, and that the rest is some. */
static uint32_t take_when(unsigned sixteenths, unsigned depth, enum lr_stack_use use)
{
    struct lr_section *nodes = lr_file.section[LR_SEC_NODES];
    uint64_t capacity = nodes->capacity, frame = 1;
    while (nodes->used < 4096) {
        assert_int_not_equal(lr_nodes_add(&frame, 1), 0);
        frame++;
    }
    nodes->capacity = (nodes->used - 64) * 16 / sixteenths;
    uint32_t id = deep(depth, use);
    nodes->capacity = capacity;
    return id;
}

/* Elasticsearch's class loading filled the room within seconds, and its leak had no stack. */
static void test_filling_up_cuts_blocks_and_keeps_pairs(void **state)
{
    (void)state;
    const struct lr_stack *stacks = lr_file.stacks;
    uint64_t lost = lr_file.counters[LR_CNT_stacks_full];
    assert_true(stacks[take_when(3, 30, LR_STACK_OF_BLOCK)].frame_count > 30);
    uint32_t cut = take_when(12, 31, LR_STACK_OF_BLOCK);
    assert_int_equal(stacks[cut].frame_count, 16);
    assert_true(stacks[cut].flags & LR_STACK_DEPTH_CUT);
    assert_int_equal(stacks[take_when(14, 32, LR_STACK_OF_BLOCK)].frame_count, 4);
    assert_int_equal(lr_file.counters[LR_CNT_stacks_full], lost);
    assert_int_equal(take_when(15, 33, LR_STACK_OF_BLOCK), 0);
    assert_int_equal(lr_file.counters[LR_CNT_stacks_full], lost + 1);
    assert_true(stacks[take_when(15, 34, LR_STACK_OF_PAIR)].frame_count > 34);
}

static void *take_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        if (i % 50 == 0)
            lr_stacks_forget();
        if (via_a() == 0 || via_b() == 0)
            return (void *)1;
    }
    return NULL;
}

static void test_concurrent_interning_makes_no_doubles(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, take_many, NULL);
    void *failed;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    uint64_t count = used(LR_SEC_STACKS);
    for (uint64_t i = 1; i < count; i++)
        for (uint64_t j = i + 1; j < count; j++)
            assert_int_not_equal(lr_file.stacks[i].hash, lr_file.stacks[j].hash);
}

/* The regions in the file, as start-length pairs inside [low, high). */
static unsigned regions_in(uintptr_t low, uintptr_t high, uint64_t *bytes)
{
    unsigned count = 0;
    *bytes = 0;
    for (uint64_t i = 0; i < lr_file_capacity(LR_SEC_REGIONS); i++) {
        const struct lr_region *region = &lr_file.regions[i];
        if (region->length && region->start >= low && region->start < high) {
            count++;
            *bytes += region->length;
        }
    }
    return count;
}

static void test_regions_split_shrink_and_overlay(void **state)
{
    (void)state;
    const uintptr_t base = UINT64_C(0x700000000000);
    uint64_t bytes;
    lr_regions_map(base, 16 * 4096, 3, 1);
    assert_int_equal(regions_in(base, base + 0x100000, &bytes), 1);
    lr_regions_unmap(base + 4 * 4096, 4 * 4096); /* a hole */
    assert_int_equal(regions_in(base, base + 0x100000, &bytes), 2);
    assert_int_equal(bytes, 12 * 4096);
    lr_regions_map(base + 2 * 4096, 10 * 4096, 3, 2); /* over both */
    assert_int_equal(regions_in(base, base + 0x100000, &bytes), 3);
    assert_int_equal(bytes, 16 * 4096);
    lr_regions_unmap(base, 1); /* rounds up to a page */
    regions_in(base, base + 0x100000, &bytes);
    assert_int_equal(bytes, 15 * 4096);
    lr_regions_unmap(base - 4096, 64 * 4096);
    assert_int_equal(regions_in(base, base + 0x100000, &bytes), 0);
}

/* Against a byte-per-page model, over random operations. */
static void test_regions_equal_a_page_model(void **state)
{
    (void)state;
    enum { PAGES = 256 };
    const uintptr_t base = UINT64_C(0x710000000000);
    uint8_t owner[PAGES] = {0};
    unsigned seed = 12345;
    for (unsigned step = 0; step < 3000; step++) {
        unsigned first = (unsigned)rand_r(&seed) % PAGES;
        unsigned count = 1 + (unsigned)rand_r(&seed) % (PAGES - first);
        uint8_t by = (uint8_t)(rand_r(&seed) % 4); /* 0: unmap */
        if (by)
            lr_regions_map(base + first * 4096, count * 4096, 0, by);
        else
            lr_regions_unmap(base + first * 4096, count * 4096);
        memset(owner + first, by, count);
        if (step % 100)
            continue;
        uint8_t found[PAGES] = {0};
        for (uint64_t i = 0; i < lr_file_capacity(LR_SEC_REGIONS); i++) {
            const struct lr_region *region = &lr_file.regions[i];
            if (!region->length || region->start < base || region->start >= base + PAGES * 4096)
                continue;
            for (uint64_t page = 0; page < region->length / 4096; page++) {
                size_t at = (region->start - base) / 4096 + page;
                assert_int_equal(found[at], 0); /* no overlap */
                found[at] = (uint8_t)region->stack;
            }
        }
        assert_memory_equal(found, owner, PAGES);
    }
    assert_int_equal(lr_file.counters[LR_CNT_regions_full], 0);
}

static void acquire(enum lr_pair_id pair, uintptr_t handle)
{
    struct lr_pair_scope scope;
    struct lr_regs regs = LR_CALLER_REGS;
    lr_pair_acquire_begin(&scope, &regs, NULL);
    lr_pair_acquire_end(&scope, pair, handle);
}

static void release(enum lr_pair_id pair, uintptr_t handle, enum lr_releaser who)
{
    struct lr_pair_scope scope;
    struct lr_regs regs = LR_CALLER_REGS;
    lr_pair_release_begin(&scope, &regs, pair, handle, who);
    lr_pair_release_end(&scope);
}

static uint64_t live_pairs(void)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < lr_file_capacity(LR_SEC_PAIRS); i++)
        count += lr_file.pairs[i].key != 0 && !(lr_file.pairs[i].key & LR_KEY_BUSY);
    return count;
}

static void test_pairs_are_counted_by_who_released(void **state)
{
    (void)state;
    uint64_t first_site = used(LR_SEC_PAIRSITES);
    for (uintptr_t i = 1; i <= 10; i++)
        acquire(LR_PAIR_ID_zlib_inflate, i * 64);
    for (uintptr_t i = 1; i <= 6; i++)
        release(LR_PAIR_ID_zlib_inflate, i * 64,
                i <= 3   ? LR_RELEASER_EXPLICIT
                : i <= 5 ? LR_RELEASER_CLEANER
                         : LR_RELEASER_UNKNOWN);
    assert_int_equal(used(LR_SEC_PAIRSITES), first_site + 1);
    const struct lr_pairsite *site = &lr_file.pairsites[first_site];
    assert_int_equal(site->acquired, 10);
    assert_int_equal(site->released, 6);
    assert_int_equal(site->released_by_cleaner, 2);
    assert_int_equal(site->released_unknown, 1);
    assert_int_equal(live_pairs(), 4);
    uint64_t unknown = lr_file.counters[LR_CNT_pair_unknown_release];
    release(LR_PAIR_ID_zlib_inflate, 0xdead0, LR_RELEASER_EXPLICIT);
    release(LR_PAIR_ID_zlib_deflate, 7 * 64, LR_RELEASER_EXPLICIT); /* another pair's */
    assert_int_equal(lr_file.counters[LR_CNT_pair_unknown_release], unknown + 2);
    for (uintptr_t i = 7; i <= 10; i++)
        release(LR_PAIR_ID_zlib_inflate, i * 64, LR_RELEASER_EXPLICIT);
    assert_int_equal(live_pairs(), 0);
}

static void test_handle_acquired_twice_stays_leaked(void **state)
{
    (void)state;
    acquire(LR_PAIR_ID_zlib_deflate, 0x7000);
    acquire(LR_PAIR_ID_zlib_deflate, 0x7000);
    assert_int_equal(live_pairs(), 2);
    release(LR_PAIR_ID_zlib_deflate, 0x7000, LR_RELEASER_EXPLICIT);
    assert_int_equal(live_pairs(), 1);
    release(LR_PAIR_ID_zlib_deflate, 0x7000, LR_RELEASER_EXPLICIT); /* nothing left to release */
    assert_int_equal(live_pairs(), 1);
}

/* A z_stream in a function's frame, never ended: the same address a thousand times. */
static void test_handle_lost_a_thousand_times_finds_room(void **state)
{
    (void)state;
    uint64_t before = live_pairs();
    for (int i = 0; i < 1000; i++)
        acquire(LR_PAIR_ID_zlib_inflate, 0x8000);
    assert_int_equal(live_pairs(), before + 1000);
    assert_int_equal(lr_file.counters[LR_CNT_pairs_full], 0);
    release(LR_PAIR_ID_zlib_inflate, 0x8000, LR_RELEASER_EXPLICIT);
    assert_int_equal(live_pairs(), before + 999);
}

/* Half of the table in use, streams that were lost among them, released in another order. */
static void test_each_of_many_live_pairs_is_found(void **state)
{
    (void)state;
    const uint64_t count = lr_file_capacity(LR_SEC_PAIRS) / 2, step = 7919;
    uint64_t before = live_pairs(), unknown = lr_file.counters[LR_CNT_pair_unknown_release];
    for (uint64_t i = 0; i < count; i++)
        acquire(LR_PAIR_ID_zlib_inflate, 0x100000 + i * 112);
    assert_int_equal(live_pairs(), before + count);
    for (uint64_t i = 0; i < count; i++)
        release(LR_PAIR_ID_zlib_inflate, 0x100000 + i * step % count * 112, LR_RELEASER_EXPLICIT);
    assert_int_equal(live_pairs(), before);
    assert_int_equal(lr_file.counters[LR_CNT_pair_unknown_release], unknown);
    assert_int_equal(lr_file.counters[LR_CNT_pairs_full], 0);
}

static uint64_t owned_bytes(uint64_t flag)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < lr_file_capacity(LR_SEC_LIVE); i++)
        if (lr_file.live[i].key && (lr_file.live[i].info & flag))
            bytes += lr_file.live[i].info & LR_LIVE_SIZE_MASK;
    return bytes;
}

static void allocate(uintptr_t address, size_t size)
{
    struct lr_regs regs = LR_CALLER_REGS;
    assert_true(lr_enter());
    lr_record_alloc((void *)address, size, LR_KIND_MALLOC, 1, &regs);
    lr_leave();
}

static void test_memory_in_a_pairs_calls_is_the_pairs(void **state)
{
    (void)state;
    struct lr_pair_scope outer, inner, use;
    struct lr_regs regs = LR_CALLER_REGS;
    lr_pair_acquire_begin(&outer, &regs, NULL);
    allocate(0x10000, 7000);
    lr_pair_acquire_begin(&inner, &regs, NULL); /* the same stream, seen by libz's hook */
    allocate(0x20000, 100);
    lr_pair_acquire_end(&inner, LR_PAIR_ID_zlib_inflate, 0x20000);
    lr_pair_acquire_end(&outer, LR_PAIR_ID_java_inflater, 0x10000);
    assert_int_equal(owned_bytes(LR_LIVE_OWNED), 7100);
    assert_int_equal(owned_bytes(LR_LIVE_LATER), 0);
    lr_pair_use_begin(&use, &regs, 0x10000);
    allocate(0x30000, 32768);
    lr_pair_use_end(&use);
    assert_int_equal(owned_bytes(LR_LIVE_OWNED), 7100 + 32768);
    assert_int_equal(owned_bytes(LR_LIVE_LATER), 32768);
    allocate(0x40000, 5); /* outside any call */
    assert_int_equal(owned_bytes(LR_LIVE_OWNED), 7100 + 32768);
    lr_record_free((void *)0x30000);
    assert_int_equal(owned_bytes(LR_LIVE_OWNED), 7100);
    lr_record_free((void *)0x10000);
    lr_record_free((void *)0x20000);
    release(LR_PAIR_ID_java_inflater, 0x10000, LR_RELEASER_EXPLICIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_names_are_one_entry),
        cmocka_unit_test(test_full_strings_are_counted_not_written),
        cmocka_unit_test(test_held_lock_is_given_up),
        cmocka_unit_test(test_one_stack_one_id),
        cmocka_unit_test(test_forgotten_memo_finds_the_same_stack),
        cmocka_unit_test(test_doubtful_stacks_are_looked_at_afresh),
        cmocka_unit_test(test_filling_up_cuts_blocks_and_keeps_pairs),
        cmocka_unit_test(test_concurrent_interning_makes_no_doubles),
        cmocka_unit_test(test_regions_split_shrink_and_overlay),
        cmocka_unit_test(test_regions_equal_a_page_model),
        cmocka_unit_test(test_pairs_are_counted_by_who_released),
        cmocka_unit_test(test_handle_acquired_twice_stays_leaked),
        cmocka_unit_test(test_handle_lost_a_thousand_times_finds_room),
        cmocka_unit_test(test_each_of_many_live_pairs_is_found),
        cmocka_unit_test(test_memory_in_a_pairs_calls_is_the_pairs),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
