/* intercept_process.c -- threads, forks, modules and the end of the process.
 *
 * Stage: INTERCEPT.  Context: any thread.
 */
#include "intercept.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "guard.h"
#include "helper.h"
#include "kin.h"
#include "modules.h"
#include "prim.h"
#include "process.h"
#include "target.h"
#include "text.h"
#include "threads.h"
#include "trace.h"
#include "unwind.h"
#include "unwind_stack.h"

/* A place where no lock of the C library is held, and the program is about to have threads
 * anyway: the time for our own. */
static bool has_threads; /* of its own */

/* Of the C library's callers of malloc those that a slow leak may have alone, and hold no lock. */
static bool is_copying_text(uintptr_t caller)
{
    enum { LONGEST = 256 };
    return caller - (uintptr_t)&strdup < LONGEST || caller - (uintptr_t)&strndup < LONGEST;
}

/* The C library may hold a lock that creating a thread takes; and the child of a vfork would create
 * one of its own, in its parent's memory. */
static bool may_create_thread(uintptr_t caller)
{
    static const char *const c_library[] = {"libc.", "libc-", "ld-", "ld.", "libpthread"};
    struct lr_module_info module;
    if (!lr_module_find(caller, &module))
        return false;
    const char *name = lr_text_base_name(module.path);
    for (size_t i = 0; i < sizeof c_library / sizeof *c_library; i++)
        if (lr_text_starts(name, c_library[i]) && !is_copying_text(caller))
            return false;
    return lr_process_is_traced();
}

__attribute__((noinline, cold)) void lr_helper_try(uintptr_t caller)
{
    enum { PATIENCE = 64 }; /* then only each so-manieth is looked at */
    static uint32_t tries;
    uint32_t before = __atomic_fetch_add(&tries, 1, __ATOMIC_RELAXED);
    if ((before > PATIENCE && before % PATIENCE) || !may_create_thread(caller))
        return;
    __atomic_store_n(&lr_record_wants_helper, false, __ATOMIC_RELAXED); /* one try */
    lr_helper_start();
}

static bool is_in(const struct lr_module *module, uintptr_t address)
{
    return address >= module->start && address < module->end;
}

/* Creating a thread allocates.  An allocator that maps under its lock would wait for itself: it, or
 * our malloc, by which it was called, is among the callers then.  The C library's own maps without
 * coming by here; it is in every stack. */
static bool is_allocating(uint32_t stack)
{
    const struct lr_stack *entry = &lr_file.stacks[stack];
    uintptr_t next = (uintptr_t)lr_next_symbol("malloc");
    uintptr_t first = (uintptr_t)lr_first_symbol("malloc");
    uintptr_t library = (uintptr_t)lr_next_symbol("mmap");
    if (!stack || entry->flags & LR_STACK_NATIVE_LOST)
        return true;
    uint32_t node = entry->node;
    for (unsigned i = 0; i < entry->frame_count; i++, node = lr_file.nodes[node].parent) {
        uint64_t frame = lr_file.nodes[node].frame;
        if (frame & LR_FRAME_JAVA)
            continue;
        const struct lr_module *module = &lr_file.modules[frame >> LR_FRAME_MODULE_SHIFT];
        if (lr_is_own_address((uintptr_t)module->start) ||
            (!is_in(module, library) && (is_in(module, next) || is_in(module, first))))
            return true;
    }
    return false;
}

__attribute__((noinline, cold)) void lr_helper_try_mapped(uintptr_t caller, uint32_t stack)
{
    if (!is_allocating(stack))
        lr_helper_try(caller);
}

/* How large a stack the new thread gets, for times when nobody may ask (unwind_stack.h). */
static void note_stack(const pthread_attr_t *attributes)
{
    pthread_attr_t plain;
    size_t size = 0, guard = 0;
    if (!attributes && LR_NEXT(pthread_attr_init)(&plain) == 0)
        attributes = &plain;
    if (attributes && LR_NEXT(pthread_attr_getstacksize)(attributes, &size) == 0 &&
        LR_NEXT(pthread_attr_getguardsize)(attributes, &guard) == 0 && size > guard)
        lr_stack_note_thread(size - guard);
}

