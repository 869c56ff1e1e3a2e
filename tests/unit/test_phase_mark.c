/* test_phase_mark.c -- marks when there are more of them than room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "intern.h"
#include "phase_mark.h"
#include "recording.h"

static const char *path;

static int start(void **state)
{
    (void)state;
    path = recording_create("test_phase_mark");
    assert_true(lr_intern_start());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return unlink(path);
}

static bool mark(unsigned number)
{
    char name[32];
    snprintf(name, sizeof name, "round %u", number);
    return lr_phase_mark_at(name, strlen(name), LR_MARK_CALLED, number);
}

/* A program that marks each of its rounds mustn't leave no room for the names of its methods. */
static void test_marks_without_room_leave_no_names(void **state)
{
    (void)state;
    uint64_t capacity = lr_file_capacity(LR_SEC_MARKS);
    for (uint64_t i = 0; i < capacity; i++)
        assert_true(mark((unsigned)i));
    uint64_t strings = lr_file.section[LR_SEC_STRINGS]->used;
    for (uint64_t i = 0; i < 100; i++)
        assert_false(mark((unsigned)(capacity + i)));
    assert_int_equal(lr_file.section[LR_SEC_MARKS]->used, capacity);
    assert_int_equal(lr_file.section[LR_SEC_STRINGS]->used, strings);
    assert_int_equal(lr_file.counters[LR_CNT_marks_full], 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_without_room_leave_no_names),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
