/* asked.c -- asked.h.
 *
 * Stage: helper thread -> FILE.  Context: pass, answer and all that writes the file: the helper
 * thread; serve and below: the serving thread, which may wait for the JVM as long as it takes.
 * Nothing waits for that thread: a request that doesn't end is for its asker to give up.
 */
#include "asked.h"

#include <errno.h>
#include <string.h>

#include "allocator.h"
#include "clock.h"
#include "collections.h"
#include "file.h"
#include "guard.h"
#include "jvm.h"
#include "own_thread.h"
#include "pair_sites.h"
#include "pairs.h"
#include "phase_mark.h"
#include "prim.h"
#include "series.h"
#include "trace.h"

enum {
    STACK_BYTES = 1 << 20, /* Java code runs on it: the constructor of a Thread object */
    ROUNDS = 4,            /* collections for one request, 2 at least */
    POLL_MS = 20,
    QUIET_POLLS = 25,  /* in which the Cleaner released nothing: it has nothing to release */
    DRAIN_POLLS = 500, /* at most for each collection */
    FOR_LONG_MS = 1 << 30,
};

enum { SERVER_NONE, SERVER_IDLE, SERVER_ASKED, SERVER_DONE, SERVER_LEAVES };
static uint32_t server = SERVER_NONE; /* the word that the serving thread sleeps at */
static uint32_t started;
static int server_tid; /* 0: it hasn't begun */

static struct lr_collection work; /* whose the state says: the server's while SERVER_ASKED */

static void measure(struct lr_collection *record, bool after)
{
    uint64_t used, kept;
    lr_allocator_figures(&used, &kept);
    *(after ? &record->used.after : &record->used.before) = used;
    *(after ? &record->kept.after : &record->kept.before) = kept;
    for (unsigned i = 0; i < LR_PAIR_ID_COUNT && i < LR_COLLECTION_PAIRS; i++) {
        uint32_t live = lr_pair_sites_live(i);
        *(after ? &record->pairs[i].after : &record->pairs[i].before) = live;
    }
}

static void set_stage(enum lr_collect_stage stage)
{
    __atomic_store_n(&lr_file.control->stage, stage, __ATOMIC_RELAXED);
}

/* Until the Cleaner has released nothing for a while that was there before the collection. */
static bool drain(void)
{
    uint64_t seen = lr_collections_cleaned();
    unsigned quiet = 0;
    set_stage(LR_STAGE_DRAINING);
    for (unsigned i = 0; i < DRAIN_POLLS && quiet < QUIET_POLLS; i++) {
        if (!lr_prim_sleep_ms(POLL_MS))
            return false;
        uint64_t now = lr_collections_cleaned();
        quiet = now == seen ? quiet + 1 : 0;
        seen = now;
    }
    return quiet >= QUIET_POLLS;
}

/* What a released object held was garbage too, but may be found by the next collection only. */
static void collect(struct lr_collection *record)
{
    bool drained = false;
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t before = lr_collections_cleaned();
        set_stage(LR_STAGE_COLLECTING);
        record->result = lr_jvm_collect();
        if (record->result != LR_COLLECT_DONE && record->result != LR_COLLECT_UNSEEN)
            return;
        record->collections++;
        drained = drain();
        if (round > 0 && lr_collections_cleaned() == before)
            break;
    }
    record->drained_ms = drained ? lr_trace_ms() : 0;
}

