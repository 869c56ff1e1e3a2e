/* symbolize_packed.h -- symbols and debug sections that are stored compressed.
 *
 * Stage: SYMBOLIZE.  Context: analyzer only; symbolize_module.c alone includes it.
 */
#ifndef LEAKRING_SYMBOLIZE_PACKED_H
#define LEAKRING_SYMBOLIZE_PACKED_H

#include <libelf.h>
#include <stdbool.h>

/* An ELF image in memory of its own; {NULL, NULL} for none. */
struct lr_packed {
    Elf *elf;
    void *image;
};
void lr_packed_close(struct lr_packed *packed);

/* MiniDebugInfo: the symbol table in .gnu_debugdata, by xz, that some distributions leave in
 * stripped files.  False when there is none or it can't be read. */
bool lr_packed_mini(Elf *elf, struct lr_packed *mini);

/* Do the sizes that the compressed debug sections claim to unpack to lie within reason?  libdw
 * allocates what they say. */
bool lr_packed_is_sane(Elf *elf);

/* A copy of `elf` without sections compressed by zstd, which libelf before 0.189 can't read.
 * False when it has none, or when libzstd is not here. */
bool lr_packed_zstd(Elf *elf, struct lr_packed *unpacked);

#endif
