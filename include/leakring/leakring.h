/* leakring.h -- what a program may tell its tracer; for C and C++.
 *
 * Nothing has to be linked: the functions are weak, found where the program runs under
 * LD_PRELOAD=libleakring.so, and otherwise each call below is a test of a pointer that is NULL.
 * (clang makes it NULL always in programs that are compiled and linked without -fPIE.)
 * All may be called from any thread at any time, but not from signal handlers.  errno is kept.
 *
 *     lr_mark("warm");                        // reports: leakring report --from=warm
 *     lr_acquire("com.acme.Session", session);
 *     lr_release("com.acme.Session", session);
 */
#ifndef LEAKRING_LEAKRING_H
#define LEAKRING_LEAKRING_H

#ifdef __cplusplus
extern "C" {
#endif

/* The library's own names; use the ones below. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 6
#define LEAKRING_WEAK __attribute__((weak, noplt)) /* as address 0 in programs that are no PIE */
#else
#define LEAKRING_WEAK __attribute__((weak))
#endif
extern void leakring_mark(const char *name) LEAKRING_WEAK;
extern void leakring_acquire(const char *kind, const void *handle) LEAKRING_WEAK;
extern void leakring_release(const char *kind, const void *handle) LEAKRING_WEAK;

/* A phase of the run ends here and the next begins.  What this thread acquired before lies before
 * the mark, what it acquires next behind it.  `name` is UTF-8 of 1 to 191 bytes; several marks may
 * have one name.  Takes some milliseconds, and 512 are kept: not for inner loops. */
static inline void lr_mark(const char *name)
{
    if (leakring_mark)
        leakring_mark(name);
}

/* A resource that must be released is there: `handle` is any number or pointer but 0 that no other
 * live resource of that kind has.  `kind` is what reports call it, 1 to 191 bytes; 200 kinds are
 * kept.  Costs about a microsecond; the caller is the place that reports name. */
static inline void lr_acquire(const char *kind, const void *handle)
{
    if (leakring_acquire)
        leakring_acquire(kind, handle);
}

/* It is released.  Before the real release, or another thread may get the same handle first. */
static inline void lr_release(const char *kind, const void *handle)
{
    if (leakring_release)
        leakring_release(kind, handle);
}

#ifdef __cplusplus
}
#endif
#endif
