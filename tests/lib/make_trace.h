/* make_trace.h -- synthesizes trace files for tests: well-formed ones, and broken ones.
 *
 * Stage: tests.  Every lr_make_* function appends one record and returns its index or id; the
 * result is a complete file image.  Failures (no memory, section full) end the test program
 * with a message: a test that can't make its input must not go on.
 *
 *     struct lr_make *m = lr_make_new();
 *     uint32_t inflater = lr_make_pairdef(m, "java.util.zip.Inflater", LR_PAIR_JAVA);
 *     uint32_t stack = lr_make_java_stack(m, 2, "java.util.zip.Inflater.init:-2",
 *                                         "com.acme.Codec.read(Codec.java):42");
 *     uint32_t site = lr_make_pairsite(m, inflater, stack, 10, 4, 1);
 *     lr_make_pair(m, 0x7000, inflater, site, stack, 100);
 *     lr_make_write(m, "/tmp/x.lkr");
 *     lr_make_free(m);
 */
#ifndef LEAKRING_MAKE_TRACE_H
#define LEAKRING_MAKE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leakring/format.h"

struct lr_make;

/* A process that exited after 10 s, with all sections, empty but for string 0, module 0 and
 * stack 0.  Pid 4242, started 2026-01-02 03:04:05 UTC, exact, young_ms 100. */
struct lr_make *lr_make_new(void);
void lr_make_free(struct lr_make *make);

uint32_t lr_make_string(struct lr_make *make, const char *text); /* equal texts share an id */
void lr_make_meta(struct lr_make *make, enum lr_meta_key key, const char *text);
void lr_make_counter(struct lr_make *make, enum lr_counter counter, uint64_t value);

/* build_id in hex ("" for none). */
uint32_t lr_make_module(struct lr_make *make, const char *path, uint64_t bias, uint64_t start,
                        uint64_t end, const char *build_id);
uint32_t lr_make_method(struct lr_make *make, const char *class_name, const char *name,
                        const char *source_file, uint32_t flags);
/* Frame values, for lr_make_stack. */
uint64_t lr_make_java_frame(struct lr_make *make, uint32_t method, int32_t line);
uint64_t lr_make_native_frame(uint32_t module, uint64_t address);
/* Java frame from text: "pkg.Class.method(Source.java):line"; the part in parentheses is
 * optional; line -1 is unknown, -2 a native method. */
uint64_t lr_make_java_frame_text(struct lr_make *make, const char *text);

/* Innermost frame first.  LR_STACK_JAVA is added when a frame is Java's. */
uint32_t lr_make_stack(struct lr_make *make, const uint64_t *frames, unsigned count,
                       uint32_t flags);
uint32_t lr_make_java_stack(struct lr_make *make, unsigned count, ... /* const char * */);
void lr_make_stack_totals(struct lr_make *make, uint32_t stack, uint64_t count, uint64_t bytes,
                          uint64_t lost_count, uint64_t lost_bytes);

/* flags: LR_LIVE_OWNED | LR_LIVE_LATER. */
void lr_make_live(struct lr_make *make, uint64_t address, uint64_t size, enum lr_kind kind,
                  uint32_t stack, uint32_t birth_ms, uint64_t flags);
void lr_make_region(struct lr_make *make, uint64_t start, uint64_t length, uint32_t stack,
                    uint32_t birth_ms, uint32_t prot_flags);
/* For the field `thread` of entries that were made (lr_make_entry). */
uint16_t lr_make_thread(struct lr_make *make, const char *name);
uint32_t lr_make_pairdef(struct lr_make *make, const char *name, uint32_t flags);
uint32_t lr_make_pairsite(struct lr_make *make, uint32_t pair, uint32_t stack, uint64_t acquired,
                          uint64_t released, uint64_t released_by_cleaner);
void lr_make_pair(struct lr_make *make, uint64_t handle, uint32_t pair, uint32_t site,
                  uint32_t stack, uint32_t birth_ms);
void lr_make_event(struct lr_make *make, enum lr_event_type type, uint32_t time_ms, uint32_t a,
                   uint64_t b);

void lr_make_mark(struct lr_make *make, const char *name, uint32_t time_ms);

/* A collection of the whole heap that was carried out, to be filled in further. */
struct lr_collection *lr_make_collection(struct lr_make *make, enum lr_collection_why why,
                                         uint32_t bound_ms, uint32_t drained_ms);

/* A point of a ring without values (LR_NO_VALUE), to fill in; LR_SEC_SERIES_*. */
struct lr_point *lr_make_point(struct lr_make *make, enum lr_section_id id, uint32_t time_ms);
void lr_make_followed(struct lr_make *make, uint32_t slot, enum lr_followed_kind kind, uint32_t id,
                      uint32_t since_ms);
/* The same of followed values (-1); LR_SEC_FOLLOWED_*. */
struct lr_followed_point *lr_make_followed_point(struct lr_make *make, enum lr_section_id id,
                                                 uint32_t time_ms);

/* A trace with one of nearly everything, to damage and to fuzz. */
struct lr_make *lr_make_sample(void);

/* An area of memory, in KiB; LR_AREA_END sums up the last `count` ones that were made. */
struct lr_area *lr_make_area(struct lr_make *make, enum lr_area_kind kind, uint32_t time_ms,
                             uint64_t start, uint32_t pages, uint32_t resident, uint32_t swapped);
void lr_make_area_end(struct lr_make *make, uint32_t time_ms, unsigned count);

/* The image itself, to look at or to damage.  lr_make_seal recomputes the checksum. */
struct lr_header *lr_make_header(struct lr_make *make);
struct lr_section *lr_make_section(struct lr_make *make, enum lr_section_id id);
void *lr_make_entry(struct lr_make *make, enum lr_section_id id, uint64_t index);
unsigned char *lr_make_bytes(struct lr_make *make, size_t *size);
void lr_make_seal(struct lr_make *make);
void lr_make_write(struct lr_make *make, const char *path); /* 0600, replaces */

#endif
