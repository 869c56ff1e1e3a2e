/* intercept_zlib.c -- the streams of a shared libz, as resource pairs.
 *
 * Stage: INTERCEPT.  Context: any thread, in the caller of zlib.  A stream is known by the
 * address of its z_stream.  Inside a JNI native that already stands for the stream, these stand
 * aside (pairs.h).
 */
#include "intercept.h"

#include <stdint.h>

#include "guard.h"
#include "pairs.h"
#include "target.h"

/* What we need of zlib.h: a stream is opaque to us. */
typedef struct z_stream_s *stream_pointer;
enum { Z_OK_CODE = 0, Z_STREAM_ERROR_CODE = -2 };

/* The caller's zlib.  Without any, what zlib answers to a stream it can't use. */
#define CALL(function, ...)                                                                       \
    ({                                                                                            \
        static struct lr_target target_ = {.name = #function};                                    \
        __typeof__(&function) real_ = (__typeof__(&function))lr_target_find(                      \
            &target_, (uintptr_t)__builtin_return_address(0));                                    \
        lr_self.target = (uintptr_t)real_;                                                        \
        real_ ? real_(__VA_ARGS__) : Z_STREAM_ERROR_CODE;                                         \
    })

#define ACQUIRE(pair, stream, call)                                                               \
    do {                                                                                          \
        struct lr_pair_scope scope_;                                                              \
        struct lr_regs caller_ = LR_CALLER_REGS;                                                  \
        lr_pair_acquire_begin(&scope_, &caller_, NULL);                                           \
        int result_ = call;                                                                       \
        lr_pair_acquire_end(&scope_, LR_PAIR_ID_##pair,                                           \
                            result_ == Z_OK_CODE ? (uintptr_t)(stream) : 0);                      \
        return result_;                                                                           \
    } while (0)

#define USE(stream, call)                                                                         \
    do {                                                                                          \
        struct lr_pair_scope scope_;                                                              \
        struct lr_regs caller_ = LR_CALLER_REGS;                                                  \
        lr_pair_use_begin(&scope_, &caller_, (uintptr_t)(stream));                                \
        int result_ = call;                                                                       \
        lr_pair_use_end(&scope_);                                                                 \
        return result_;                                                                           \
    } while (0)

#define RELEASE(pair, stream, call)                                                               \
    do {                                                                                          \
        struct lr_pair_scope scope_;                                                              \
        struct lr_regs caller_ = LR_CALLER_REGS;                                                  \
        lr_pair_release_begin(&scope_, &caller_, LR_PAIR_ID_##pair, (uintptr_t)(stream),          \
                              LR_RELEASER_EXPLICIT);                                              \
        int result_ = call;                                                                       \
        if (result_ == Z_STREAM_ERROR_CODE)                                                       \
            lr_pair_release_failed(&scope_);                                                      \
        lr_pair_release_end(&scope_);                                                             \
        return result_;                                                                           \
    } while (0)

#define DECLARE(name, ...)                                                                        \
    LR_EXPORT int name(__VA_ARGS__);                                                              \
    LR_EXPORT int name(__VA_ARGS__)

DECLARE(inflateInit_, stream_pointer stream, const char *version, int size)
{
    ACQUIRE(zlib_inflate, stream, CALL(inflateInit_, stream, version, size));
}

DECLARE(inflateInit2_, stream_pointer stream, int bits, const char *version, int size)
{
    ACQUIRE(zlib_inflate, stream, CALL(inflateInit2_, stream, bits, version, size));
}

DECLARE(inflateBackInit_, stream_pointer stream, int bits, unsigned char *window,
        const char *version, int size)
{
    ACQUIRE(zlib_inflate, stream, CALL(inflateBackInit_, stream, bits, window, version, size));
}

DECLARE(inflateCopy, stream_pointer to, stream_pointer from)
{
    ACQUIRE(zlib_inflate, to, CALL(inflateCopy, to, from));
}

DECLARE(inflate, stream_pointer stream, int flush)
{
    USE(stream, CALL(inflate, stream, flush));
}

DECLARE(inflateSetDictionary, stream_pointer stream, const unsigned char *bytes, unsigned length)
{
    USE(stream, CALL(inflateSetDictionary, stream, bytes, length));
}

DECLARE(inflateEnd, stream_pointer stream)
{
    RELEASE(zlib_inflate, stream, CALL(inflateEnd, stream));
}

DECLARE(inflateBackEnd, stream_pointer stream)
{
    RELEASE(zlib_inflate, stream, CALL(inflateBackEnd, stream));
}

DECLARE(deflateInit_, stream_pointer stream, int level, const char *version, int size)
{
    ACQUIRE(zlib_deflate, stream, CALL(deflateInit_, stream, level, version, size));
}

DECLARE(deflateInit2_, stream_pointer stream, int level, int method, int bits, int memory,
        int strategy, const char *version, int size)
{
    ACQUIRE(zlib_deflate, stream,
            CALL(deflateInit2_, stream, level, method, bits, memory, strategy, version, size));
}

DECLARE(deflateCopy, stream_pointer to, stream_pointer from)
{
    ACQUIRE(zlib_deflate, to, CALL(deflateCopy, to, from));
}

DECLARE(deflate, stream_pointer stream, int flush)
{
    USE(stream, CALL(deflate, stream, flush));
}

DECLARE(deflateEnd, stream_pointer stream)
{
    RELEASE(zlib_deflate, stream, CALL(deflateEnd, stream));
}
