/* symbolize_internal.h -- what symbolize*.c share: modules, their symbols and debug information.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only; not for anybody else.
 *
 *   symbolize.c         frames to names; the cache; asks the process in which all of the rest runs
 *                       (symbolize_worker.h)
 *   symbolize_file.c    ELF files, in our root directory or another
 *   symbolize_module.c  the right ELF file for a module, and its separate debug file
 *   symbolize_symtab.c  address to symbol, by .symtab or .dynsym
 *   symbolize_dwarf.c   address to function, inlined functions and lines, by DWARF
 *   symbolize_scope.c   namespaces and classes of functions, by DWARF
 *   symbolize_packed.c  what is stored compressed
 */
#ifndef LEAKRING_SYMBOLIZE_INTERNAL_H
#define LEAKRING_SYMBOLIZE_INTERNAL_H

#include <libelf.h>

#include "load.h"
#include "symbolize.h"
#include "symbolize_packed.h"

/* A function as the debug information or symbol table names it.  Strings belong to the ELF files
 * (alive as long as the module); NULL where unknown. */
struct lr_raw_frame {
    const char *name; /* mangled */
    const char *file;
    int line; /* 0: unknown */
};
enum { LR_INLINE_MAX = 64 }; /* deeper inlining than that is cut, the outermost kept */

struct lr_symtab;
/* Indexes the function symbols of `elf`: of .symtab, else of .dynsym and of `mini` (MiniDebugInfo,
 * which has what .dynsym has not; may be NULL).  NULL when there are none. */
struct lr_symtab *lr_symtab_new(Elf *elf, Elf *mini);
void lr_symtab_free(struct lr_symtab *symtab);
/* Name of the function that holds `address`, NULL for none. */
const char *lr_symtab_find(const struct lr_symtab *symtab, uint64_t address);

struct lr_dwarf;
/* NULL when `elf` has no debug information. */
struct lr_dwarf *lr_dwarf_new(Elf *elf);
void lr_dwarf_free(struct lr_dwarf *dwarf);
/* Frames at `address`, innermost first; 0 when nothing there is described.  A frame without a
 * name is a line that belongs to no function. */
size_t lr_dwarf_find(struct lr_dwarf *dwarf, uint64_t address,
                     struct lr_raw_frame frames[LR_INLINE_MAX]);

struct lr_elf_file {
    int fd; /* -1: not open */
    Elf *elf;
};
/* Opens `path` as it is below the directory `root` ("": our own root), symbolic links included.
 * False, and closed, unless it is an ELF file.  open_fd takes over a descriptor instead. */
bool lr_elf_file_open(struct lr_elf_file *file, const char *root, const char *path);
bool lr_elf_file_open_fd(struct lr_elf_file *file, int fd);
void lr_elf_file_close(struct lr_elf_file *file);

struct lr_symbol_module {
    bool opened; /* it was tried */
    const char *problem;
    struct lr_elf_file file, debug;
    struct lr_packed mini, unpacked;
    struct lr_symtab *symtab;
    struct lr_dwarf *dwarf;
};
/* Where modules' files are looked for. */
struct lr_symbol_places {
    const struct lr_symbolizer_options *options;
    const char *root;              /* looked into before our own root directory; NULL for none */
    struct lr_debuginfod *servers; /* NULL for none */
};
/* Opens what can be found for `view`; module->problem says what couldn't. */
void lr_symbol_module_open(struct lr_symbol_module *module, const struct lr_module_view *view,
                           const struct lr_symbol_places *places);
void lr_symbol_module_close(struct lr_symbol_module *module);

#endif
