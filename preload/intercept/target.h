/* target.h -- the real function behind a wrapper that stands for many: zlib's and C++'s.
 *
 * Stage: INTERCEPT.  malloc has one definition, there from the start.  libz and libstdc++ may be
 * loaded later, several times, privately to a plugin, and unloaded again; a call must reach the
 * definition that its caller would reach without us.
 *
 * A module of the program's start that defines the name is what everybody reaches.  Otherwise it
 * is what the calling module defines, or one that it needs, or any at all: the list of modules is
 * read under the dynamic linker's short list lock (dl_iterate_phdr), once per call site.
 */
#ifndef LEAKRING_TARGET_H
#define LEAKRING_TARGET_H

#include <stdbool.h>
#include <stdint.h>

struct lr_target {
    const char *name;
    void *at_start;   /* defined by a module of the start */
    uint32_t is_known; /* whether at_start was looked for */
};

/* The function that a call from `caller` (a return address) means; NULL when there is none.
 * Cost when known: about 2 ns, or 4 where the caller decides. */
void *lr_target_find(struct lr_target *target, uintptr_t caller);

/* Modules have gone: call sites may mean other functions now.  Any thread. */
void lr_target_forget(void);

/* Is some definition of `name` in reach of the whole program, not counting ours? */
bool lr_target_exists(const char *name);

#endif
