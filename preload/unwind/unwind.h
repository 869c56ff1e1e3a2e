/* unwind.h -- native stacks: from a caller's registers to return addresses.
 *
 * Stage: intercept -> STACK -> record.  Context: any thread, inside malloc, with whatever locks
 * the application holds: no allocation, no waiting lock, no system call on the warm path, no read
 * outside mapped memory, errno untouched.
 *
 * Two backends stand behind one struct: our own .eh_frame walker (default), and libunwind
 * (`unwinder=libunwind`), loaded with RTLD_LOCAL at start so that it replaces nobody's symbols.
 */
#ifndef LEAKRING_UNWIND_H
#define LEAKRING_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

enum { LR_UNWIND_MAX = 128 }; /* frames of a stack that has a hash */

/* The machine state of a function right after one of its calls returns. */
struct lr_regs {
    uintptr_t pc; /* the return address; becomes frame 0 */
    uintptr_t sp; /* stack pointer after the return (the callee's CFA) */
    uintptr_t fp; /* frame-pointer register */
};

/* The registers of the interposed function's caller.  The preload is compiled with frame
 * pointers, so this costs three loads.  Use only directly inside an exported wrapper. */
#define LR_CALLER_REGS                                                                             \
    ((struct lr_regs){                                                                             \
        .pc = lr_arch_strip((uintptr_t)__builtin_return_address(0)),                               \
        .sp = LR_ARCH_CALLER_SP,                                                                   \
        .fp = *(uintptr_t *)__builtin_frame_address(0),                                            \
    })

enum lr_unwind_end {
    LR_UNWIND_OUTERMOST, /* reached the thread's first frame */
    LR_UNWIND_DEPTH,     /* `max` frames taken, more were there */
    LR_UNWIND_FOREIGN,   /* the last address taken lies in no module: generated code */
    LR_UNWIND_LOST,      /* no unwind data, or they lead outside the stack */
};

/* What is to be known of a stack without its frames.  Equal stacks have equal hashes. */
struct lr_trail {
    uint64_t hash;  /* lr_unwind_hash of its return addresses */
    size_t count;   /* how many there are */
    uintptr_t last; /* the outermost of them; only with LR_UNWIND_FOREIGN */
    enum lr_unwind_end end;
    struct lr_regs at; /* with LR_UNWIND_FOREIGN the registers at `last`; sp 0: not known */
    bool is_exact;     /* a signal came at at.pc: it is no return address */
};

struct lr_unwinder {
    const char *name;
    /* Called once, outside any hook, under the guard.  False: not available here. */
    bool (*init)(void);
    /* Stores at most `max` return addresses, innermost first, frame 0 being regs->pc.  Returns
     * how many.  With LR_UNWIND_FOREIGN the generated code's address is the last one stored. */
    size_t (*walk)(const struct lr_regs *regs, uintptr_t *pcs, size_t max, enum lr_unwind_end *end);
    /* The same walk of at most LR_UNWIND_MAX frames, told by its hash only.  May use what the
     * thread remembers of earlier walks, so it is faster. */
    void (*follow)(const struct lr_regs *regs, size_t max, struct lr_trail *trail);
};

extern const struct lr_unwinder lr_unwinder_ehframe;

/* Is a function of ours that was called from `caller` among the `max` innermost frames?  By our own
 * walker's plain rules; where these don't do, false.  Cost: 5 ns a frame up to there. */
bool lr_unwind_meets_call(const struct lr_regs *regs, uintptr_t caller, size_t max);

extern const struct lr_unwinder lr_unwinder_libunwind;

/* The chosen backend; lr_unwinder_ehframe until lr_unwind_select succeeds with another. */
extern const struct lr_unwinder *lr_unwinder;
bool lr_unwind_select(const char *name); /* "ehframe" or "libunwind"; outside hooks only */

/* What code addresses mean changes when modules go.  While one may be going nothing is certain:
 * what was learned isn't used, and what is found isn't kept. */
struct lr_code_epoch {
    uint32_t number;
    bool is_certain;
};
extern uint64_t lr_unwind_state; /* number << 32 | how many are unloading something */

/* Read it before the stack that is to be judged by it.  One load. */
static inline struct lr_code_epoch lr_unwind_epoch(void)
{
    uint64_t state = __atomic_load_n(&lr_unwind_state, __ATOMIC_ACQUIRE);
    return (struct lr_code_epoch){(uint32_t)(state >> 32), (uint32_t)state == 0};
}

/* A range of generated code that stays what it is until the process ends, so that no module need be
 * looked for there.  One of them is remembered. */
struct lr_generated_code {
    uintptr_t low, high;
};
extern struct lr_generated_code lr_generated_code;
void lr_unwind_note_generated(uintptr_t low, uintptr_t high);

static inline bool lr_unwind_is_generated(uintptr_t pc)
{
    uintptr_t low = __atomic_load_n(&lr_generated_code.low, __ATOMIC_RELAXED);
    return pc >= low && pc < __atomic_load_n(&lr_generated_code.high, __ATOMIC_RELAXED);
}

/* Around dlclose: between its unmapping and our noticing, another module may be mapped at the same
 * place and called.  Meanwhile every thread computes every rule, at about 1 us a frame. */
void lr_unwind_doubt(void);
void lr_unwind_doubt_over(void);

/* Forget what was learned about code addresses.  Called when a module has gone (after dlclose, or
 * when the helper thread sees it).  Any thread, lock-free. */
void lr_unwind_forget(void);

#endif
