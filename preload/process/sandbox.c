/* sandbox.c -- sandbox.h.
 *
 * Stage: INTERCEPT.  Context: see sandbox.h.
 */
#include "sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "asked.h"
#include "guard.h"
#include "helper.h"
#include "intern.h"
#include "modules.h"
#include "prim.h"
#include "process.h"
#include "text.h"
#include "trace.h"

#define RET_ACTION 0xffff0000u
#define RET_LOG 0x7ffc0000u /* Linux 4.14 */

static bool had_helper, had_server;
static uint32_t installed; /* one is there, for good */

enum readable { YES, NO, UNKNOWN };

static enum readable is_readable(const void *at, size_t size)
{
    uintptr_t page = (uintptr_t)lr_prim_page_size(), first = (uintptr_t)at & ~(page - 1);
    if (!at || (uintptr_t)at + size < (uintptr_t)at)
        return NO;
    for (; first < (uintptr_t)at + size; first += page) {
        int mapped = lr_prim_is_mapped((const void *)first);
        if (mapped != 1)
            return mapped == 0 ? NO : UNKNOWN;
    }
    return YES;
}

static bool is_harmless(uint32_t action)
{
    action &= RET_ACTION;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_ERRNO || action == RET_LOG;
}

/* A result that is computed may be any. */
static bool has_deadly_result(const struct sock_fprog *program)
{
    for (unsigned i = 0; i < program->len; i++) {
        const struct sock_filter *step = &program->filter[i];
        if (BPF_CLASS(step->code) == BPF_RET &&
            (BPF_RVAL(step->code) != BPF_K || !is_harmless(step->k)))
            return true;
    }
    return false;
}

/* What can't be read isn't installed. */
static bool may_kill(const struct sock_fprog *program)
{
    enum readable readable = is_readable(program, sizeof *program);
    if (readable == YES)
        readable = is_readable(program->filter, program->len * sizeof *program->filter);
    return readable == YES ? has_deadly_result(program) : readable == UNKNOWN;
}

/* What the silence would find undone. */
static void prepare(void)
{
    struct lr_module_info module;
    lr_module_find((uintptr_t)getauxval(AT_PHDR), &module);
    if (lr_intern_lock()) {
        lr_index_reserve_all();
        lr_intern_unlock();
    }
}

/* Others may be about to install one at the same time: each counts. */
bool lr_sandbox_begin(const struct sock_fprog *program)
{
    if (__atomic_load_n(&installed, __ATOMIC_ACQUIRE))
        return false;
    if (!lr_prim_is_silent() && program && !may_kill(program))
        return false;
    if (!lr_prim_is_silent() && !lr_process_is_traced()) {
        lr_process_note_child();
        return false;
    }
    uint32_t depth = lr_own_work_begin();
    prepare();
    if (lr_helper_stop())
        had_helper = true;
    if (lr_asked_leave())
        had_server = true;
    lr_prim_hush();
    lr_own_work_end(depth);
    return true;
}

static void say(void)
{
    char line[256];
    struct lr_text text = lr_text_in(line, sizeof line);
    lr_text_add(&text, "a system call filter that kills was installed ");
    lr_text_add_number(&text, lr_trace_ms() / 1000);
    lr_text_add(&text, " s after the start: no time series and no names of new threads since");
    if (!lr_intern_lock())
        return;
    lr_intern_meta(LR_META_NOTE, line);
    lr_intern_unlock();
}

static void begin_again(void)
{
    if (had_helper)
        lr_helper_restart();
    if (had_server)
        lr_asked_again();
}

void lr_sandbox_end(bool success)
{
    uint32_t depth = lr_own_work_begin();
    if (success && !__atomic_exchange_n(&installed, 1, __ATOMIC_ACQ_REL))
        say();
    else if (!success && lr_prim_speak())
        begin_again();
    lr_own_work_end(depth);
}