static void *serve(void *unused)
{
    lr_own_work_begin();
    lr_prim_name_thread("leakring gc");
    __atomic_store_n(&server_tid, lr_prim_tid(), __ATOMIC_RELEASE);
    for (;;) {
        uint32_t state = __atomic_load_n(&server, __ATOMIC_ACQUIRE);
        if (state == SERVER_LEAVES)
            break;
        if (state != SERVER_ASKED) {
            if (!lr_prim_wait(&server, state, FOR_LONG_MS))
                break;
            continue;
        }
        measure(&work, false);
        collect(&work);
        measure(&work, true);
        __atomic_store_n(&server, SERVER_DONE, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&server, SERVER_NONE, __ATOMIC_RELEASE);
    if (lr_prim_is_silent())
        lr_prim_leave_thread();
    return unused;
}

void lr_asked_start(void)
{
    if (!lr_is_armed() || __atomic_exchange_n(&started, 1, __ATOMIC_ACQ_REL))
        return;
    int error = errno;
    uint64_t saved;
    lr_prim_block_signals(&saved);
    uint32_t depth = lr_own_work_begin();
    __atomic_store_n(&server, SERVER_IDLE, __ATOMIC_RELEASE);
    if (!lr_own_thread(serve, STACK_BYTES))
        __atomic_store_n(&server, SERVER_NONE, __ATOMIC_RELEASE);
    lr_own_work_end(depth);
    lr_prim_restore_signals(&saved);
    errno = error;
}

static void tell_server(uint32_t from, uint32_t to)
{
    if (__atomic_compare_exchange_n(&server, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        lr_prim_wake(&server);
}

void lr_asked_stop(void)
{
    tell_server(SERVER_IDLE, SERVER_LEAVES);
    tell_server(SERVER_DONE, SERVER_LEAVES);
}

static bool is_gone(void)
{
    int tid = __atomic_load_n(&server_tid, __ATOMIC_ACQUIRE);
    return tid && !lr_asked_threads() && !lr_prim_is_thread(tid);
}

static bool is_gone_or_busy(void)
{
    return __atomic_load_n(&server, __ATOMIC_ACQUIRE) == SERVER_ASKED || is_gone();
}

bool lr_asked_leave(void)
{
    if (!lr_asked_threads())
        return false;
    lr_asked_stop();
    lr_own_thread_await(is_gone_or_busy);
    return true;
}

void lr_asked_again(void)
{
    if (!is_gone())
        return;
    __atomic_store_n(&server_tid, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&started, 0, __ATOMIC_RELEASE);
    lr_asked_start();
}

uint32_t lr_asked_threads(void)
{
    return __atomic_load_n(&server, __ATOMIC_ACQUIRE) != SERVER_NONE;
}

static void answer(uint32_t result)
{
    struct lr_control *control = lr_file.control;
    lr_trace_event(LR_EVENT_GC_DONE, control->taken & LR_CONTROL_NUMBER_MASK, result);
    __atomic_store_n(&control->result, result, __ATOMIC_RELAXED);
    set_stage(LR_STAGE_IDLE);
    __atomic_store_n(&control->done, control->taken, __ATOMIC_RELEASE);
}

/* The asker may be anybody: what it wrote is copied once, and cut. */
static uint32_t mark(uint32_t now_ms)
{
    char name[LR_REQUEST_TEXT];
    memcpy(name, lr_file.request->text, sizeof name);
    size_t length = strnlen(name, LR_MARK_NAME_MAX);
    if (length == 0)
        return LR_COLLECT_UNKNOWN;
    bool done = lr_phase_mark_at(name, length, LR_MARK_ASKED, now_ms);
    return done ? LR_COLLECT_DONE : LR_COLLECT_FULL;
}

static void take_up(uint32_t asked, uint32_t now_ms)
{
    struct lr_control *control = lr_file.control;
    uint32_t number = asked & LR_CONTROL_NUMBER_MASK;
    __atomic_store_n(&control->taken, asked, __ATOMIC_RELEASE);
    lr_trace_event(LR_EVENT_GC_ASKED, number, 0);
    uint32_t what = asked >> LR_CONTROL_WHAT_SHIFT;
    if (what == LR_CONTROL_MARK) {
        answer(mark(now_ms));
    } else if (what != LR_CONTROL_COLLECT) {
        answer(LR_COLLECT_UNKNOWN);
    } else if (!lr_jvm_exists()) {
        answer(lr_jvm_has_died() ? LR_COLLECT_DYING : LR_COLLECT_NO_JVM);
    } else if (!lr_asked_threads()) {
        answer(LR_COLLECT_NO_THREAD);
    } else {
        memset(&work, 0, sizeof work);
        work.why = LR_COLLECTION_ASKED;
        work.number = number;
        work.bound_ms = now_ms;
        work.rss.before = lr_series_rss();
        lr_collections_expect(now_ms);
        tell_server(SERVER_IDLE, SERVER_ASKED);
    }
}

static void finish(uint32_t now_ms)
{
    work.end_ms = now_ms;
    work.rss.after = lr_series_rss();
    work.cleaned = lr_collections_cleaned();
    lr_collections_write(&work);
    answer(work.result);
    __atomic_store_n(&server, SERVER_IDLE, __ATOMIC_RELEASE);
}

static bool serves(uint32_t state)
{
    return state == SERVER_ASKED || state == SERVER_DONE;
}

void lr_asked_pass(uint32_t now_ms)
{
    uint32_t state = __atomic_load_n(&server, __ATOMIC_ACQUIRE);
    uint32_t asked = __atomic_load_n(&lr_file.control->asked, __ATOMIC_ACQUIRE);
    if (state == SERVER_DONE)
        finish(now_ms);
    else if (state != SERVER_ASKED && asked != lr_file.control->taken &&
             (asked & LR_CONTROL_NUMBER_MASK))
        take_up(asked, now_ms);
    /* The server may have begun, and be done, since it was told a moment ago. */
    bool serving = serves(state) || serves(__atomic_load_n(&server, __ATOMIC_ACQUIRE));
    lr_collections_watch(now_ms, serving);
}
