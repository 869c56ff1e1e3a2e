/* test_asked.c -- the thread that serves requests, when system calls are about to be forbidden: it
 * slept inside one, so that a program waited more than a second for its seccomp call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "guard.h"
#include "prim.h"
#include "syscall.h"

static struct lr_armed armed = {.on = LR_ARMED};

static void the_serving_thread_leaves_and_comes_again(void **state)
{
    (void)state;
    lr_armed = &armed;
    assert_false(lr_asked_leave());
    lr_asked_start();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(lr_asked_threads(), 1);
        assert_true(lr_asked_leave());
        assert_int_equal(lr_asked_threads(), 0);
        assert_int_equal(lr_prim_thread_count(), 1);
        lr_prim_hush();
        assert_int_equal(lr_gate.inside, 0);
        lr_prim_speak();
        lr_asked_again();
    }
    assert_true(lr_asked_leave());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_serving_thread_leaves_and_comes_again),
    };
    return cmocka_run_group_tests_name("asked", tests, NULL, NULL);
}
