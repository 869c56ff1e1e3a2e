/* test_threads.c -- slots, rooms and labels of threads: unique among the living, reclaimed from the
 * dead, named as the kernel names the thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "file.h"
#include "intern.h"
#include "thread_names.h"
#include "threads.h"
#include "trace.h"

static char directory[] = "/tmp/leakring-threads.XXXXXX";

static int start(void **state)
{
    (void)state;
    static struct lr_identity who = {.exe = "/bin/test", .name = "test", .tmpdir = "/tmp"};
    char text[128], error[256];
    assert_non_null(mkdtemp(directory));
    snprintf(text, sizeof text, "file=%s/trace.lkr,size=4m", directory);
    assert_true(lr_config_parse(&lr_config, text, error, sizeof error));
    who.pid = getpid();
    lr_clock_start();
    if (!lr_file_create(&who, error, sizeof error))
        fail_msg("%s", error);
    assert_ptr_equal(lr_thread_slot(), &lr_thread_nobody);
    assert_null(lr_self.slot); /* too early isn't for ever */
    assert_true(lr_intern_start() && lr_thread_names_start() && lr_threads_start());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/trace.lkr", directory);
    unlink(path);
    return rmdir(directory);
}

static void test_a_slot_is_claimed_once(void **state)
{
    (void)state;
    struct lr_thread_slot *slot = lr_thread_slot();
    assert_ptr_not_equal(slot, &lr_thread_nobody);
    assert_ptr_equal(lr_thread_slot(), slot);
    assert_int_equal(slot->tid, gettid());
    assert_non_null(slot->room);
    memset(slot->room, 0xff, LR_THREAD_ROOM_BYTES);
}

enum { TOGETHER = 50 };
static struct lr_thread_slot *claimed[TOGETHER];
static pthread_barrier_t barrier;
static bool room_was_clean;

static void *claim_together(void *at)
{
    struct lr_thread_slot *slot = lr_thread_slot();
    *(struct lr_thread_slot **)at = slot;
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void claim_in_threads(void)
{
    pthread_t threads[TOGETHER];
    pthread_barrier_init(&barrier, NULL, TOGETHER);
    for (int i = 0; i < TOGETHER; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_together, &claimed[i]), 0);
    for (int i = 0; i < TOGETHER; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
}

static void test_the_living_have_slots_of_their_own(void **state)
{
    (void)state;
    claim_in_threads();
    for (int i = 0; i < TOGETHER; i++) {
        assert_ptr_not_equal(claimed[i], &lr_thread_nobody);
        assert_ptr_not_equal(claimed[i], lr_thread_slot());
        for (int k = 0; k < i; k++) {
            assert_ptr_not_equal(claimed[i], claimed[k]);
            assert_ptr_not_equal(claimed[i]->room, claimed[k]->room);
        }
    }
}

static struct lr_thread_slot *highest;

static void *claim_one(void *unused)
{
    struct lr_thread_slot *slot = lr_thread_slot();
    if (slot > highest)
        highest = slot;
    char *room = slot->room;
    room_was_clean = room && room[0] == 0 && memcmp(room, room + 1, LR_THREAD_ROOM_BYTES - 1) == 0;
    memset(room, 0xff, LR_THREAD_ROOM_BYTES);
    return unused;
}

/* A joined thread may be seen alive for a moment more, so a few slots are in play. */
static void test_the_dead_give_theirs_back(void **state)
{
    (void)state;
    highest = NULL;
    for (int i = 0; i < 10000; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, claim_one, NULL), 0);
        pthread_join(thread, NULL);
        assert_true(room_was_clean);
    }
    assert_true(highest - lr_thread_slot() < TOGETHER * 8);
}

static sem_t named, go_on;

static void *with_name(void *name)
{
    pthread_setname_np(pthread_self(), name);
    uint16_t label = lr_thread_label();
    assert_string_equal(lr_thread_label_name(label), name);
    pthread_setname_np(pthread_self(), "later name");
    sem_post(&named);
    sem_wait(&go_on);
    assert_string_equal(lr_thread_label_name(lr_thread_label()), "later name");
    return (void *)(uintptr_t)label;
}

