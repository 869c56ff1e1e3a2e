/* symbolize_scope.h -- names of functions with their namespaces and classes.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only; symbolize_dwarf.c alone includes it.
 */
#ifndef LEAKRING_SYMBOLIZE_SCOPE_H
#define LEAKRING_SYMBOLIZE_SCOPE_H

#include <elfutils/libdw.h>

struct lr_dwarf_texts; /* what was made here, to free */
void lr_dwarf_texts_free(struct lr_dwarf_texts *texts);

/* "std::vector<int>::push_back" for the function `die` that is called "push_back".  Functions
 * that are internal or inlined have no linkage name that would say so.  The result is `name`
 * itself where nothing is around it, else *texts owns it.  NULL stays NULL. */
const char *lr_dwarf_qualify(struct lr_dwarf_texts **texts, Dwarf_Die *die, const char *name);

#endif