LR_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                             void *(*function)(void *), void *argument)
{
    has_threads = true;
    if (lr_is_armed() && lr_self.depth == 0) {
        note_stack(attributes);
        lr_helper_start();
    }
    return LR_NEXT(pthread_create)(thread, attributes, function, argument);
}

/* JVMs and many programs name a thread after its first allocations; the helper would read the new
 * name only a second later. */
LR_EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
    int result = LR_NEXT(pthread_setname_np)(thread, name);
    if (lr_enter()) { /* nothing tells us cheaply whether it was our own: look */
        lr_thread_renamed();
        lr_leave();
    }
    return result;
}

/* The kernel refuses some of the following to a process with threads; ours mustn't be why.  Then it
 * goes, and comes back after a second try.  A vfork's child has none, and its parent's must go on.
 */
static bool leave_alone(int result)
{
    return result != 0 && (errno == EINVAL || errno == EUSERS) && !has_threads &&
           lr_process_is_traced() && lr_helper_stop();
}

static void come_back(int result, int error_before)
{
    int error = result == 0 ? error_before : errno;
    lr_helper_restart();
    errno = error;
}

LR_EXPORT int unshare(int flags)
{
    int error = errno, result = LR_NEXT(unshare)(flags);
    if (leave_alone(result)) {
        result = LR_NEXT(unshare)(flags);
        come_back(result, error);
    }
    return result;
}

LR_EXPORT int setns(int fd, int type)
{
    int error = errno, result = LR_NEXT(setns)(fd, type);
    if (leave_alone(result)) {
        result = LR_NEXT(setns)(fd, type);
        come_back(result, error);
    }
    return result;
}

LR_EXPORT __attribute__((noreturn)) void pthread_exit(void *result)
{
    if (lr_is_armed() && !lr_prim_is_silent() && lr_prim_tid() == lr_prim_pid())
        lr_helper_main_left();
    LR_NEXT(pthread_exit)(result);
    __builtin_unreachable();
}

LR_EXPORT pid_t fork(void)
{
    pid_t child = LR_NEXT(fork)();
    if (child == 0)
        lr_kin_forked();
    if (child > 0 && lr_enter()) {
        lr_count(LR_CNT_forks);
        lr_trace_event(LR_EVENT_FORK, (uint32_t)child, 0);
        lr_leave();
    }
    return child;
}

static void disarm(void)
{
    lr_armed->on = 0;
}

void lr_disarm_in_children(void)
{
    typedef int atfork_function(void (*)(void), void (*)(void), void (*)(void), void *);
    atfork_function *atfork = (atfork_function *)lr_next_symbol("__register_atfork");
    if (atfork)
        atfork(NULL, NULL, disarm, NULL);
}

LR_EXPORT int dlclose(void *handle)
{
    lr_unwind_doubt();
    int result = LR_NEXT(dlclose)(handle);
    lr_target_forget();
    if (lr_enter()) {
        if (!lr_modules_changed())
            lr_unwind_forget();
        lr_leave();
    }
    lr_unwind_doubt_over();
    return result;
}

/* The program ends without exit handlers.  In a vfork's child, which shares our memory, it
 * doesn't: lr_process_end looks at the pid. */
LR_EXPORT __attribute__((noreturn)) void _exit(int status)
{
    lr_process_end();
    LR_NEXT(_exit)(status);
    __builtin_unreachable();
}

LR_EXPORT __attribute__((noreturn)) void quick_exit(int status)
{
    lr_process_end();
    LR_NEXT(quick_exit)(status);
    __builtin_unreachable();
}

LR_EXPORT __attribute__((noreturn)) void _Exit(int status)
{
    _exit(status);
}
