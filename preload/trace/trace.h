/* trace.h -- the mapped trace file as the rest of the preload sees it: counters, names, events.
 *
 * Stage: RECORD -> FILE.  Context: any thread, inside malloc.  Nothing here allocates, blocks or
 * fails: what finds no room is counted.
 */
#ifndef LEAKRING_TRACE_H
#define LEAKRING_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

/* Milliseconds since start: one load while the helper thread runs, a coarse clock before. */
uint32_t lr_trace_ms(void);

/* Counters.  Lock-free; a loss counter that leaves zero also leaves an LR_EVENT_LOSS. */
bool lr_counter_is_loss(enum lr_counter counter); /* as counters.def says; else it's information */
void lr_count_add(enum lr_counter counter, uint64_t amount);
static inline void lr_count(enum lr_counter counter)
{
    lr_count_add(counter, 1);
}

void lr_trace_event(enum lr_event_type type, uint32_t a, uint64_t b);
void lr_trace_set_compat(uint32_t bits); /* LR_COMPAT_* to switch on */
void lr_trace_clear_compat(uint32_t bits);

/* The intern lock orders everything that appends to the file.  It never waits long: false after
 * a bounded spin, and the caller drops (and counts) what it wanted to store. */
bool lr_intern_lock(void);
void lr_intern_unlock(void);

/* The following need the intern lock.  Each returns the entry's id or index, finding an equal
 * entry before it appends; when there is no room it counts the loss and returns 0. */
uint32_t lr_intern_string(const char *bytes, size_t length);
uint32_t lr_intern_method(uint32_t class_name, uint32_t name, uint32_t source_file,
                          uint32_t flags);            /* index + 1 */
uint32_t lr_intern_jframe(uint32_t method, int32_t line); /* index + 1; `method` is an index */
/* Appends, or finds the entry with equal path, build id and bias-relative layout. */
uint32_t lr_intern_module(const struct lr_module *module);
void lr_intern_meta(enum lr_meta_key key, const char *text);
struct lr_module *lr_trace_module(uint32_t index);
uint32_t lr_trace_module_count(void);

#endif
