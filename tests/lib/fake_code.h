/* fake_code.h -- a code cache and a stack as HotSpot lays them out, for the tests of jvm_walk.c.
 *
 * The tables that HotSpot exports for debuggers are faked, too; a test that uses this is linked
 * with
 * --wrap=lr_module_symbol.  Code cache and stack end at pages that can't be read.
 */
#ifndef LEAKRING_FAKE_CODE_H
#define LEAKRING_FAKE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm_walk.h"

/* Lays an empty code cache and makes jvm_*.c learn the layout; `split` is that of later JDKs. */
void lr_fake_code_start(bool split);

/* Blob kinds, as CodeBlobKind has them; a JDK that isn't split tells them by name. */
enum lr_fake_kind { LR_FAKE_NMETHOD, LR_FAKE_STUB, LR_FAKE_BUFFER };

enum { LR_FAKE_INLINED = 3, LR_FAKE_CODE_BYTES = 256, LR_FAKE_DEOPT_AT = 240 };
struct lr_fake_scope {
    uintptr_t method;
    int32_t bci;
};
struct lr_fake_blob {
    enum lr_fake_kind kind;
    const char *name;
    uint32_t frame_words, compile_id;
    uintptr_t method;
    int32_t frame_complete, orig_pc;
    /* One call, which returns to `call`; innermost scope first, ends at method 0. */
    uint32_t call;
    struct lr_fake_scope scopes[LR_FAKE_INLINED];
};

/* Its first instruction.  Blobs stay until `lr_fake_code_start`, unless replaced. */
uintptr_t lr_fake_blob(const struct lr_fake_blob *blob);
/* In the place of the last one. */
uintptr_t lr_fake_blob_again(const struct lr_fake_blob *blob);
void lr_fake_call(uintptr_t pc, uintptr_t target); /* puts a call that ends at `pc` */

extern uintptr_t lr_fake_interpreter, lr_fake_call_stub; /* addresses in their code */

/* The stack, built from the outermost frame inwards; `lr_fake_at` is where a walk would begin. */
extern struct lr_java_place lr_fake_at;
extern uintptr_t lr_fake_stack_low, lr_fake_stack_high;
void lr_fake_stack_clear(void);
void lr_fake_push_entry(void); /* C++ that called Java; the first is the outermost frame */
void lr_fake_push_fixed(uintptr_t pc, uint32_t words);
void lr_fake_push_interpreted(uintptr_t method, uintptr_t bcp);
/* A frame with a frame pointer and `own` words above it, under the return address. */
void lr_fake_push_framed(uintptr_t pc, uint32_t own, uintptr_t word);

#endif
