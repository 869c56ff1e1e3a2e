/* unwind_alone.h -- what the walker's files want of the rest of the preload, for programs that walk
 * stacks without a trace.  lr_intern_lock() and its counterpart are the program's own.
 */
#ifndef LEAKRING_UNWIND_ALONE_H
#define LEAKRING_UNWIND_ALONE_H

#include "file.h"
#include "guard.h"
#include "modules.h"
#include "stack_take.h"
#include "thread_names.h"
#include "threads.h"
#include "trace.h"

__thread struct lr_thread lr_self;
void lr_stacks_forget(void)
{
}
uint32_t lr_intern_string(const char *bytes, size_t length)
{
    return 0;
}
uint32_t lr_intern_module(const struct lr_module *module)
{
    return 0;
}
struct lr_module *lr_trace_module(uint32_t index)
{
    return NULL;
}
void lr_trace_event(enum lr_event_type type, uint32_t a, uint64_t b)
{
}
struct lr_file lr_file; /* there is none */
uint32_t lr_trace_ms(void)
{
    return 0;
}
uint16_t lr_thread_label_of(const char *name)
{
    return 0;
}

#endif
