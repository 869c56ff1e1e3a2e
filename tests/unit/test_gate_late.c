/* test_gate_late.c -- leaks behind others' memory: each test is named for what passed once as
 * "no place grows".
 *
 * Stage: unit tests of GATE (judged.h has the recording).
 */
#include "gate_answer.h"

#include <sys/mman.h>

enum { ANONYMOUS = MAP_ANONYMOUS << 8 | 3, MEGABYTE = 1000000, LATE_MS = NIGHT_MS / 10 * 7 };

/* A night with a place whose trend is known, and flat. */
static struct lr_make *make_night_with_cache(void)
{
    struct lr_make *make = make_night();
    uint32_t cache = stack_at(make, "com.acme.Cache.fill(Cache.java):3");

    lr_make_live(make, 0x8000, 20 * MEGABYTE, LR_KIND_MALLOC, cache, 5, 0);
    follow_growing(make, cache, 0);
    return make;
}

static void assert_cannot_tell(struct lr_make *make)
{
    judge(make);
    assert_outcome(answer(NULL, NULL, NULL, LR_GATE_GROWTH), LR_GATE_CANNOT_TELL);
    finish();
}

static void an_unfollowed_leak_that_began_late_is_not_said_to_be_no_growth(void **state)
{
    (void)state;
    for (int mapped = 0; mapped <= 1; mapped++) {
        struct lr_make *make = make_night_with_cache();
        uint32_t stack = stack_at(make, "com.acme.Arena.map(Arena.java):8");

        for (uint32_t i = 0; i < 60; i++) {
            uint64_t address = 0x10000000 + (uint64_t)i * 16 * MEGABYTE;
            uint32_t birth_ms = LATE_MS + i * (NIGHT_MS / 250);

            if (mapped)
                lr_make_region(make, address, 16 * MEGABYTE, stack, birth_ms, ANONYMOUS);
            else
                lr_make_live(make, address, 16 * MEGABYTE, LR_KIND_MALLOC, stack, birth_ms, 0);
        }
        assert_cannot_tell(make);
    }
}

static void a_leak_by_many_callers_of_one_line_is_not_said_to_be_no_growth(void **state)
{
    struct lr_make *make = make_night_with_cache();

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        char caller[64];
        snprintf(caller, sizeof(caller), "com.acme.Api.call(Api.java):%u", i + 1);
        uint32_t stack = lr_make_java_stack(make, 2, "com.acme.Leak.add(Leak.java):7", caller);
        lr_make_live(make, 0x20000000 + i * 64, 20 * MEGABYTE, LR_KIND_MALLOC, stack,
                     LATE_MS + i * (NIGHT_MS / 120), 0);
    }
    assert_cannot_tell(make);
}

static void leaks_of_many_places_are_not_hidden_by_a_cache_that_drains(void **state)
{
    struct lr_make *make = make_night_with_cache();

    (void)state;
    for (unsigned place = 0; place < 40; place++) {
        char frame[64];
        snprintf(frame, sizeof(frame), "com.acme.Part%u.make(Part.java):%u", place, place + 1);
        uint32_t stack = stack_at(make, frame);
        for (uint32_t half = 0; half < 2; half++)
            lr_make_live(make, 0x10000000 + (place * 2 + half) * 64, MEGABYTE / 4, LR_KIND_MALLOC,
                         stack, NIGHT_MS / 10 * (half ? 8 : 5), 0);
    }
    for (unsigned i = 0; i < POINTS; i++)
        values_at(make, i)[LR_SERIES_live_bytes] = 300 * MEGABYTE;
    assert_cannot_tell(make);
}

static void a_leak_that_was_tidied_up_is_not_hidden_by_a_pool_whose_blocks_are_new(void **state)
{
    struct lr_make *make = make_night_with_cache();
    uint32_t stack = stack_at(make, "com.acme.Pool.lend(Pool.java):8");

    (void)state;
    lr_make_followed(make, SLOT + 1, LR_FOLLOWED_STACK, stack, 0);
    for (unsigned i = 0; i < POINTS; i++) {
        followed_at(make, i)[SLOT + 1] =
            (struct lr_followed_value){(float)(1e8 + 1e4 * jitter(i)), 1000};
        values_at(make, i)[LR_SERIES_live_bytes] = 120 * MEGABYTE + (i < 94 ? 2 * MEGABYTE * i : 0);
    }
    lr_make_live(make, 0x10000000, 100 * MEGABYTE, LR_KIND_MALLOC, stack, NIGHT_MS - 1000, 0);
    assert_cannot_tell(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unfollowed_leak_that_began_late_is_not_said_to_be_no_growth),
        cmocka_unit_test(a_leak_by_many_callers_of_one_line_is_not_said_to_be_no_growth),
        cmocka_unit_test(leaks_of_many_places_are_not_hidden_by_a_cache_that_drains),
        cmocka_unit_test(a_leak_that_was_tidied_up_is_not_hidden_by_a_pool_whose_blocks_are_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
