/* test_pairs_named.c -- kinds of pairs that the program names: what is counted when there are too
 * many of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "guard.h"
#include "intern.h"
#include "pairs.h"
#include "pairs_start.h"
#include "record.h"
#include "recording.h"
#include "stacks.h"
#include "unwind.h"

static struct lr_armed armed = {.on = LR_ARMED};
static const char *path;

static int start(void **state)
{
    (void)state;
    path = recording_create("test_pairs_named");
    assert_true(lr_intern_start() && lr_stacks_start() && lr_stack_take_start() &&
                lr_record_start() && lr_pairs_start());
    assert_true(lr_unwind_select("ehframe"));
    lr_armed = &armed;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

static uint64_t counted(enum lr_counter counter)
{
    return lr_file.counters[counter];
}

static void acquire(const char *kind, uintptr_t handle)
{
    struct lr_regs regs = LR_CALLER_REGS;
    lr_pair_named_acquired(kind, &regs, handle);
}

static void released(const char *name, uintptr_t handle)
{
    struct lr_regs regs = LR_CALLER_REGS;
    lr_pair_named_released(name, &regs, handle);
}

static uint64_t kinds(void)
{
    return lr_file.section[LR_SEC_PAIRDEFS]->used;
}

static uint64_t live_pairs(void)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < lr_file_capacity(LR_SEC_PAIRS); i++)
        count += lr_file.pairs[i].key != 0;
    return count;
}

static void test_what_was_never_acquired_is_no_kind(void **state)
{
    (void)state;
    uint64_t before = kinds(), unknown = counted(LR_CNT_pair_unknown_release);
    released("test.Never", 1);
    assert_int_equal(kinds(), before);
    assert_int_equal(counted(LR_CNT_pair_unknown_release), unknown + 1);
}

static void test_hostile_names_and_handles(void **state)
{
    (void)state;
    uint64_t before = kinds();
    char longest[1000];
    memset(longest, 'x', sizeof longest); /* no zero at the end */
    errno = EDOM;
    acquire(NULL, 1);
    acquire("", 1);
    acquire("test.Null", 0);
    released(NULL, 1);
    released("", 1);
    released("test.Null", 0);
    assert_int_equal(kinds(), before);
    assert_int_equal(live_pairs(), 0);
    const uintptr_t handles[] = {1, 2, UINTPTR_MAX, (uintptr_t)1 << 48, ((uintptr_t)1 << 48) - 1};
    const size_t count = sizeof handles / sizeof *handles;
    for (size_t i = 0; i < count; i++)
        acquire(longest, handles[i]);
    assert_int_equal(kinds(), before + 1);
    assert_int_equal(live_pairs(), count);
    for (size_t i = 0; i < count; i++)
        released(longest, handles[i]);
    assert_int_equal(live_pairs(), 0);
    assert_int_equal(errno, EDOM);
}

/* The last test: there is no room for another kind from then on. */
static void test_a_pair_without_room_for_its_kind_is_lost_once(void **state)
{
    (void)state;
    enum { MANY = 300, KEPT = 200 };
    char name[32];
    uint64_t fit = KEPT - (kinds() - LR_PAIR_ID_COUNT);
    uint64_t unknown = counted(LR_CNT_pair_unknown_release);
    for (uintptr_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "test.Kind%d", (int)i);
        acquire(name, i + 1);
    }
    assert_int_equal(live_pairs(), fit);
    assert_int_equal(counted(LR_CNT_pairs_full), MANY - fit);
    for (uintptr_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "test.Kind%d", (int)i);
        released(name, i + 1);
    }
    assert_int_equal(live_pairs(), 0);
    assert_int_equal(counted(LR_CNT_pairs_full), MANY - fit);
    assert_int_equal(counted(LR_CNT_pair_unknown_release), unknown + MANY - fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_never_acquired_is_no_kind),
        cmocka_unit_test(test_hostile_names_and_handles),
        cmocka_unit_test(test_a_pair_without_room_for_its_kind_is_lost_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