static uint16_t label_of_thread(const char *name)
{
    pthread_t thread;
    void *label;
    assert_int_equal(pthread_create(&thread, NULL, with_name, (void *)name), 0);
    sem_wait(&named);
    lr_threads_refresh();
    sem_post(&go_on);
    pthread_join(thread, &label);
    return (uint16_t)(uintptr_t)label;
}

static void test_labels_are_names(void **state)
{
    (void)state;
    sem_init(&named, 0, 0);
    sem_init(&go_on, 0, 0);
    uint16_t first = label_of_thread("fifteen letters");
    uint32_t count = lr_thread_label_count();
    assert_int_equal(label_of_thread("fifteen letters"), first);
    assert_int_equal(lr_thread_label_count(), count);
    assert_int_not_equal(label_of_thread("another"), first);
    assert_int_equal(lr_thread_label_count(), count + 1);
    assert_int_equal(lr_thread_label_of(""), 0);
    assert_int_equal(lr_thread_label_of("another"), count);
}

static pthread_t renamed[TOGETHER];
static sem_t claimed_one, end_all;

static void *wait_named(void *slot)
{
    *(struct lr_thread_slot **)slot = lr_thread_slot();
    sem_post(&claimed_one);
    sem_wait(&end_all);
    return NULL;
}

static int with_label(const char *name)
{
    int count = 0;
    for (int i = 0; i < TOGETHER; i++)
        count += strcmp(lr_thread_label_name(claimed[i]->label), name) == 0;
    return count;
}

/* The helper thread has a thousandth of a core for everything. */
static void test_thousands_of_names_are_not_all_read_at_once(void **state)
{
    (void)state;
    sem_init(&claimed_one, 0, 0);
    sem_init(&end_all, 0, 0);
    for (int i = 0; i < TOGETHER; i++)
        assert_int_equal(pthread_create(&renamed[i], NULL, wait_named, &claimed[i]), 0);
    for (int i = 0; i < TOGETHER; i++)
        sem_wait(&claimed_one);
    for (int pass = 0; pass < 10; pass++)
        lr_threads_refresh();
    for (int i = 0; i < TOGETHER; i++)
        pthread_setname_np(renamed[i], "renamed");
    lr_threads_refresh();
    assert_true(with_label("renamed") < TOGETHER / 2);
    for (int pass = 0; pass < 64; pass++)
        lr_threads_refresh();
    assert_int_equal(with_label("renamed"), TOGETHER);
    for (int i = 0; i < TOGETHER; i++)
        sem_post(&end_all);
    for (int i = 0; i < TOGETHER; i++)
        pthread_join(renamed[i], NULL);
}

/* As many as the file has room for; names that were there before are still found. */
static void test_too_many_names(void **state)
{
    (void)state;
    uint32_t known = lr_thread_label_count(), next = known;
    for (uint16_t label = 1; label != 0; next++) {
        char name[16] = {0};
        snprintf(name, sizeof name, "name %u", next);
        label = lr_thread_label_of(name);
        assert_true(label == next || label == 0);
    }
    assert_true(next > known + 100);
    assert_true(next <= LR_THREAD_LABELS + 1);
    assert_int_equal(lr_thread_label_of("one too many"), 0);
    assert_int_equal(lr_thread_label_of("another"), known - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_is_claimed_once),
        cmocka_unit_test(test_the_living_have_slots_of_their_own),
        cmocka_unit_test(test_the_dead_give_theirs_back),
        cmocka_unit_test(test_thousands_of_names_are_not_all_read_at_once),
        cmocka_unit_test(test_labels_are_names),
        cmocka_unit_test(test_too_many_names),
    };
    return cmocka_run_group_tests_name("threads", tests, start, stop);
}
