/* helper.c -- helper.h.
 *
 * Stage: RECORD -> FILE, in the background.  Context: its own thread, which never records: its
 * depth stays above 0.
 */
#include "helper.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "asked.h"
#include "clock.h"
#include "config.h"
#include "fold.h"
#include "governor.h"
#include "guard.h"
#include "jvm.h"
#include "modules.h"
#include "own_thread.h"
#include "prim.h"
#include "record.h"
#include "series.h"
#include "stack_totals.h"
#include "stacks.h"
#include "threads.h"
#include "trace.h"

enum {
    PERIOD_MS = 50,
    FLUSH_MS = 1000,
    STACK_BYTES = 256 << 10,
    /* A program that does next to nothing for a second isn't looked at so often.  Its records go
     * straight to the file meanwhile, which is no trouble while they are few. */
    QUIET_PASSES = 20,
    QUIET_ARRIVALS = 4, /* in a pass */
    REST_MS = 250,
    REST_ARRIVALS = 32, /* in a rest: over */
    STOP_MS = 1000,
};

static uint32_t started;
static bool created, main_thread_left;
static bool shares_files; /* the program's table of file descriptors */
static uint32_t stopping, left; /* awaited; left: behind it the thread only ends */
static int helper_tid; /* 0: not running */

/* The program's main thread ended by pthread_exit, and nobody is left but that zombie and us: the
 * program would have ended by now.  Where nobody can tell how many there are, we mustn't stay. */
static bool is_alone(void)
{
    if (!__atomic_load_n(&main_thread_left, __ATOMIC_RELAXED))
        return false;
    long count = lr_prim_thread_count();
    return count < 0 || count == 2 + (long)lr_asked_threads();
}

static void hand_over(bool to_helper)
{
    lr_totals_defer(to_helper);
    lr_record_use_young(to_helper);
    if (to_helper)
        lr_clock_tick();
    else
        lr_clock_stop();
}

static bool resting;

static void change_pace(void)
{
    static unsigned quiet;
    uint32_t arrivals = lr_record_arrivals();
    quiet = arrivals <= QUIET_ARRIVALS ? quiet + 1 : 0;
    if (!resting && quiet >= QUIET_PASSES) {
        resting = true;
        hand_over(false);
        lr_record_tenure_all();
    } else if (resting && arrivals > REST_ARRIVALS) {
        resting = false;
        hand_over(true);
    }
}

/* A record bears the time of the pass before its birth.  A pass that is late may be so because the
 * whole process had to wait: what it holds for a moment only is given until the next one. */
static void tenure(uint32_t now)
{
    static uint32_t last;
    static bool waited;
    uint32_t age = lr_config.young_ms * 3 / 4, before = now - age;
    if (!lr_is_later(last, before))
        before = last - 1;
    waited = !waited && now - last > age;
    if (before != UINT32_MAX && !waited) /* which would mean all of them */
        lr_record_tenure(before);
    last = now;
}

static void pass(uint32_t *flushed)
{
    change_pace();
    uint32_t now = resting ? lr_clock_beat() : lr_clock_tick();
    lr_governor_tick(now); /* makes room for what follows */
    if (!resting)
        tenure(now);
    if (now - *flushed >= FLUSH_MS) {
        *flushed = now;
        lr_modules_changed();
        lr_threads_refresh();
        lr_totals_flush();
        lr_make_room(now);
    }
    lr_jvm_tick();
    lr_asked_pass(now);
    if (lr_config.series)
        lr_series_pass(now);
}

static void last_pass(void)
{
    lr_governor_stop();
    hand_over(false);
    lr_record_tenure_all();
    lr_totals_flush();
}

/* Ends when it isn't allowed to wait (a sandbox), or is alone; then everybody looks after
 * himself, and the C library ends a program whose last thread this was.  What came too late for
 * the silence has no system call left but its end: not even those of the C library. */
static void *run(void *unused)
{
    lr_own_work_begin();
    lr_prim_no_real_time();
    lr_prim_name_thread("leakring");
    bool own_files = lr_config.series && !__atomic_load_n(&shares_files, __ATOMIC_RELAXED) &&
                     lr_prim_own_files() == 0;
    lr_series_use_files(own_files);
    lr_threads_use_files(own_files);
    uint32_t flushed = 0, wait = lr_config.young_ms / 2;
    wait = wait < 1 ? 1 : wait > PERIOD_MS ? PERIOD_MS : wait;
    __atomic_store_n(&helper_tid, lr_prim_tid(), __ATOMIC_RELEASE);
    lr_governor_start();
    while (lr_prim_wait(&stopping, 0, resting ? REST_MS : wait) && !is_alone() &&
           !__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
        pass(&flushed);
    last_pass();
    if (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE))
        lr_asked_stop(); /* or the program wouldn't end because of that thread */
    __atomic_store_n(&left, 1, __ATOMIC_RELEASE);
    if (lr_prim_is_silent())
        lr_prim_leave_thread();
    lr_prim_wake(&left);
    return unused;
}

/* The thread may not even have begun to run. */
static bool is_gone(void)
{
    int tid = __atomic_load_n(&helper_tid, __ATOMIC_ACQUIRE);
    return tid && __atomic_load_n(&left, __ATOMIC_ACQUIRE) && !lr_prim_is_thread(tid);
}

bool lr_helper_stop(void)
{
    if (!__atomic_load_n(&created, __ATOMIC_ACQUIRE))
        return false;
    __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
    lr_prim_wake(&stopping);
    lr_prim_wait(&left, 0, STOP_MS);
    lr_own_thread_await(is_gone);
    return true;
}

void lr_helper_restart(void)
{
    if (!is_gone())
        return;
    __atomic_store_n(&stopping, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&left, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&helper_tid, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&started, 0, __ATOMIC_RELEASE);
    lr_helper_start();
}

/* The tables are handed over before the thread exists, for it may end at once (a sandbox) and
 * take them back.  Should it not start, records go on going straight to the file. */
void lr_helper_start(void)
{
    uint32_t no = 0;
    if (lr_config.young_ms == 0 || !lr_is_armed() || lr_prim_is_silent() ||
        !__atomic_compare_exchange_n(&started, &no, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    int error = errno;
    uint64_t saved;
    lr_prim_block_signals(&saved); /* a handler's allocations aren't our own work */
    uint32_t depth = lr_own_work_begin();
    hand_over(true);
    lr_governor_expect(true);
    bool running = lr_own_thread(run, STACK_BYTES);
    if (!running) {
        lr_governor_expect(false);
        hand_over(false);
    }
    lr_own_work_end(depth);
    lr_prim_restore_signals(&saved);
    errno = error;
    if (running)
        lr_trace_set_compat(LR_COMPAT_YOUNG);
    __atomic_store_n(&created, running, __ATOMIC_RELEASE);
}

/* The last thread of a process runs its exit handlers, which may be ours then: they need the
 * program's files. */
void lr_helper_main_left(void)
{
    __atomic_store_n(&main_thread_left, true, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&created, __ATOMIC_ACQUIRE) || shares_files)
        return;
    __atomic_store_n(&shares_files, true, __ATOMIC_RELAXED);
    lr_helper_stop();
    lr_helper_restart();
}
