/* next.h -- the definitions behind our own: what a call would reach if we weren't there.
 *
 * Stage: start-up and cold paths.  Context: any thread, inside malloc, before constructors ran:
 * walks the dynamic linker's module list and hash tables itself, so it allocates nothing, takes
 * no lock, and needs no version of dlsym.
 */
#ifndef LEAKRING_NEXT_H
#define LEAKRING_NEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address of the default version of function `name` in the first module after ours that defines
 * it, as dlsym(RTLD_NEXT) would answer; NULL when none does.  Once the program has started, only
 * the modules it started with are looked at: they are never unloaded. */
void *lr_next_symbol(const char *name);

/* The modules present now are those the program started with.  Called by the constructor. */
void lr_next_started(void);

/* The same, searching only the module whose file name starts with `module` ("libc.so"). */
void *lr_module_symbol(const char *module, const char *name);

/* Address of function `name` in the one module with this bias and dynamic section; NULL when it
 * doesn't define it. */
void *lr_symbol_in(uintptr_t bias, const void *dynamic, const char *name);

/* Is `address` inside our own library? */
bool lr_is_own_address(uintptr_t address);

/* File name of the module that defines the next `name`; NULL when none does. */
const char *lr_next_module(const char *name);

/* What a program's call of `name` reaches: the first definition of all modules, maybe our own. */
void *lr_first_symbol(const char *name);

/* The module loaded before ours that defines `name`, so that calls don't reach us: its file name,
 * "" for the program itself; NULL when there is none. */
const char *lr_ahead_module(const char *name);

#endif
