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
#include "unwind_hash.h"

#define TEXT(name) #name
#define NAME_OF(function) TEXT(function) /* libunwind's names are macros */

enum { OWN_FRAMES = 24 };

typedef int getcontext_fn(unw_tdep_context_t *context);
typedef int init_local_fn(unw_cursor_t *cursor, unw_context_t *context);
typedef int step_fn(unw_cursor_t *cursor);
typedef int get_reg_fn(unw_cursor_t *cursor, int number, unw_word_t *value);

static struct {
    bool is_loaded;
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
    if (api.is_loaded)
        return true;
    void *library = open && find ? open("libunwind.so.8", RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library)
        return false;
    api.get_context = (getcontext_fn *)find(library, "_Ux86_64_getcontext");
    api.init_local = (init_local_fn *)find(library, NAME_OF(unw_init_local));
    api.step = (step_fn *)find(library, NAME_OF(unw_step));
    api.get_reg = (get_reg_fn *)find(library, NAME_OF(unw_get_reg));
    api.is_loaded = api.get_context && api.init_local && api.step && api.get_reg;
    return api.is_loaded;
}

static bool at_caller(unw_cursor_t *cursor, const struct lr_regs *regs)
{
    unw_word_t pc = 0, sp = 0;
    return api.get_reg(cursor, UNW_REG_IP, &pc) == 0 && api.get_reg(cursor, UNW_REG_SP, &sp) == 0 &&
           pc == regs->pc && sp == regs->sp;
}

static bool is_generated(uintptr_t pc)
{
    struct lr_module_info module;
    return !lr_module_find(pc - 1, &module);
}

/* Frame by frame, about 0.6 us each.  Not unw_backtrace, though ten times as fast: it can't be told
 * to stop at generated code, where libunwind guesses, and has crashed a JVM. */
static size_t walk(const struct lr_regs *regs, uintptr_t *pcs, size_t max, enum lr_unwind_end *end)
{
    unw_context_t context;
    unw_cursor_t cursor;
    unw_word_t pc;
    size_t count = 0;
    int more = 1;
    *end = LR_UNWIND_LOST;
    if (!api.is_loaded || api.get_context(&context) != 0 || api.init_local(&cursor, &context) != 0)
        return 0;
    for (unsigned i = 0; !at_caller(&cursor, regs); i++)
        if (i == OWN_FRAMES || api.step(&cursor) <= 0)
            return 0;
    while (count < max && more > 0 && api.get_reg(&cursor, UNW_REG_IP, &pc) == 0 && pc != 0) {
        pcs[count++] = pc;
        if (is_generated(pc)) {
            *end = LR_UNWIND_FOREIGN;
            return count;
        }
        more = api.step(&cursor);
    }
    *end = more == 0 ? LR_UNWIND_OUTERMOST : more < 0 ? LR_UNWIND_LOST : LR_UNWIND_DEPTH;
    return count;
}

static void follow(const struct lr_regs *regs, size_t max, struct lr_trail *trail)
{
    uintptr_t pcs[max];
    trail->count = walk(regs, pcs, max, &trail->end);
    trail->hash = lr_unwind_hash(pcs, trail->count);
    trail->last = trail->count ? pcs[trail->count - 1] : 0;
    trail->at.sp = 0;
}

const struct lr_unwinder lr_unwinder_libunwind = {"libunwind", init, walk, follow};
