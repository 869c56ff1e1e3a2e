/* symbolize.h -- from (module, address) to functions, files and lines.
 *
 * Stage: SYMBOLIZE, after load.  Context: analyzer only, one thread.  Only symbolize*.c see
 * libelf and libdw.  The file on disk is used only if its build-id is the recorded one (or the
 * trace has none); otherwise the frame degrades to module+0xoffset.  Answers are cached by
 * (module, address) and live until lr_symbolizer_close.
 */
#ifndef LEAKRING_SYMBOLIZE_H
#define LEAKRING_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load.h"

struct lr_symbolizer;

struct lr_symbolizer_options {
    const char *debug_dir; /* looked into before /usr/lib/debug; NULL for none */
    const char *sysroot;   /* where the traced machine's root directory is here; NULL: ours, or
                              that of the container in which the process still runs */
    bool no_files;         /* open nothing: every native frame is module+0xoffset */
};

/* NULL only when out of memory.  `trace` must outlive the symbolizer; options may be NULL. */
struct lr_symbolizer *lr_symbolizer_open(const struct lr_trace *trace,
                                         const struct lr_symbolizer_options *options);
void lr_symbolizer_close(struct lr_symbolizer *symbolizer);

enum lr_frame_kind {
    LR_FRAME_KIND_JAVA,
    LR_FRAME_KIND_NATIVE,  /* named by debug information or a symbol table */
    LR_FRAME_KIND_UNKNOWN, /* no name: function is module+0xoffset or 0xaddress */
};

/* One source-level frame, as a report shows it.  Pointers are never NULL; "" where unknown. */
struct lr_frame_name {
    enum lr_frame_kind kind;
    const char *function; /* Java: pkg.Class.method; C++/Rust: demangled, without parameters */
    const char *full;     /* the same with parameters and template arguments */
    const char *file;     /* Java: source file's name; native: path as recorded by the compiler */
    int32_t line;         /* > 0, or LR_LINE_UNKNOWN, or LR_LINE_NATIVE (a Java native method) */
    const char *module;   /* native: path of the module; "" for none */
    uint64_t address;     /* native: the return address in the module's ELF file */
    bool inlined;         /* inlined into the next frame of the list */
    bool hidden;          /* Java: method of a hidden or generated class */
    bool lost;            /* has no name because the process that reads files died, or never ran */
};

/* Frame `i` of a stack as one or more names, innermost first: the functions inlined at that
 * address, then the one that holds it.  Returns how many (>= 1); *names is the symbolizer's. */
size_t lr_symbolize_frame(struct lr_symbolizer *symbolizer, uint32_t stack, uint32_t i,
                          const struct lr_frame_name **names);

/* The stack, innermost first, inlined frames included, or its `most` innermost frames.  *names is
 * malloc()ed for the caller to free (the strings are the symbolizer's); 0 and NULL for stack 0. */
size_t lr_symbolize_stack(struct lr_symbolizer *symbolizer, uint32_t stack, uint32_t most,
                          struct lr_frame_name **names);

/* Why a module's frames have no names; NULL when nothing is wrong.  For notes in reports:
 * "file changed since the trace (other build-id)", "no such file", … */
const char *lr_symbolizer_module_problem(struct lr_symbolizer *symbolizer, uint32_t module);

#endif
