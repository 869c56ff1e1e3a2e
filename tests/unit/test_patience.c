/* test_patience.c -- waiting for a lock where system calls may be made, and in silence, where a
 * holder that was preempted must get its time all the same.  The clock is the test's own, so that
 * nothing here depends on the machine's. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lock.h"
#include "patience.h"
#include "prim.h"

enum { LOOKS_IN_A_MS = 20, GIVEN_UP_MS = 500 };

static struct lr_lock lock;
static uint64_t looks, dropped_ms;
static bool stands_still;

/* The holder goes on when the clock says so. */
uint64_t __wrap_lr_prim_mono_ns(void);
uint64_t __wrap_lr_prim_mono_ns(void)
{
    looks++;
    if (stands_still)
        return 1;
    uint64_t ms = looks / LOOKS_IN_A_MS;
    if (dropped_ms && ms >= dropped_ms)
        lr_lock_drop(&lock);
    return ms * 1000000;
}

static int begin(void **state)
{
    (void)state;
    lock = (struct lr_lock){0};
    looks = dropped_ms = 0;
    stands_still = false;
    return 0;
}

static bool take_in_silence(void)
{
    lr_prim_hush();
    looks = 0;
    bool taken = lr_lock_take(&lock);
    lr_prim_speak();
    return taken;
}

static void a_holder_that_was_preempted_is_awaited_in_silence(void **state)
{
    (void)state;
    assert_true(take_in_silence());
    dropped_ms = 300;
    assert_true(take_in_silence());
    assert_true(looks >= 300 * LOOKS_IN_A_MS);
}

static void a_holder_that_never_comes_back_is_given_up_in_silence(void **state)
{
    (void)state;
    assert_true(take_in_silence());
    assert_false(take_in_silence());
    assert_in_range(looks / LOOKS_IN_A_MS, GIVEN_UP_MS, GIVEN_UP_MS + 2);
    assert_false(take_in_silence()); /* and is only tried from then on */
    assert_true(looks <= 1);
    lr_lock_drop(&lock);
    assert_true(take_in_silence());
}

static void without_a_clock_so_many_spins_are_enough(void **state)
{
    (void)state;
    enum { WAIT_MS = 20 };
    struct lr_patience patience = {0};
    stands_still = true;
    lr_prim_hush();
    while (lr_patience_wait(&patience, WAIT_MS))
        ;
    lr_prim_speak();
    assert_in_range(looks, WAIT_MS * 100, WAIT_MS * 2000);
    assert_int_equal(patience.spins, looks);
}

static void who_may_sleep_does_not_spin(void **state)
{
    (void)state;
    struct lr_patience patience = {0};
    unsigned waits = 0;
    while (lr_patience_wait(&patience, 5))
        waits++;
    assert_in_range(waits, LR_PATIENCE_FIRST + 5, 1000);
    assert_int_equal(looks, 0);
    assert_int_equal(patience.spins, 0);
}

static void *take_and_end(void *tid)
{
    assert_true(lr_lock_take(&lock));
    *(int *)tid = lr_prim_tid();
    return NULL;
}

static void who_died_as_its_holder_is_succeeded(void **state)
{
    (void)state;
    pthread_t thread;
    int tid = 0;
    pthread_create(&thread, NULL, take_and_end, &tid);
    pthread_join(thread, NULL);
    while (lr_prim_is_task(tid)) /* its remains */
        lr_prim_yield();
    assert_true(lr_lock_take(&lock));
    assert_true(lr_lock_was_forsaken(&lock));
    assert_false(lr_lock_was_forsaken(&lock));
    lr_lock_drop(&lock);
}

/* Whoever was turned away says so. */
static uint64_t counted;
enum { THREADS = 4, TURNS = 2000 };

static void *count(void *refused)
{
    for (unsigned i = 0; i < TURNS; i++) {
        if (!lr_lock_take(&lock)) {
            __atomic_add_fetch((unsigned *)refused, 1, __ATOMIC_RELAXED);
            continue;
        }
        counted++;
        lr_lock_drop(&lock);
    }
    return NULL;
}

static void what_it_guards_is_counted_once_each(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned refused = 0;
    counted = 0;
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count, &refused), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(counted + refused, THREADS * TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_holder_that_was_preempted_is_awaited_in_silence, begin),
        cmocka_unit_test_setup(a_holder_that_never_comes_back_is_given_up_in_silence, begin),
        cmocka_unit_test_setup(without_a_clock_so_many_spins_are_enough, begin),
        cmocka_unit_test_setup(who_may_sleep_does_not_spin, begin),
        cmocka_unit_test_setup(who_died_as_its_holder_is_succeeded, begin),
        cmocka_unit_test_setup(what_it_guards_is_counted_once_each, begin),
    };
    return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
