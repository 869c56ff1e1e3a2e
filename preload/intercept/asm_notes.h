/* asm_notes.h -- the notes that every assembler file needs: the stack isn't code, and branches land
 * where they are meant to.  One object without them and the linker drops them for all.
 *
 * Stage: build.  Context: included first by *.S.
 */
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

    .section .note.GNU-stack, "", %progbits

#ifdef __aarch64__
    /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: BTI */
    .section .note.gnu.property, "a", %note
    .p2align 3
    .word 4, 16, 5
    .asciz "GNU"
    .word 0xc0000000, 4, 1, 0
#endif
