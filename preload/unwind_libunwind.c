/* unwind_libunwind.c -- the opt-in backend: libunwind, found at run time.
 *
 * Stage: intercept -> STACK -> record.  Context: as unwind.h, except that libunwind takes the
 * dynamic linker's lock when it meets a module for the first time; that is why it isn't default.
 * Loaded RTLD_LOCAL, so that its _Unwind_* and backtrace replace nobody's.  The only file that
 * sees libunwind.
 */
#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include <dlfcn.h>

#include "modules.h"
#include "next.h"
#include "unwind.h"
#include "unwind_full.h"

#define TEXT(name) #name
#define NAME_OF(function) TEXT(function) /* libunwind's names are macros */

enum { OWN_FRAMES = 24, FRAMES_MAX = 160 };

typedef int unw_backtrace_fn(void **buffer, int size);
typedef int getcontext_fn(unw_tdep_context_t *context);
typedef int init_local_fn(unw_cursor_t *cursor, unw_context_t *context);
typedef int step_fn(unw_cursor_t *cursor);
typedef int get_reg_fn(unw_cursor_t *cursor, int number, unw_word_t *value);

static struct {
    unw_backtrace_fn *backtrace; /* NULL: not loaded */
    getcontext_fn *get_context;
    init_local_fn *init_local;
    step_fn *step;
    get_reg_fn *get_reg;
} api;

static bool init(void)
{
    typedef void *dlopen_fn(const char *, int);
    typedef void *dlsym_fn(void *, const char *);
    dlopen_fn *open = (dlopen_fn *)lr_next_symbol("dlopen");
    dlsym_fn *find = (dlsym_fn *)lr_next_symbol("dlsym");
    void *library = open && find ? open("libunwind.so.8", RTLD_NOW | RTLD_LOCAL) : NULL;
    if (api.backtrace)
        return true;
    if (!library)
        return false;
    api.get_context = (getcontext_fn *)find(library, "_Ux86_64_getcontext");
    api.init_local = (init_local_fn *)find(library, NAME_OF(unw_init_local));
    api.step = (step_fn *)find(library, NAME_OF(unw_step));
    api.get_reg = (get_reg_fn *)find(library, NAME_OF(unw_get_reg));
    if (!api.get_context || !api.init_local || !api.step || !api.get_reg)
        return false;
    api.backtrace = (unw_backtrace_fn *)find(library, NAME_OF(unw_backtrace));
    return api.backtrace != NULL;
}

static bool at_caller(unw_cursor_t *cursor, const struct lr_regs *regs)
{
    unw_word_t pc = 0, sp = 0;
    return api.get_reg(cursor, UNW_REG_IP, &pc) == 0 && api.get_reg(cursor, UNW_REG_SP, &sp) == 0 &&
           pc == regs->pc && sp == regs->sp;
}

/* Frame by frame, about 0.5 us each, when unw_backtrace didn't show the caller. */
__attribute__((noinline)) static size_t step_walk(const struct lr_regs *regs, uintptr_t *pcs,
                                                  size_t max, enum lr_unwind_end *end)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t pc;
    size_t count = 0;
    int more = 1;
    *end = LR_UNWIND_LOST;
    api.get_context(&context);
    if (api.init_local(&cursor, &context) != 0)
        return 0;
    for (unsigned i = 0; !at_caller(&cursor, regs); i++)
        if (i == OWN_FRAMES || api.step(&cursor) <= 0)
            return 0;
    while (count < max && more > 0 && api.get_reg(&cursor, UNW_REG_IP, &pc) == 0 && pc != 0) {
        pcs[count++] = pc;
        more = api.step(&cursor);
    }
    *end = more == 0 ? LR_UNWIND_OUTERMOST : more < 0 ? LR_UNWIND_LOST : LR_UNWIND_DEPTH;
    return count;
}

/* In generated code libunwind guesses: what it says beyond isn't to be believed. */
static size_t cut_at_foreign(uintptr_t *pcs, size_t count, enum lr_unwind_end *end)
{
    struct lr_module_info module;
    for (size_t i = 0; i < count; i++) {
        if (!lr_module_find(pcs[i] - 1, &module)) {
            *end = LR_UNWIND_FOREIGN;
            return i + 1;
        }
    }
    return count;
}

/* unw_backtrace has a cache of its own, but can't start elsewhere than here. */
static size_t walk(const struct lr_regs *regs, uintptr_t *pcs, size_t max,
                   enum lr_unwind_end *end)
{
    void *found[FRAMES_MAX + OWN_FRAMES];
    size_t limit = max < FRAMES_MAX ? max : FRAMES_MAX, first = 0, count = 0;
    *end = LR_UNWIND_LOST;
    if (!api.backtrace || max == 0)
        return 0;
    int got = api.backtrace(found, (int)(limit + OWN_FRAMES));
    size_t total = got > 0 ? (size_t)got : 0;
    while (first < total && first < OWN_FRAMES && (uintptr_t)found[first] != regs->pc)
        first++;
    if (first == total || first == OWN_FRAMES)
        return cut_at_foreign(pcs, step_walk(regs, pcs, max, end), end);
    for (size_t i = first; i < total && count < limit && found[i]; i++)
        pcs[count++] = (uintptr_t)found[i];
    if (lr_unwind_is_outermost(pcs[count - 1]))
        *end = LR_UNWIND_OUTERMOST;
    else if (count == limit)
        *end = LR_UNWIND_DEPTH;
    return cut_at_foreign(pcs, count, end);
}

const struct lr_unwinder lr_unwinder_libunwind = {"libunwind", init, walk};
