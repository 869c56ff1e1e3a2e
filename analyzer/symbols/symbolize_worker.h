/* symbolize_worker.h -- a process that reads ELF and DWARF: a bad file takes nothing with it.
 *
 * Stage: SYMBOLIZE, between symbolize.c, which asks, and what reads files, which never runs in the
 * process that writes the report.  Context: analyzer only, one thread.
 *
 *   symbolize_worker.c  the side that asks: starts the process, buries it, believes it nothing
 *   symbolize_serve.c   the process: files to names, one question after the other
 *   symbolize_limits.c  what a file may cost it in processor time and memory
 */
#ifndef LEAKRING_SYMBOLIZE_WORKER_H
#define LEAKRING_SYMBOLIZE_WORKER_H

#include <stdint.h>

#include "symbolize_internal.h"

/* Names are cut there, an answer ends there: templates and manglings can be made to explode. */
enum { LR_NAME_MOST = 16 * 1024, LR_ANSWER_MOST = 4 << 20 };

struct lr_question {
    uint32_t module;
    uint32_t name; /* 0: only open the module, for its problem */
    uint64_t address;
};

/* An answer is its size in bytes (uint32_t) and that many: the module's problem, then for each
 * frame, innermost first, its line (int32_t), function, name with parameters and file; texts end
 * with NUL, and are empty where nothing is known. */

struct lr_symbol_worker; /* NULL: never started */

struct lr_symbol_site {
    const struct lr_trace *trace;
    const struct lr_symbolizer_options *options;
    const char *root; /* struct lr_symbol_places */
    uint32_t module_count;
};

struct lr_named {
    const char *function, *full, *file; /* in the answer; "" where unknown; not cleaned */
    int32_t line;                       /* 0: unknown */
};
struct lr_answer {
    char *bytes; /* lr_answer_free */
    const char *problem;
    size_t count;
    struct lr_named frames[LR_INLINE_MAX];
};

/* Asks, having started the process if there is none.  True with an answer; false when there is
 * none, and *problem (a constant) says why: the process died of that module, or can't start. */
bool lr_symbol_worker_ask(struct lr_symbol_worker **worker, const struct lr_symbol_site *site,
                          const struct lr_question *question, struct lr_answer *answer,
                          const char **problem);
void lr_answer_free(struct lr_answer *answer);
/* Ends the process; NULL is fine. */
void lr_symbol_worker_end(struct lr_symbol_worker *worker);

/* The process: answers until the other end of `fd` is closed; whoever calls it then ends. */
void lr_symbol_serve(int fd, const struct lr_symbol_site *site);
/* Splits what lr_symbol_serve sent, taking over `bytes`; false for what it would never send. */
bool lr_answer_parse(struct lr_answer *answer, char *bytes, size_t size);

/* --- what one module may cost ------------------------------------------------------------- */

struct lr_symbol_limits {
    int64_t cpu_us, bytes; /* left */
};
/* The exit status of a process that could get no more memory. */
enum { LR_EXIT_NO_MEMORY = 71, LR_EXIT_EXHAUSTED = 72 /* lr_symbol_limits_exhausted */ };
/* For the rest of this process's life: no core, no privileges, nothing written; its memory and
 * time are limited between enter and leave. */
void lr_symbol_limits_begin(bool servers);
/* Before and after a question about a module; `limits` is zero at the first. */
void lr_symbol_limits_enter(struct lr_symbol_limits *limits);
void lr_symbol_limits_leave(struct lr_symbol_limits *limits);
/* All files together have cost more than any trace's should; asked before enter. */
bool lr_symbol_limits_exhausted(void);
/* A file was opened for that module: its size on disk earns it more.  Without begin: nothing. */
void lr_symbol_limits_file(uint64_t bytes);
/* Says that something found no room, for which the limits are to blame: names would be missing
 * without a word. */
void lr_symbol_limits_miss(void);
/* Was that said, or did libelf or libdw say so last?  To be asked after each step. */
bool lr_symbol_limits_missed(void);

#endif
