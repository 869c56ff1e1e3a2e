/* jvm_code.h -- what generated code a return address lies in, and what its frames look like.
 *
 * Stage: STACK.  Context: inside malloc, for addresses found on the calling thread's own stack, so
 * that the code they lie in can't be freed meanwhile.  Plain loads of the code cache, which the VM
 * maps once and never gives back.
 */
#ifndef LEAKRING_JVM_CODE_H
#define LEAKRING_JVM_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum lr_code_kind {
    LR_CODE_UNKNOWN,     /* nothing we can step over */
    LR_CODE_COMPILED,    /* a Java method, or the wrapper of a native one */
    LR_CODE_DEOPT,       /* the same, waiting to be deoptimized: the pc is a stand-in */
    LR_CODE_STUB,        /* a runtime stub with a frame of fixed size */
    LR_CODE_FRAMED,      /* a runtime stub that keeps a frame pointer instead */
    LR_CODE_INTERPRETER, /* an interpreted frame */
    LR_CODE_ENTRY,       /* where C++ called Java: the stub of JavaCalls::call */
    LR_CODE_UPCALL,      /* where native code called Java through a function pointer */
    LR_CODE_BARRIER,     /* the rest of a virtual thread's stack isn't on this stack */
    LR_CODE_BOTTOM,      /* Continuation.enterSpecial: the virtual thread's outer end */
};

struct lr_code {
    enum lr_code_kind kind;
    uint32_t frame_words; /* of COMPILED and STUB: the caller's sp lies that far above sp */
    uint32_t compile_id;  /* of COMPILED: never used twice in a process */
    uintptr_t blob;
};

/* Reads the layout; false when this JVM lacks something that stepping needs. */
bool lr_jvm_code_start(void);

/* About 3 ns when the address was asked for before, 20-100 ns else. */
void lr_jvm_code_find(uintptr_t pc, struct lr_code *code);

/* What code_find remembers, direct-mapped and lock-free.  `what` is kind, frame size and pc, masked
 * with `where` so that halves of two entries don't fit together; `where` is how far behind pc the
 * blob starts and a number that another blob in its place wouldn't have. */
enum {
    LR_CODE_KNOWN_BITS = 13,
    LR_CODE_PC_BITS = 48,
    LR_CODE_KIND_SHIFT = 60,
    LR_CODE_WORDS_MASK = 0xfff,
};
struct lr_code_known {
    uint64_t what, where;
};
#define LR_CODE_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)
extern struct lr_code_known lr_code_known[1 << LR_CODE_KNOWN_BITS];
extern uint32_t lr_code_id_at; /* offset of a compiled method's compile id */

/* The walker's inner loop: is `pc` remembered to be in a compiled method?  About 2 ns. */
static inline bool lr_jvm_code_is_compiled(uintptr_t pc, uint32_t *frame_words,
                                           uint32_t *compile_id)
{
    const struct lr_code_known *slot =
        &lr_code_known[pc * LR_CODE_MULTIPLIER >> (64 - LR_CODE_KNOWN_BITS)];
    uint64_t where = __atomic_load_n(&slot->where, __ATOMIC_RELAXED);
    uint64_t what =
        __atomic_load_n(&slot->what, __ATOMIC_RELAXED) ^ where * LR_CODE_MULTIPLIER ^ pc;
    *frame_words = what >> LR_CODE_PC_BITS & LR_CODE_WORDS_MASK;
    *compile_id = (uint32_t)where;
    return what << (64 - LR_CODE_PC_BITS) == 0 && what >> LR_CODE_KIND_SHIFT == LR_CODE_COMPILED &&
           *(const volatile uint32_t *)(pc - (where >> 32) + lr_code_id_at) == (uint32_t)where;
}

/* The CodeBlob that holds `pc`; 0 when there is none. */
uintptr_t lr_jvm_find_blob(uintptr_t pc);

/* Frame size, in words, of the runtime stub at `pc`; 0 when it isn't one. */
uint32_t lr_jvm_stub_frame(uintptr_t pc);

/* A compiled method opened for reading its debug information. */
struct lr_nmethod {
    uintptr_t blob, code;
    uintptr_t pcs, pcs_end;           /* PcDesc[] */
    uintptr_t scopes, scopes_end;     /* compressed scopes */
    uintptr_t metadata, metadata_end; /* Method* and others, counted from 1 */
    uintptr_t method;
    int32_t orig_pc; /* where a deoptimized frame keeps the pc it was at, from sp */
};
bool lr_nmethod_start(void); /* reads the layout; part of lr_jvm_code_start */
void lr_nmethod_open(uintptr_t blob, struct lr_nmethod *nmethod);

/* Is `pc` what a frame returns to that is waiting to be deoptimized?  Then where it really was, 0
 * when that can't be told; the stack must be readable from sp on for the frame's size. */
bool lr_nmethod_is_deopt(uintptr_t blob, uintptr_t pc);
uintptr_t lr_nmethod_real_pc(uintptr_t blob, uint32_t frame_words, uintptr_t sp);

/* Has the method built its frame before it comes to `pc`? */
bool lr_nmethod_has_frame(uintptr_t blob, uintptr_t pc);

/* The methods that are being executed at `pc`, innermost (inlined) first: next() until false.
 * bci is -1 where none is known: in native methods, and where the compiler wrote nothing down, as
 * it does for calls that don't leave Java; then the method is told without what is inlined there.
 */
struct lr_scopes {
    struct lr_nmethod nmethod;
    uint32_t next; /* offset of the next scope; 0: no more */
    bool whole;    /* the method without a place in it, still to be told */
    bool bad;
    uintptr_t method; /* Method* */
    int32_t bci;
};
void lr_scopes_open(uintptr_t blob, uintptr_t pc, struct lr_scopes *scopes);
/* The same for the first call site behind `pc`. */
void lr_scopes_open_next(uintptr_t blob, uintptr_t pc, struct lr_scopes *scopes);
bool lr_scopes_next(struct lr_scopes *scopes);

#endif
