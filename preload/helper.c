/* helper.c -- helper.h.
 *
 * Stage: RECORD -> FILE, in the background.  Context: its own thread, which never records: its
 * depth stays above 0.  Everything of the C library is looked up, because the versions that a
 * link would bind to are too new for old hosts.
 */
#include "helper.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "config.h"
#include "guard.h"
#include "modules.h"
#include "next.h"
#include "prim.h"
#include "record.h"
#include "stacks.h"
#include "trace.h"

enum { PERIOD_MS = 50, FLUSH_MS = 1000, STACK_BYTES = 256 << 10 };

static uint32_t started;

static void *run(void *unused)
{
    lr_own_work_begin();
    lr_prim_name_thread("leakring");
    uint32_t flushed = 0, wait = lr_config.young_ms / 2;
    wait = wait < 1 ? 1 : wait > PERIOD_MS ? PERIOD_MS : wait;
    for (;;) {
        lr_prim_sleep_ms(wait);
        uint32_t now = lr_clock_tick();
        if (now > lr_config.young_ms / 2)
            lr_record_tenure(now - lr_config.young_ms / 2);
        if (now - flushed >= FLUSH_MS) {
            flushed = now;
            lr_modules_changed();
            lr_stacks_flush();
        }
    }
    return unused;
}

typedef int create_function(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
typedef int attr_function(pthread_attr_t *);
typedef int attr_size_function(pthread_attr_t *, size_t);
typedef int attr_int_function(pthread_attr_t *, int);

static bool create(void)
{
    create_function *make = (create_function *)lr_next_symbol("pthread_create");
    attr_function *init = (attr_function *)lr_next_symbol("pthread_attr_init");
    attr_int_function *detach = (attr_int_function *)lr_next_symbol("pthread_attr_setdetachstate");
    attr_size_function *stack = (attr_size_function *)lr_next_symbol("pthread_attr_setstacksize");
    if (!make || !init || !detach || !stack)
        return false;
    pthread_attr_t attributes;
    pthread_t thread;
    init(&attributes);
    detach(&attributes, PTHREAD_CREATE_DETACHED);
    stack(&attributes, STACK_BYTES);
    return make(&thread, &attributes, run, NULL) == 0;
}

/* Before the thread exists the tables are switched to it: it only ever empties them.  Should it
 * not start, records go on going straight to the file. */
void lr_helper_start(void)
{
    uint32_t no = 0;
    if (lr_config.young_ms == 0 || !lr_is_armed() ||
        !__atomic_compare_exchange_n(&started, &no, 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    uint32_t depth = lr_own_work_begin();
    uint64_t saved;
    lr_prim_block_signals(&saved);
    bool running = create();
    lr_prim_restore_signals(&saved);
    lr_own_work_end(depth);
    if (!running)
        return;
    lr_clock_tick();
    lr_stacks_defer(true);
    lr_record_use_young(true);
    lr_trace_set_compat(LR_COMPAT_YOUNG);
}
