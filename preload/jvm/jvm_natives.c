/* jvm_natives.c -- stand-ins for the native methods of java.util.zip.Inflater and Deflater.
 *
 * Stage: intercept -> RECORD.  Context: a Java thread in native state, called by the JVM's native
 * stub (so the caller is generated code).
 *
 * All of them take (JNIEnv, object or class, jlong stream, …) and integers or references only, at
 * most eleven words (deflateBytesBytes), so one shape serves all: twelve words passed through.
 * On x86_64 and on aarch64 Linux every such argument has a full register or a full 8-byte stack
 * slot, extra ones are ignored by the callee, and the stack words read in excess lie in the
 * caller's frame.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jvm.h"
#include "jvm_hooks.h"
#include "jvm_mark.h"
#include "pairs.h"
#include "unwind.h"

#define WORDS                                                                                      \
    uintptr_t a0, uintptr_t a1, uintptr_t a2, uintptr_t a3, uintptr_t a4, uintptr_t a5,            \
        uintptr_t a6, uintptr_t a7, uintptr_t a8, uintptr_t a9, uintptr_t a10, uintptr_t a11
#define PASS a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11
/* The first argument, and the third of all but init. */
#define ENV a0
#define STREAM a2

typedef uintptr_t native_function(WORDS);

/* The natives: NATIVE(role, pair, class, method). */
#define NATIVES                                                                                    \
    NATIVE(INIT, java_inflater, Inflater, init)                                                    \
    NATIVE(USE, java_inflater, Inflater, inflateBytesBytes)                                        \
    NATIVE(USE, java_inflater, Inflater, inflateBytesBuffer)                                       \
    NATIVE(USE, java_inflater, Inflater, inflateBufferBytes)                                       \
    NATIVE(USE, java_inflater, Inflater, inflateBufferBuffer)                                      \
    NATIVE(USE, java_inflater, Inflater, setDictionary)                                            \
    NATIVE(USE, java_inflater, Inflater, setDictionaryBuffer)                                      \
    NATIVE(END, java_inflater, Inflater, end)                                                      \
    NATIVE(INIT, java_deflater, Deflater, init)                                                    \
    NATIVE(USE, java_deflater, Deflater, deflateBytesBytes)                                        \
    NATIVE(USE, java_deflater, Deflater, deflateBytesBuffer)                                       \
    NATIVE(USE, java_deflater, Deflater, deflateBufferBytes)                                       \
    NATIVE(USE, java_deflater, Deflater, deflateBufferBuffer)                                      \
    NATIVE(MARK, java_deflater, Deflater, setDictionary)                                           \
    NATIVE(USE, java_deflater, Deflater, setDictionaryBuffer)                                      \
    NATIVE(END, java_deflater, Deflater, end)

enum native_index {
#define NATIVE(role, pair, class, method) NATIVE_##class##_##method,
    NATIVES
#undef NATIVE
        NATIVE_COUNT
};

static native_function *real_natives[NATIVE_COUNT];

#define BODY_INIT(index, pair)                                                                     \
    struct lr_pair_scope scope;                                                                    \
    struct lr_regs caller = LR_CALLER_REGS;                                                        \
    lr_pair_acquire_begin(&scope, &caller, (void *)ENV);                                           \
    uintptr_t result = real_natives[index](PASS);                                                  \
    lr_pair_acquire_end(&scope, LR_PAIR_ID_##pair, result);                                        \
    return result;

#define BODY_USE(index, pair)                                                                      \
    struct lr_pair_scope scope;                                                                    \
    struct lr_regs caller = LR_CALLER_REGS;                                                        \
    lr_pair_use_begin(&scope, &caller, STREAM);                                                    \
    uintptr_t result = real_natives[index](PASS);                                                  \
    lr_pair_use_end(&scope);                                                                       \
    return result;

/* (env, class, stream, byte[], offset, length) */
#define BODY_MARK(index, pair)                                                                     \
    lr_jvm_mark((void *)ENV, (void *)a3, (int32_t)a4, (int32_t)a5);                                \
    BODY_USE(index, pair)

#define BODY_END(index, pair)                                                                      \
    struct lr_pair_scope scope;                                                                    \
    struct lr_regs caller = LR_CALLER_REGS;                                                        \
    enum lr_releaser who = lr_jvm_releaser((void *)ENV);                                           \
    lr_pair_release_begin(&scope, &caller, LR_PAIR_ID_##pair, STREAM, who);                        \
    uintptr_t result = real_natives[index](PASS);                                                  \
    lr_pair_release_end(&scope);                                                                   \
    return result;

#define NATIVE(role, pair, class, method)                                                          \
    static uintptr_t class##_##method(WORDS)                                                       \
    {                                                                                              \
        BODY_##role(NATIVE_##class##_##method, pair)                                               \
    }
NATIVES
#undef NATIVE

static const struct {
    const char *name; /* behind Java_java_util_zip_ */
    native_function *stand_in;
} natives[NATIVE_COUNT] = {
#define NATIVE(role, pair, class, method)                                                          \
    [NATIVE_##class##_##method] = {#class "_" #method, class##_##method},
    NATIVES
#undef NATIVE
};

void *lr_jvm_native_hook(const char *name, void *real)
{
    static const char prefix[] = "Java_java_util_zip_";
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return NULL;
    for (unsigned i = 0; i < NATIVE_COUNT; i++) {
        if (strcmp(name + sizeof prefix - 1, natives[i].name) != 0)
            continue;
        native_function *expected = NULL;
        bool ours =
            __atomic_compare_exchange_n(&real_natives[i], &expected, (native_function *)real, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
            expected == (native_function *)real;
        return ours ? (void *)natives[i].stand_in : NULL;
    }
    return NULL;
}
